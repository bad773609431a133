"""The figures that the paper prints: reference data, to stand beside measured ones.

`published.json` holds its tables 1 to 5 as printed. A figure that could not be read is null; a
row's `note` says so, or that its average is not the mean of its entries.
"""

import functools
import importlib.resources
import json
from typing import Any

PAPER = "Deng et al."


@functools.cache
def _document():
    path = importlib.resources.files("synpose_tf.evaluation") / "published.json"
    return json.loads(path.read_text(encoding="utf-8"))


def actions() -> tuple[str, ...]:
    """Human3.6M's 15 actions in the order of the tables' columns."""
    return tuple(_document()["actions"])


def rows(table: int) -> list[dict[str, Any]]:
    """The rows of a table, 1 to 5.

    1 to 3 have `values`: the 15 actions and their average. 4 has `pck` and `mpjpe`, 5 a dict of
    metrics for each data set.
    """
    return _document()["tables"][str(table)]["rows"]


def source(table: int) -> str:
    """How a row of a table names where it comes from."""
    return f"{PAPER}, table {table}"


def average(table: int, method: str, ground_truth_2d: bool = True) -> float:
    """A method's average in table 1 or 2."""
    (row,) = (
        row
        for row in rows(table)
        if row["method"] == method and row["ground_truth_2d"] == ground_truth_2d
    )
    return row["values"][-1]


def ablation(method: str, dataset: str = "h36m", metric: str = "mpjpe") -> float:
    """A figure of table 5."""
    (row,) = (row for row in rows(5) if row["method"] == method)
    return row[dataset][metric]
