"""What a sweep's results say: table 5, table 3, generalization."""

from typing import Any

import numpy as np

from synpose_tf.evaluation import published
from synpose_tf.evaluation.tables import Cell, Row, Spread, Table
from synpose_tf.experiments import suites
from synpose_tf.experiments.suites import Run

METRICS = {
    "mpjpe": "MPJPE",
    "p_mpjpe": "P-MPJPE",
    "n_mpjpe": "N-MPJPE",
    "pck": "PCK@150",
    "auc": "AUC",
}
# What a row says of an evaluation on other views than the whole test split.
TESTED = {"other": ", tested on the other half", "own": ", tested on its own half"}
# Better run, worse run, what for.
COMPARISONS = (
    ("syn_wkcs", "sep_wkcs", "synchronized over separate"),
    ("syn_wkcs", "syn_kcs", "wKCS over KCS"),
    ("syn_wkcs", "repnet", "over RepNet"),
)

# name of a run -> seed -> name of an evaluation -> what `evaluate` wrote.
Results = dict[str, dict[int, dict[str, Any]]]


def figure_of(results: Results, run: Run, metric: str, over: str, test: str = "test") -> Cell:
    """A metric of a run over its seeds; None where no seed has finished."""
    values = [tests[test]["rows"][over][metric] for tests in results.get(run.name, {}).values()]
    return Spread(tuple(values)) if values else None


def comparison(
    results: Results, runs: tuple[Run, ...], over: str, caption: str, dataset: str = ""
) -> Table:
    """A row for each run and evaluation, with mean and standard deviation over the seeds.

    Args:
        results: of the finished runs.
        runs: the rows.
        over: which row of `evaluate` to take: `all poses` or `mean of actions`.
        caption: printed above.
        dataset: name of the data set; the paper's own rows come along where it is the paper's.
    """
    names = [(run, test) for test in _tests(runs) for run in runs if test in run.evaluations]
    rows = []
    for run, test in names:
        label = run.label + TESTED.get(test, "")
        figures = [figure_of(results, run, metric, over, test) for metric in METRICS]
        rows.append(Row(label, (*figures, len(results.get(run.name, ())))))
    labels = {run.label for run in runs}
    for printed in published.rows(5):
        if dataset in printed and printed["method"] in labels:
            figures = [printed[dataset].get(metric) for metric in METRICS]
            rows.append(Row(printed["method"], (*figures, None), published.source(5)))
    return Table(caption, (*METRICS.values(), "seeds"), tuple(rows), tuple(_claims(results, over)))


def _tests(runs):
    return dict.fromkeys(test for run in runs for test in run.evaluations)


def _claims(results, over):
    """What was measured and what the paper says: percent of the worse run's error."""
    for better, worse, what in COMPARISONS:
        seeds = sorted(results.get(better, {}).keys() & results.get(worse, {}).keys())
        for metric in ("mpjpe", "p_mpjpe") if seeds else ():
            one, other = (
                np.array([results[name][seed]["test"]["rows"][over][metric] for seed in seeds])
                for name in (better, worse)
            )
            gains = Spread(tuple(100 * (1 - one / other)))
            spread = f" ± {gains.deviation:.1f}" if len(seeds) > 1 else ""
            yield (
                f"{what}, {METRICS[metric]}: {gains.mean:+.1f}{spread} % less error "
                f"({len(seeds)} seed{'s' * (len(seeds) > 1)}){_claimed(worse, metric)}"
            )


def _claimed(worse, metric):
    """The same from the paper's own tables."""
    label = {"sep_wkcs": "Sep + wKCS", "syn_kcs": "Syn + KCS"}.get(worse, worse)
    if worse == "repnet":
        table = {"mpjpe": 1, "p_mpjpe": 2}[metric]
        one, other = (published.average(table, name) for name in (published.PAPER, "RepNet"))
    elif metric == "mpjpe":
        one, other = published.ablation("Syn + wKCS"), published.ablation(label)
    else:
        return ""
    return f"; the paper, on Human3.6M: {100 * (1 - one / other):.1f} %"


def robustness(results: Results, over: str, caption: str, dataset: str = "") -> Table:
    """Table 3: protocol 2 by the noise in training, in its three blocks.

    Args:
        results, over, caption, dataset: as `comparison` takes them.
    """
    clean, *noisy = suites.noise()
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
    if dataset == "h36m":
        averages = {(r["noise_in"], r["noise_px"]): r["values"][-1] for r in published.rows(3)}
        for name, _, _ in blocks:
            cells = tuple(averages.get((name, px)) for px in suites.NOISE_PX)
            rows.append(Row(name, cells, published.source(3)))
    columns = tuple(f"{px} px" for px in suites.NOISE_PX)
    return Table(caption, columns, tuple(rows))
