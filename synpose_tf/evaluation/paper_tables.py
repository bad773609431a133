"""Tables 1 to 4 in the paper's form, with its own rows where the data set is the paper's."""

from synpose_tf.evaluation import protocols, published
from synpose_tf.evaluation.tables import Row, Table

# Table number to metric: tables 1 and 2 have a column an action.
BY_ACTION = {1: "mpjpe", 2: "p_mpjpe"}
CAPTIONS = {
    1: "Protocol 1: MPJPE, mm, at the true mean root distance",
    2: "Protocol 2: P-MPJPE, mm",
    3: "Protocol 2 with Gaussian noise on the 2D: P-MPJPE and its error in z alone, mm",
    4: "3DPCK at 150 mm and AUC in percent, over 14 joints; MPJPE in mm, over 17; at the true mean "
    "root distance",
}
ROBUSTNESS = {"MPJPE": "p_mpjpe", "only z": "p_z"}
PCK = {"3DPCK": "pck", "AUC": "auc", "MPJPE": "mpjpe"}

# The paper's abbreviations, where they are not the action's own name.
_SHORT = {
    "Directions": "Direct", "Discussion": "Discuss", "Greeting": "Greet", "Phoning": "Phone",
    "Posing": "Pose", "Purchases": "Purch", "SittingDown": "SittingD", "Smoking": "Smoke",
    "Waiting": "Wait", "WalkDog": "WalkD", "Walking": "Walk", "WalkTogether": "WalkT",
}  # fmt: skip


def by_action(number: int, measured: dict[str, protocols.Table], about: str) -> Table:
    """Table 1 or 2: a row a data set, a column an action, and their mean.

    Args:
        number: 1 or 2.
        measured: name of the data set, with its config, to its evaluation.
        about: what was evaluated, for the caption.
    """
    tables = {name: (table, BY_ACTION[number]) for name, table in measured.items()}
    kinds = {name.partition("/")[2].startswith("gt") for name in measured if _is_h36m(name)}
    rows = [(_label(row), row) for row in published.rows(number) if row["ground_truth_2d"] in kinds]
    return _actions_in_columns(number, tables, rows, about)


def robustness(dataset: str, measured: dict[float, protocols.Table], about: str) -> Table:
    """Table 3 of one lifter: rows of noise in test, a column an action, and their mean.

    Args:
        dataset: name of the data set, with its config.
        measured: standard deviation of the noise in pixels to the evaluation on it.
        about: what was evaluated, for the caption.
    """
    tables = {
        f"{_noisy(noise)}, {error}": (table, metric)
        for error, metric in ROBUSTNESS.items()
        for noise, table in measured.items()
    }
    rows = []
    if _is_h36m(dataset):
        rows = [(f"{_noisy(r['noise_px'])}, {r['noise_in']}", r) for r in published.rows(3)]
    return _actions_in_columns(3, tables, rows, about)


def robustness_curves(measured: dict[float, protocols.Table]) -> dict[str, list[float]]:
    """The means of `robustness`, to be drawn over the noise."""
    return {
        error: [table.rows[protocols.MEAN_OF_ACTIONS][metric] for table in measured.values()]
        for error, metric in ROBUSTNESS.items()
    }


def _noisy(noise):
    return f"N(0, {noise:g})" if noise else "no noise"


def pck_by_activity(dataset: str, measured: protocols.Table, about: str) -> Table:
    """Table 4: a row an activity, and all poses, as MPI-INF-3DHP's test code counts them.

    Args:
        dataset: name of the data set, with its config.
        measured: its evaluation.
        about: what was evaluated, for the caption.
    """
    rows = [
        Row(name, (*(row[metric] for metric in PCK.values()), measured.counts[name]))
        for name, row in measured.rows.items()
        if name != protocols.MEAN_OF_ACTIONS
    ]
    if dataset.split("/")[0] == "mpi_inf_3dhp":
        source = published.source(4)
        rows += [
            Row(row["method"], (row["pck"], None, row["mpjpe"], None), source)
            for row in published.rows(4)
        ]
    return Table(f"{CAPTIONS[4]}; {about}", (*PCK, "poses"), tuple(rows))


# === Columns of actions ===
def _actions_in_columns(number, tables, printed, about):
    actions = _actions(table for table, _ in tables.values())
    rows = [
        Row(
            name,
            tuple(
                table.rows.get(action, {}).get(metric)
                for action in (*actions, protocols.MEAN_OF_ACTIONS)
            ),
        )
        for name, (table, metric) in tables.items()
    ]
    columns = (*(_SHORT.get(action, action) for action in actions), "mean")
    notes = []
    for label, row in printed:
        figures = dict(zip((*published.actions(), "mean"), row["values"], strict=True))
        cells = tuple(figures.get(action) for action in (*actions, "mean"))
        rows.append(Row(label, cells, published.source(number)))
        if "note" in row:
            notes.append(f"{label}: {row['note']}")
    return Table(f"{CAPTIONS[number]}; {about}", columns, tuple(rows), tuple(notes))


def _actions(tables):
    """Actions in the order of their first pose; Human3.6M's in the paper's."""
    ends = (protocols.MEAN_OF_ACTIONS, protocols.ALL_POSES)
    found = dict.fromkeys(name for table in tables for name in table.rows if name not in ends)
    order = published.actions()
    return sorted(found, key=lambda name: order.index(name) if name in order else len(order))


def _is_h36m(dataset):
    return dataset.split("/")[0] == "h36m"


def _label(row):
    kind = "GT 2D" if row["ground_truth_2d"] else "detected 2D"
    return f"{row['method']}, {kind}{', weakly supervised' if row['weakly_supervised'] else ''}"
