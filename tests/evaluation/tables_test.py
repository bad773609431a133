"""Tables in their four forms; published rows never pass for measured ones."""

import csv
import json
import statistics

import pytest

from synpose_tf.evaluation.tables import MEASURED, Row, Spread, Table

VALUES = (40.0, 43.0, 44.5)
PAPER = "Deng et al., table 9"


@pytest.fixture
def table():
    rows = (
        Row("theirs", (48.31, 1.0), source=PAPER),
        Row("ours", (Spread(VALUES), 2.0)),
        Row("alone", (Spread((51.26,)), None)),
    )
    return Table("a caption", ("MPJPE", "PCK"), rows, notes=("a note",))


def test_spread_is_mean_and_sample_deviation():
    assert Spread(VALUES).mean == pytest.approx(statistics.mean(VALUES))
    assert Spread(VALUES).deviation == pytest.approx(statistics.stdev(VALUES))
    assert Spread((3.0,)).deviation is None


def test_text_keeps_published_rows_apart(table):
    lines = table.text().splitlines()
    assert lines[0] == "a caption"
    assert lines[2].split() == ["MPJPE", "PCK"]
    assert [line.split() for line in lines[3:5]] == [
        ["ours", "42.5", "±", "2.3", "2.0"],
        ["alone", "51.3", "–"],
    ]
    assert PAPER in lines[5]
    assert "not measured here" in lines[5]
    assert lines[6].split() == ["theirs", "48.3", "1.0"]
    assert lines[-1] == "a note"


def test_markdown_marks_each_published_row(table):
    rows = [line for line in table.markdown().splitlines() if line.startswith("|")]
    assert rows == [
        "|  | MPJPE | PCK |",
        "| --- | --- | --- |",
        "| ours | 42.5 ± 2.3 | 2.0 |",
        "| alone | 51.3 | – |",
        f"| theirs (published, {PAPER}) | 48.3 | 1.0 |",
    ]


def test_csv_has_a_column_for_the_deviation_and_the_source(table):
    rows = list(csv.DictReader(table.csv().splitlines()))
    assert [(row["name"], row["source"]) for row in rows] == [
        ("ours", MEASURED), ("alone", MEASURED), ("theirs", PAPER),
    ]  # fmt: skip
    assert [row["MPJPE"] for row in rows] == ["42.5000", "51.2600", "48.3100"]
    assert [row["MPJPE std"] for row in rows] == ["2.2913", "", ""]
    assert [row["PCK"] for row in rows] == ["2.0000", "", "1.0000"]


def test_json_has_every_value(table):
    tree = json.loads(table.json(steps=7))
    assert tree["steps"] == 7
    rows = {row["name"]: row for row in tree["rows"]}
    assert rows["ours"]["MPJPE"]["values"] == list(VALUES)
    assert rows["theirs"] == {"name": "theirs", "source": PAPER, "MPJPE": 48.31, "PCK": 1.0}
    assert rows["alone"]["PCK"] is None


def test_written_in_every_form(table, tmp_path):
    table.write(tmp_path / "table_9", steps=7)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {
        "table_9.txt": table.text(),
        "table_9.md": table.markdown(),
        "table_9.csv": table.csv(),
        "table_9.json": table.json(steps=7),
    }


def test_a_row_must_fill_the_columns():
    with pytest.raises(ValueError, match="1 cells"):
        Table("", ("a", "b"), (Row("short", (1.0,)),))
