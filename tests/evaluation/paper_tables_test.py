"""Tables in the paper's form: its own rows only where the data set is the paper's."""

import numpy as np
import pytest

from synpose_tf.evaluation import paper_tables, protocols, published
from synpose_tf.evaluation.tables import MEASURED


def evaluated(actions, error=40.0):
    """An evaluation with one error a row, growing by 1 from row to row."""
    names = [*actions, protocols.MEAN_OF_ACTIONS, protocols.ALL_POSES]
    rows = {
        name: dict.fromkeys(("mpjpe", "p_mpjpe", "p_z", "pck", "auc"), error + i)
        for i, name in enumerate(names)
    }
    return protocols.Table(rows, dict.fromkeys(names, 7), "")


def split(table):
    measured = [row for row in table.rows if row.source == MEASURED]
    return measured, [row for row in table.rows if row.source != MEASURED]


H36M = evaluated(reversed(published.actions()))


@pytest.mark.parametrize(("number", "metric"), [(1, "mpjpe"), (2, "p_mpjpe")])
def test_human36m_has_the_paper_s_columns_and_rows(number, metric):
    H36M.rows["Eating"][metric] = 33.3
    table = paper_tables.by_action(number, {"h36m/gt": H36M}, "a run")
    assert table.columns[:3] == ("Direct", "Discuss", "Eating")
    assert table.columns[-1] == "mean"
    measured, printed = split(table)
    (row,) = measured
    assert row.name == "h36m/gt"
    assert row.cells[2] == 33.3
    assert row.cells[-1] == H36M.rows[protocols.MEAN_OF_ACTIONS][metric]
    theirs = [r for r in published.rows(number) if r["ground_truth_2d"]]
    assert [list(row.cells) for row in printed] == [r["values"] for r in theirs]
    assert {row.source for row in printed} == {f"Deng et al., table {number}"}
    assert not any("detected" in row.name for row in printed)


def test_detected_2d_stands_beside_detected_2d():
    _, printed = split(paper_tables.by_action(1, {"h36m/cpn-every64": H36M}, ""))
    assert len(printed) == 11
    assert all("detected 2D" in row.name for row in printed)
    table = paper_tables.by_action(1, {"h36m/gt": H36M, "h36m/sh": H36M}, "")
    measured, printed = split(table)
    assert [row.name for row in measured] == ["h36m/gt", "h36m/sh"]
    assert len(printed) == 16


def test_a_part_of_the_actions_leaves_the_average_printed():
    few = evaluated(["Walking", "Eating"])
    table = paper_tables.by_action(2, {"h36m/gt-actions.Eating.Walking": few}, "")
    assert table.columns == ("Eating", "Walk", "mean")
    ours = next(r for r in table.rows if r.name.startswith("Deng"))
    assert ours.cells == (30.1, 30.9, 34.4)


def test_other_data_has_its_own_actions_and_nothing_published():
    names = ["walking", "02_01", "running"]
    for table in (
        paper_tables.by_action(1, {"cmu_mocap": evaluated(names)}, ""),
        paper_tables.robustness("cmu_mocap", {0: evaluated(names)}, ""),
        paper_tables.pck_by_activity("cmu_mocap", evaluated(names), ""),
    ):
        measured, printed = split(table)
        assert measured
        assert not printed
    assert paper_tables.by_action(1, {"cmu_mocap": evaluated(names)}, "").columns == (
        "walking", "02_01", "running", "mean",
    )  # fmt: skip


def test_robustness_is_full_error_and_z_alone():
    noisy = {0: evaluated(["walking"], 40.0), 5: evaluated(["walking"], 60.0)}
    noisy[5].rows["walking"]["p_z"] = 45.0
    noisy[5].rows[protocols.MEAN_OF_ACTIONS]["p_z"] = 45.5
    table = paper_tables.robustness("cmu_mocap", noisy, "")
    assert {row.name: row.cells for row in table.rows} == {
        "no noise, MPJPE": (40.0, 41.0),
        "N(0, 5), MPJPE": (60.0, 61.0),
        "no noise, only z": (40.0, 41.0),
        "N(0, 5), only z": (45.0, 45.5),
    }
    assert paper_tables.robustness_curves(noisy) == {"MPJPE": [41.0, 61.0], "only z": [41.0, 45.5]}
    _, printed = split(paper_tables.robustness("h36m/gt", {0: H36M}, ""))
    assert len(printed) == len(published.rows(3))


def test_table_4_has_activities_and_all_poses():
    figures = evaluated(["standing", "on the floor"])
    table = paper_tables.pck_by_activity("mpi_inf_3dhp/every_frame", figures, "")
    measured, printed = split(table)
    assert [row.name for row in measured] == ["standing", "on the floor", protocols.ALL_POSES]
    assert measured[-1].cells == (43.0, 43.0, 43.0, 7)
    assert {row.name: row.cells[:3] for row in printed}["Deng et al."] == (86.0, None, 94.9)
    assert np.isin("AUC", table.columns)
