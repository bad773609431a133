"""The judge on real people: triangulation with a view that errs, and figures of real data."""

import itertools
import pathlib
import sys

import numpy as np
import pytest

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "benchmarks"))

import s9
import unseen

from synpose_tf.inference.lifter import Lifter

BOUND = 18.0


@pytest.fixture
def seen():
    """Points about a metre around the place that the four cameras look at, and their pixels."""
    world = np.random.default_rng(0).uniform([-500, -500, 200], [500, 500, 1700], (30, 16, 3))
    return world, np.stack([camera.project(camera.to_camera(world)) for camera in s9.CAMERAS])


@pytest.mark.parametrize("wrong", [None, 0, 1, 2, 3])
def test_triangulation_gives_the_points_whichever_view_errs(seen, wrong):
    world, pixels = seen
    if wrong is not None:
        pixels[wrong, :, ::2] += [120.0, -90.0]
    found = s9.triangulate_robustly(pixels, s9.CAMERAS, BOUND)
    np.testing.assert_allclose(found, world, atol=0.1)


def test_a_joint_on_which_two_views_err_is_unknown(seen):
    """Each its own way, so that no third view agrees."""
    world, pixels = seen
    pixels[1, :, 4] += [150.0, 150.0]
    pixels[3, :, 4] -= [140.0, -160.0]
    found = s9.triangulate_robustly(pixels, s9.CAMERAS, BOUND)
    assert np.isnan(found[:, 4]).all()
    others = np.arange(16) != 4
    np.testing.assert_allclose(found[:, others], world[:, others], atol=0.1)


def test_noise_below_the_bound_keeps_all_views(seen):
    """Four views average noise that three would carry on: independently, by least squares."""
    world, pixels = seen
    noisy = pixels + np.random.default_rng(1).normal(0.0, 2.0, pixels.shape)
    robust = s9.triangulate_robustly(noisy, s9.CAMERAS, BOUND)
    off = np.linalg.norm(robust - world, axis=-1).mean()
    triples = [
        np.linalg.norm(
            s9.triangulate(noisy[list(views)], [s9.CAMERAS[v] for v in views]) - world, axis=-1
        ).mean()
        for views in itertools.combinations(range(4), 3)
    ]
    assert off < min(triples)


def test_perfect_poses_have_no_error(shared_data):
    """The truth itself, at another scale, is at 0 mm in every view."""
    data = unseen.moments(shared_data / "h36m_sh" / "S9", "Walking", 100)
    known = np.isfinite(data.truth[..., unseen.JOINTS, :]).all((-1, -2))
    assert known.mean() > 0.9
    truth = data.truth[known][:, unseen.JOINTS]
    np.testing.assert_allclose(unseen.errors_of(0.7 * truth, truth), 0.0, atol=1e-6)


def test_figures_of_the_lifter_that_comes_with_the_package(shared_data):
    folders = shared_data / "h36m_sh" / "S9", shared_data / "four_cameras"
    figures = unseen.evaluate(Lifter.from_pretrained("camera"), *folders, stride=50)
    for action in ("walking", "sitting"):
        mpjpe, p_mpjpe = figures[f"{action} detections"]
        assert p_mpjpe < mpjpe < 120.0
        # What the detector gets wrong costs, the worse the more of it counts.
        assert figures[f"{action} projections"][0] < mpjpe
        assert figures[f"{action} agreeing"][0] < mpjpe
    means = [figures[f"four_cameras confident, camera {n}"] for n in (1, 2, 3, 4)]
    assert figures["four_cameras confident"] == pytest.approx(np.mean(means, axis=0))
    # Measured by others in the same way: 133.2 / 88.2.
    own = unseen.mediapipe_figures(folders[1])["four_cameras detections"]
    assert own == pytest.approx((133.2, 88.2), abs=0.1)
