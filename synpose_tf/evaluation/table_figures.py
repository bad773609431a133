"""Pictures of tables 3 and 5."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from synpose_tf.evaluation.tables import Cell, Spread, Table

POINT, BAR = "#30638e", "#9db8cc"


def bars(table: Table) -> Figure:
    """The first two columns, millimetres, a bar a row, with every seed as a point."""
    rows = [row for row in table.rows if isinstance(row.cells[0], Spread)]
    figure = Figure(figsize=(9, 1.2 + 0.38 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for column, panel in enumerate(panels):
        for place, row in enumerate(rows):
            cell = row.cells[column]
            if not isinstance(cell, Spread):
                continue
            panel.barh(place, cell.mean, xerr=cell.deviation, color=BAR, capsize=3)
            panel.plot(cell.values, [place] * len(cell.values), "o", color=POINT, markersize=3)
        panel.set(xlabel=f"{table.columns[column]}, mm")
        panel.set_yticks(range(len(rows)), [row.name for row in rows])
    panels[0].invert_yaxis()
    return figure


def noise_curves(series: Mapping[str, Sequence[Cell]], noise_px: Sequence[float]) -> Figure:
    """Curves over the noise's standard deviation.

    Args:
        series: name of a curve to its figures, millimetres; None where there is none.
        noise_px: standard deviations, pixels.
    """
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, cells in series.items():
        spreads = [c if isinstance(c, Spread) or c is None else Spread((float(c),)) for c in cells]
        there = [(px, c) for px, c in zip(noise_px, spreads, strict=True) if c is not None]
        if there:
            places, found = zip(*there, strict=True)
            means, deviations = zip(*((c.mean, c.deviation or 0.0) for c in found), strict=True)
            axes.errorbar(places, means, deviations, marker="o", capsize=3, label=name)
    axes.set(xlabel="noise, standard deviation in px", ylabel="mm, after Procrustes")
    axes.set(ylim=(0, None), xticks=noise_px)
    axes.legend()
    return figure
