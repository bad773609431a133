"""What a sweep's results say: table 5, table 3, generalization, and their figures."""

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from synpose_tf.suites import Run
from synpose_tf.tables import Cell, Row, Spread, Table

METRICS = {
    "mpjpe": "MPJPE",
    "p_mpjpe": "P-MPJPE",
    "n_mpjpe": "N-MPJPE",
    "pck": "PCK@150",
    "auc": "AUC",
}
# Better row, worse row, what the paper says of MPJPE and P-MPJPE on Human3.6M, percent.
CLAIMS = (
    ("syn_wkcs", "sep_wkcs", "synchronized over separate", 4.7, None),
    ("syn_wkcs", "syn_kcs", "wKCS over KCS", 2.6, None),
    ("syn_wkcs", "repnet", "over RepNet", 5.1, 9.9),
)

# name of a run -> seed -> name of an evaluation -> what `evaluate` wrote.
Results = dict[str, dict[int, dict[str, Any]]]


def figure_of(results: Results, run: Run, metric: str, over: str, test: str = "test") -> Cell:
    """A metric of a run over its seeds; None where no seed has finished."""
    values = [tests[test]["rows"][over][metric] for tests in results.get(run.name, {}).values()]
    return Spread(tuple(values)) if values else None


def comparison(results: Results, runs: tuple[Run, ...], over: str, caption: str) -> Table:
    """A row for each run and evaluation, with mean and standard deviation over the seeds.

    Args:
        results: of the finished runs.
        runs: the rows.
        over: which row of `evaluate` to take: `all poses` or `mean of actions`.
        caption: printed above.
    """
    names = [(run, test) for test in _tests(runs) for run in runs if test in run.evaluations]
    rows = []
    for run, test in names:
        label = run.label if test == "test" else f"{run.label}, tested on the {test} half"
        figures = [figure_of(results, run, metric, over, test) for metric in METRICS]
        rows.append(Row(label, (*figures, len(results.get(run.name, ())))))
    return Table(caption, (*METRICS.values(), "seeds"), tuple(rows), tuple(_claims(results, over)))


def _tests(runs):
    return dict.fromkeys(test for run in runs for test in run.evaluations)


def _claims(results, over):
    """What the paper claims and what was measured, percent of the worse method's error."""
    for better, worse, what, *published in CLAIMS:
        for metric, claim in zip(("mpjpe", "p_mpjpe"), published, strict=True):
            seeds = sorted(results.get(better, {}).keys() & results.get(worse, {}).keys())
            if not seeds:
                continue
            one, other = (
                np.array([results[name][seed]["test"]["rows"][over][metric] for seed in seeds])
                for name in (better, worse)
            )
            gains = Spread(tuple(100 * (1 - one / other)))
            spread = f" ± {gains.deviation:.1f}" if len(seeds) > 1 else ""
            paper = f"; the paper, on Human3.6M: {claim} %" if claim is not None else ""
            yield (
                f"{what}, {METRICS[metric]}: {gains.mean:+.1f}{spread} % less error "
                f"({len(seeds)} seed{'s' * (len(seeds) > 1)}){paper}"
            )


def robustness(results: Results, runs: tuple[Run, ...], over: str, caption: str) -> Table:
    """Table 3: protocol 2 by the noise in training, in its three blocks."""
    clean, *noisy = runs
    blocks = (
        ("training and test", "p_mpjpe", "noisy"),
        ("training only", "p_mpjpe", "test"),
        ("training and test, z only", "p_z", "noisy"),
    )
    rows = []
    for name, metric, test in blocks:
        first = figure_of(results, clean, metric, over)
        others = (figure_of(results, run, metric, over, test) for run in noisy)
        rows.append(Row(name, (first, *others)))
    columns = ("none", *(run.label.removeprefix("noise of ") for run in noisy))
    return Table(caption, columns, tuple(rows))


# === Figures ===
def bars(table: Table) -> Figure:
    """MPJPE and P-MPJPE of each row, with every seed as a point."""
    chosen = [row for row in table.rows if row.cells[0] is not None]
    figure = Figure(figsize=(9, 1.2 + 0.38 * len(chosen)), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    for column, panel in enumerate(axes):
        for place, row in enumerate(chosen):
            cell = row.cells[column]
            panel.barh(place, cell.mean, xerr=cell.deviation, color="#9db8cc", capsize=3)
            panel.plot(cell.values, [place] * len(cell.values), "o", color="#30638e", markersize=3)
        panel.set(xlabel=f"{table.columns[column]}, mm")
        panel.set_yticks(range(len(chosen)), [row.name for row in chosen])
    axes[0].invert_yaxis()
    return figure


def lines(table: Table) -> Figure:
    """Table 3 as curves over the noise."""
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for row in table.rows:
        there = [(x, cell) for x, cell in enumerate(row.cells) if cell is not None]
        if there:
            places, cells = zip(*there, strict=True)
            deviations = [cell.deviation or 0.0 for cell in cells]
            means = [cell.mean for cell in cells]
            axes.errorbar(places, means, deviations, marker="o", capsize=3, label=row.name)
    axes.set(xlabel="noise, standard deviation", ylabel="P-MPJPE, mm", ylim=(0, None))
    axes.set_xticks(range(len(table.columns)), table.columns)
    axes.legend(title="noise in")
    return figure
