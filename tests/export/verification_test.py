"""Verification: what it measures, what fails, and that what fails is not kept."""

import dataclasses
import json
import os

import exported
import numpy as np
import pytest

from synpose_tf.errors import SynposeError
from synpose_tf.evaluation import metrics
from synpose_tf.export import exporting, report, verification
from synpose_tf.export.formats import Format, Tolerance, select

# Gives poses from a file beside it; a runtime needs no more than `load`.
RUNTIME = """
import numpy as np


def load(folder):
    poses = np.load(f"{folder}/poses.npy")
    return lambda inputs: {"poses": poses[: len(inputs["keypoints"])]}
"""


@pytest.fixture(scope="module")
def trained(new_model, synthetic_views):
    """A lifter with 96 views."""
    views = {key: array[::40] for key, array in synthetic_views.items()}
    return exported.lifter(new_model, views, "paper")


@pytest.fixture
def make_format(tmp_path):
    """A function that makes a format whose export gives the poses that it is told."""
    runtime = tmp_path / "runtime.py"
    runtime.write_text(RUNTIME)

    def make(poses, difference=0.01, mpjpe=0.01):
        def write(trained, folder):
            np.save(folder / "poses.npy", poses)

        return Format("array", "Poses", write, runtime, Tolerance(difference, mpjpe))

    return make


def results(poses):
    return {"poses": poses, "one_pose_s": 1e-4, "batch_s": 1e-3, "peak_memory": 1e8}


def test_a_joint_that_is_moved_by_a_centimetre_differs_by_a_centimetre(trained, make_format):
    truth, expected = trained.test["keypoints_3d"], trained.lifted
    unit = np.linalg.norm(truth[5] - truth[5, :1], axis=-1).mean() / (
        np.linalg.norm(expected[5] - expected[5, :1], axis=-1).mean()
    )
    poses = expected.astype(np.float64)
    poses[5, 3, 1] += 10.0 / unit
    measured = verification.compare(make_format(poses), 123, results(poses), trained)
    assert measured.size == 123
    assert measured.max_difference == pytest.approx(10.0, rel=1e-4)
    assert (measured.worst_pose, measured.worst_joint) == (5, "RAnkle")
    assert measured.distrust is None
    assert measured.mean_difference == pytest.approx(10.0 / (96 * 17), rel=1e-4)
    assert any("differs" in failure and "10 mm" in failure for failure in measured.failures)


def test_poses_that_are_far_off_are_told_by_their_reach(trained, make_format, tmp_path):
    """Those that reach farthest have a joint moved outwards: the card warns of that reach."""
    poses = trained.lifted - trained.lifted[:, :1]
    reach = np.linalg.norm(poses, axis=-1)
    worst = reach.max(axis=1).argsort()[-3:]
    poses[worst, 16] += 0.6 * poses[worst, 16] / reach[worst, 16, None]
    format = make_format(poses, 1e9, 1e9)
    measured, folder = exporting.export(format, trained, tmp_path / "out")
    assert measured.max_difference > verification.FAR_OFF
    assert measured.distrust.poses == 3
    after = np.linalg.norm(poses, axis=-1).max(axis=1)
    assert measured.distrust.reach == pytest.approx(after[worst].min(), rel=1e-5)
    assert measured.distrust.share == pytest.approx((after >= after[worst].min() - 1e-6).mean())
    card = json.loads((folder / "model_card.json").read_text())["evaluation"]["export"]
    assert card["distrust"]["poses"] == 3
    text = (folder / "README.md").read_text()
    assert "3 test poses have a joint that differs by more than 80 mm" in text
    assert f"{measured.distrust.reach:.2f} mean image radii or more from the hip" in text


def test_the_errors_are_those_of_the_metrics(trained, make_format):
    poses = trained.lifted * np.array([1.0, 1.0, 0.5])
    measured = verification.compare(make_format(poses, 1e4, 1e4), 1, results(poses), trained)
    truth = trained.test["keypoints_3d"]
    for name in ("mpjpe", "p_mpjpe"):
        after, before = (
            metrics.pose_metrics(p, truth)[name].mean() for p in (poses, trained.lifted)
        )
        assert getattr(measured, name) == pytest.approx(after)
        assert getattr(measured, f"{name}_change") == pytest.approx(after - before)
        assert abs(after - before) > 0.1
    assert measured.failures == ()


def test_one_pose_that_is_not_a_number_fails(trained, make_format):
    poses = trained.lifted.copy()
    poses[7, 2] = np.nan
    with pytest.raises(SynposeError, match="no pose for 1 of 96 test poses.*number 7"):
        verification.compare(make_format(poses, 1e9, 1e9), 1, results(poses), trained)


def test_an_export_that_passes_is_kept_with_its_card(trained, make_format, tmp_path):
    measured, folder = exporting.export(make_format(trained.lifted), trained, tmp_path / "out")
    assert measured.failures == ()
    assert folder == tmp_path / "out" / "array" / "1"
    assert sorted(os.listdir(folder)) == ["README.md", "model_card.json", "poses.npy"]
    assert os.listdir(folder.parent) == ["1"]
    _, second = exporting.export(make_format(trained.lifted), trained, tmp_path / "out")
    assert second.name == "2"


@pytest.mark.parametrize("stretch", [0.9, 1.1])
@pytest.mark.parametrize("tolerance", [{"difference": 1e-9}, {"mpjpe": 1e-9}])
def test_an_export_that_fails_is_not_kept(tolerance, stretch, trained, make_format, tmp_path):
    limits = {"difference": 1e9, "mpjpe": 1e9} | tolerance
    format = make_format(trained.lifted * np.array([1.0, 1.0, stretch]), **limits)
    measured, folder = exporting.export(format, trained, tmp_path / "out")
    assert folder is None
    assert len(measured.failures) == 1
    assert os.listdir(tmp_path / "out" / "array") == []


def test_only_an_export_that_was_trained_may_err_less(trained, make_format):
    """True poses err less than the lifter's; the lifter's of other people err more."""
    truth = trained.test["keypoints_3d"] - trained.test["keypoints_3d"][:, :1]
    format = make_format(truth, difference=1e9, mpjpe=0.1)
    (failure,) = verification.compare(format, 1, results(truth), trained).failures
    assert "MPJPE changes by -" in failure
    lenient = dataclasses.replace(format.tolerance, may_err_less=True)
    format = dataclasses.replace(format, tolerance=lenient)
    assert verification.compare(format, 1, results(truth), trained).failures == ()
    worse = verification.compare(format, 1, results(trained.lifted[::-1]), trained)
    assert worse.mpjpe_change > 0.1
    assert len(worse.failures) == 1


def test_an_export_that_gives_too_few_poses_is_not_kept(trained, make_format, tmp_path):
    with pytest.raises(SynposeError, match=r"gives \(50, 17, 3\) poses, expected \(96, 17, 3\)"):
        exporting.export(make_format(trained.lifted[:50]), trained, tmp_path / "out")
    assert os.listdir(tmp_path / "out" / "array") == []


def test_an_interrupted_export_leaves_nothing(trained, make_format, tmp_path):
    def interrupted(trained, folder):
        (folder / "half").write_text("of the export")
        raise KeyboardInterrupt

    format = dataclasses.replace(make_format(trained.lifted), write=interrupted)
    with pytest.raises(KeyboardInterrupt):
        exporting.export(format, trained, tmp_path / "out")
    assert os.listdir(tmp_path / "out" / "array") == []


def test_the_report_has_each_figure_in_each_form(trained, make_format):
    good = verification.compare(
        make_format(trained.lifted), 2_500_000, results(trained.lifted), trained
    )
    bad = dataclasses.replace(good, format="other", failures=("MPJPE changes by 3 mm",))
    table = report.Report("a run", report.reference(trained), (good, bad))
    mpjpe = f"{report.reference(trained)['mpjpe']:.2f}"
    for text in (table.text(), table.markdown()):
        assert text.count(mpjpe) == 3
        assert "there" in text
        assert f"{good.worst_joint} {good.worst_pose}" in text
        for part in ("2.50", "0.100", "1.00", "other FAILED", "other: MPJPE changes by 3 mm"):
            assert part in text
    tree = json.loads(table.json())
    assert tree["exports"][0]["size"] == 2_500_000
    assert [bool(export["failures"]) for export in tree["exports"]] == [False, True]


@pytest.mark.parametrize(
    ("names", "found"), [(["onnx"], "'onnx'"), ([], "'nothing'"), ([""], "''")]
)
def test_an_unknown_format_is_refused(names, found):
    with pytest.raises(SynposeError, match=f"{found} is no format.*saved_model"):
        select(names)


def test_a_missing_package_is_named_with_the_line_that_installs_it(make_format):
    format = dataclasses.replace(make_format([]), requires={"no_such_module": "some-package"})
    with pytest.raises(SynposeError, match=r"some-package: pip install 'synpose_tf\[export\]'"):
        format.check_requirements()
