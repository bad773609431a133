"""The paper's printed figures: read right, and consistent with what its text says of them."""

import pytest

from synpose_tf.datasets.h36m import takes
from synpose_tf.evaluation import published

BY_ACTION = [(table, row) for table in (1, 2, 3) for row in published.rows(table)]


def test_columns_are_human36m_s_actions():
    assert sorted(published.actions()) == sorted(takes.ACTIONS)


def test_every_row_is_there():
    assert [len(published.rows(table)) for table in range(1, 6)] == [16, 14, 13, 10, 4]
    assert all(len(row["values"]) == 16 for _, row in BY_ACTION)


@pytest.mark.parametrize(("table", "row"), BY_ACTION)
def test_the_average_is_the_mean_of_the_entries_unless_noted(table, row):
    """Each entry and the average are rounded to 0.1, so up to 0.1 may lie between them."""
    *values, average = row["values"]
    known = [value for value in values if value is not None]
    if not known:
        return
    off = abs(sum(known) / len(known) - average)
    assert (off > 0.1) == ("not the mean" in row.get("note", ""))


def test_a_figure_that_could_not_be_read_is_null_with_a_note():
    (row,) = (r for r in published.rows(3) if None in r["values"])
    assert (row["noise_px"], row["noise_in"]) == (20, "training and test, z only")
    assert row["values"].index(None) == published.actions().index("Walking")
    # The entry that its note names is the one that the printed average asks for.
    *values, average = (49.0 if value is None else value for value in row["values"])
    assert "49.0" in row["note"]
    assert sum(values) / 15 == pytest.approx(average, abs=0.05)


def gain(ours, theirs):
    return round(100 * (theirs - ours) / theirs, 1)


def test_averages_give_the_percentages_of_the_paper_s_text():
    deng = published.PAPER
    assert gain(published.average(1, deng), published.average(1, "RepNet")) == 5.1
    assert gain(published.average(2, deng), published.average(2, "RepNet")) == 9.9
    detected = [published.average(1, name, ground_truth_2d=False) for name in (deng, "Li et al.")]
    assert detected == [67.7, 81.1]
    pck = {row["method"]: row["pck"] for row in published.rows(4)}
    assert round(100 * (pck[deng] - pck["Li et al."]) / pck["Li et al."], 1) == 8.4


@pytest.mark.parametrize(
    ("method", "h36m", "mpi_inf_3dhp"), [("Sep + wKCS", 4.7, 3.3), ("Syn + KCS", 2.6, 3.4)]
)
def test_the_ablation_gives_the_percentages_of_the_paper_s_text(method, h36m, mpi_inf_3dhp):
    whole = "Syn + wKCS"
    assert gain(published.ablation(whole), published.ablation(method)) == h36m
    figures = [published.ablation(name, "mpi_inf_3dhp") for name in (whole, method)]
    assert gain(*figures) == mpi_inf_3dhp


def test_tables_agree_where_they_print_the_same_run():
    assert published.ablation("Syn + wKCS") == published.average(1, published.PAPER)
    clean = next(row for row in published.rows(3) if row["noise_px"] == 0)
    ours = next(r for r in published.rows(2) if r["method"] == published.PAPER)
    assert clean["values"] == ours["values"]
    assert published.ablation("Syn + wKCS", "mpi_inf_3dhp", "pck") == 86.0
