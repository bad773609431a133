"""Tables of figures: rows of measured and of published numbers, as text, Markdown, CSV, JSON."""

import csv
import dataclasses
import io
import json
import math
import pathlib

import numpy as np

from synpose_tf.io import files

MEASURED = "measured"


@dataclasses.dataclass(frozen=True)
class Spread:
    """A figure measured several times.

    Args:
        values: one a seed.
    """

    values: tuple[float, ...]

    @property
    def mean(self) -> float:
        return float(np.mean(self.values))

    @property
    def deviation(self) -> float | None:
        """Sample standard deviation; None for a single value."""
        return float(np.std(self.values, ddof=1)) if len(self.values) > 1 else None


Cell = float | int | str | Spread | None


@dataclasses.dataclass(frozen=True)
class Row:
    """A row: its name, a cell a column, and `measured` or where it was published."""

    name: str
    cells: tuple[Cell, ...]
    source: str = MEASURED


@dataclasses.dataclass(frozen=True)
class Table:
    """A table.

    Args:
        caption: what the figures hold for.
        columns: names of the columns, without the one of the rows' names.
        rows: measured and published rows; each form keeps the two apart.
        notes: what is to be said below.
        decimals: of the figures in `text` and `markdown`.

    Raises:
        ValueError: a row has another number of cells than there are columns.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[Row, ...]
    notes: tuple[str, ...] = ()
    decimals: int = 1

    def __post_init__(self):
        for row in self.rows:
            if len(row.cells) != len(self.columns):
                raise ValueError(
                    f"{row.name}: {len(row.cells)} cells for the columns {self.columns}"
                )

    @property
    def sources(self) -> tuple[str, ...]:
        """Where rows come from, measured ones first."""
        found = dict.fromkeys(row.source for row in self.rows)
        return tuple(sorted(found, key=lambda source: source != MEASURED))

    # === Forms ===
    def text(self) -> str:
        """For a terminal; published rows stand below a line that names their source."""
        lines = [[row.name, *map(self._show, row.cells)] for row in self.rows]
        widths = [max(map(len, column)) for column in zip(("", *self.columns), *lines, strict=True)]

        def aligned(cells):
            first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
            return "  ".join((cells[0].ljust(len(first)), *others)).rstrip()

        out = [self.caption, "", aligned(("", *self.columns))]
        for source in self.sources:
            if source != MEASURED:
                out.append(f"-- published, not measured here ({source})")
            chosen = (
                line for line, row in zip(lines, self.rows, strict=True) if row.source == source
            )
            out += map(aligned, chosen)
        return "\n".join([*out, *(("", *self.notes) if self.notes else ())]) + "\n"

    def markdown(self) -> str:
        """For a README."""

        def line(cells):
            return "| " + " | ".join(cells) + " |"

        out = [self.caption, "", line(("", *self.columns)), line(["---"] * (len(self.columns) + 1))]
        for source in self.sources:
            mark = "" if source == MEASURED else f" (published, {source})"
            chosen = (row for row in self.rows if row.source == source)
            out += [line([row.name + mark, *map(self._show, row.cells)]) for row in chosen]
        return "\n".join([*out, *(("", *self.notes) if self.notes else ())]) + "\n"

    def csv(self) -> str:
        """A header and a line a row; a column of means is followed by `<name> std`."""
        spread = [any(isinstance(row.cells[c], Spread) for row in self.rows)
                  for c in range(len(self.columns))]  # fmt: skip
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        header = ["name", "source"]
        for name, wide in zip(self.columns, spread, strict=True):
            header += [name, f"{name} std"] if wide else [name]
        writer.writerow(header)
        for source in self.sources:
            for row in (row for row in self.rows if row.source == source):
                values = [row.name, row.source]
                for cell, wide in zip(row.cells, spread, strict=True):
                    if isinstance(cell, Spread):
                        values += [_plain(cell.mean), _plain(cell.deviation)]
                    else:
                        values += [_plain(cell), ""] if wide else [_plain(cell)]
                writer.writerow(values)
        return out.getvalue()

    def json(self, **about) -> str:
        """With every single value, and whatever else is to be said of it."""
        rows = [
            {
                "name": row.name,
                "source": row.source,
                **{c: _tree(cell) for c, cell in zip(self.columns, row.cells, strict=True)},
            }
            for row in self.rows
        ]
        tree = {"caption": self.caption, **about, "notes": self.notes, "rows": rows}
        return json.dumps(tree, indent=2) + "\n"

    def write(self, path: pathlib.Path, **about) -> None:
        """Writes `path` with .txt, .md, .csv and .json; `about` goes into the last."""
        path = pathlib.Path(path)
        forms = {"txt": self.text(), "md": self.markdown(), "csv": self.csv()}
        for suffix, content in {**forms, "json": self.json(**about)}.items():
            files.write_text(path.with_name(f"{path.name}.{suffix}"), content)

    def _show(self, cell):
        if cell is None:
            return "–"
        if isinstance(cell, Spread):
            mean, deviation = self._show(cell.mean), cell.deviation
            return mean if deviation is None else f"{mean} ± {deviation:.{self.decimals}f}"
        return f"{cell:.{self.decimals}f}" if isinstance(cell, float) else str(cell)


def _plain(cell):
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _tree(cell):
    if isinstance(cell, Spread):
        return {"mean": cell.mean, "std": cell.deviation, "values": cell.values}
    return cell
