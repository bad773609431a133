"""Tables of figures: rows of measured and of published numbers, as text, Markdown, CSV, JSON."""

import csv
import dataclasses
import io
import itertools
import json
import math
import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

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
        rows = ((row.name, *map(self._show, row.cells)) for row in self.rows)
        head, *lines = align([("", *self.columns), *rows])
        out = [self.caption, "", head]
        for source in self.sources:
            if source != MEASURED:
                out.append(f"-- published, not measured here ({source})")
            pairs = zip(lines, self.rows, strict=True)
            out += [line for line, row in pairs if row.source == source]
        return "\n".join([*out, *(("", *self.notes) if self.notes else ())]) + "\n"

    def markdown(self) -> str:
        """For a README."""
        rows = []
        for source in self.sources:
            mark = "" if source == MEASURED else f" (published, {source})"
            chosen = (row for row in self.rows if row.source == source)
            rows += [(row.name + mark, *map(self._show, row.cells)) for row in chosen]
        out = [self.caption, "", *markdown_lines(("", *self.columns), rows)]
        return "\n".join([*out, *(("", *self.notes) if self.notes else ())]) + "\n"

    def csv(self) -> str:
        """A header and a line a row; a column of means is followed by `<name> std`."""
        spread = [any(isinstance(row.cells[c], Spread) for row in self.rows)
                  for c in range(len(self.columns))]  # fmt: skip
        header = ["name", "source"]
        for name, wide in zip(self.columns, spread, strict=True):
            header += [name, f"{name} std"] if wide else [name]
        lines = [header]
        for source in self.sources:
            for row in (row for row in self.rows if row.source == source):
                values = [row.name, row.source]
                for cell, wide in zip(row.cells, spread, strict=True):
                    if isinstance(cell, Spread):
                        values += [_plain(cell.mean), _plain(cell.deviation)]
                    else:
                        values += [_plain(cell), ""] if wide else [_plain(cell)]
                lines.append(values)
        return csv_text(lines)

    def json(self, **about: Any) -> str:
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

    def write(self, path: pathlib.Path, **about: Any) -> None:
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


# === What all tables are made of ===
def align(rows: Iterable[Sequence[str]], least: Sequence[int] = ()) -> list[str]:
    """Rows of texts as lines for a terminal, the first column to the left, the others right.

    Args:
        rows: of equally many texts.
        least: what columns are wide at least, for the first of them.
    """
    rows = list(rows)
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    first, *others = map(max, itertools.zip_longest(widths, least, fillvalue=0))
    return [
        "  ".join(
            [row[0].ljust(first)]
            + [text.rjust(width) for text, width in zip(row[1:], others, strict=True)]
        ).rstrip()
        for row in rows
    ]


def markdown_lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A head and rows of texts as lines of Markdown."""
    return ["| " + " | ".join(row) + " |" for row in (head, ["---"] * len(head), *rows)]


def csv_text(rows: Iterable[Sequence]) -> str:
    """Rows as CSV."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()


def _plain(cell):
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return f"{cell:.4f}" if isinstance(cell, float) else str(cell)


def _tree(cell):
    if isinstance(cell, Spread):
        return {"mean": cell.mean, "std": cell.deviation, "values": cell.values}
    return cell
