"""Tables of a sweep from results made by hand."""

import numpy as np
import pytest

from synpose_tf.evaluation.tables import MEASURED
from synpose_tf.experiments import suites, tables

OVER = "all poses"
ERRORS = {
    "sep_kcs": (60.0, 62.0),
    "sep_wkcs": (50.0, 55.0),
    "syn_kcs": (48.0, 52.0),
    "syn_wkcs": (45.0, 49.5),
}


def evaluation(error):
    """What `evaluate` writes, as far as tables read it."""
    figures = dict.fromkeys(tables.METRICS, error)
    row = {**figures, "p_mpjpe": error / 2, "p_z": error / 4}
    return {"rows": {OVER: row, "mean of actions": {**row, "mpjpe": 0.0}}}


def results(**errors):
    return {
        name: {seed: {"test": evaluation(e)} for seed, e in enumerate(figures)}
        for name, figures in errors.items()
    }


def test_comparison_has_every_run_and_its_seeds():
    found = results(**ERRORS)
    del found["sep_kcs"], found["sep_wkcs"][1]
    table = tables.comparison(found, suites.FOUR, OVER, "a caption")
    assert [row.name for row in table.rows] == [run.label for run in suites.FOUR]
    assert table.rows[0].cells == (None,) * 5 + (0,)
    assert table.rows[1].cells[0].values == (50.0,)
    assert table.rows[1].cells[-1] == 1
    assert table.rows[3].cells[0].values == ERRORS["syn_wkcs"]
    assert table.rows[3].cells[1].mean == pytest.approx(np.mean(ERRORS["syn_wkcs"]) / 2)


def test_claims_compare_seed_by_seed():
    found = results(**ERRORS)
    notes = tables.comparison(found, suites.FOUR, OVER, "").notes
    # 1 - 45 / 50 and 1 - 49.5 / 55; 1 - 45 / 48 and 1 - 49.5 / 52.
    assert notes[0] == (
        "synchronized over separate, MPJPE: +10.0 ± 0.0 % less error (2 seeds); "
        "the paper, on Human3.6M: 4.7 %"
    )
    gains = 100 * (1 - np.array([45.0, 49.5]) / [48.0, 52.0])
    assert f"wKCS over KCS, MPJPE: {gains.mean():+.1f} ± {gains.std(ddof=1):.1f} %" in notes[2]
    assert not any("RepNet" in note for note in notes)
    del found["syn_kcs"][0], found["sep_wkcs"]
    (note, _) = tables.comparison(found, suites.FOUR, OVER, "").notes
    assert "wKCS over KCS, MPJPE: +4.8 % less error (1 seed)" in note


def test_robustness_has_table_3_s_blocks():
    found = {"syn_wkcs": {0: {"test": evaluation(40.0)}}}
    found["noise_10"] = {0: {"noisy": evaluation(80.0), "test": evaluation(60.0)}}
    table = tables.robustness(found, OVER, "", "cmu_mocap")
    assert table.columns == ("0 px", "5 px", "10 px", "15 px", "20 px")
    figures = {row.name: [c and c.mean for c in row.cells] for row in table.rows}
    assert figures == {
        "training and test": [20.0, None, 40.0, None, None],
        "training only": [20.0, None, 30.0, None, None],
        "training and test, z only": [10.0, None, 20.0, None, None],
    }


def test_the_paper_s_rows_stand_beside_its_own_data_sets_only():
    def printed(table):
        return {r.name: r.cells for r in table.rows if r.source != MEASURED}

    found = results(**ERRORS)
    assert not printed(tables.comparison(found, suites.FOUR, OVER, "", "cmu_mocap"))
    assert not printed(tables.comparison(found, suites.BASELINES, OVER, "", "h36m"))
    h36m = printed(tables.comparison(found, suites.FOUR, OVER, "", "h36m"))
    assert list(h36m) == [run.label for run in suites.FOUR]
    assert h36m["Syn + wKCS"] == (48.3, None, None, None, None, None)
    dhp = printed(tables.comparison(found, suites.FOUR, OVER, "", "mpi_inf_3dhp"))
    assert dhp["Sep + KCS"] == (98.9, None, None, 84.4, None, None)
    noise = printed(tables.robustness(found, OVER, "", "h36m"))
    assert noise["training and test"] == (34.4, 52.1, 75.7, 98.8, 120.1)
    assert noise["training and test, z only"] == (None, 33.3, 40.6, 45.8, 49.4)


def test_generalization_has_a_row_for_each_half():
    known = {"train": ["walking", "sitting"], "test": ["walking", "sitting"]}
    runs = suites.generalization(suites.halves("cmu_mocap", known))
    found = {runs[0].name: {0: {"other": evaluation(90.0), "own": evaluation(50.0)}}}
    table = tables.comparison(found, runs, OVER, "")
    assert len(table.rows) == 12
    measured = {row.name: row.cells[0].mean for row in table.rows if row.cells[0]}
    assert measured == {
        "supervised, trained on walking and running, tested on the other half": 90.0,
        "supervised, trained on walking and running, tested on its own half": 50.0,
    }
