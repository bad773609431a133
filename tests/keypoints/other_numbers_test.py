"""What is no 2D keypoints, and no seconds, is asked about."""

import numpy as np
import pytest
from pose_tracks import pose_track

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError


@pytest.mark.parametrize("scale", [1.0, 0.1, 0.001], ids=["mm", "cm", "m"])
@pytest.mark.parametrize("place", ["root-relative", "camera"])
def test_3d_poses_are_no_keypoints(place, scale, tmp_path):
    track = pose_track()
    poses = track.poses + (track.root[:, None] if place == "camera" else 0.0)
    np.save(tmp_path / "poses.npy", scale * poses)
    with pytest.raises(SynposeError, match=r"poses.npy: the third number .* Are these 3D poses"):
        keypoints.read([tmp_path / "poses.npy"], layout="h36m")


@pytest.mark.parametrize("scores", ["fractions", "per cent", "logits"])
def test_scores_of_any_scale_are_confidence(scores, tmp_path):
    pixels = pose_track().keypoints
    rng = np.random.default_rng(0)
    values = {
        "fractions": rng.uniform(0.5, 1.0, pixels.shape[:2]),
        "per cent": rng.uniform(50.0, 100.0, pixels.shape[:2]),
        "logits": rng.normal(8.0, 2.0, pixels.shape[:2]),
    }[scores]
    np.save(tmp_path / "a.npy", np.concatenate([pixels, values[..., None]], -1))
    track = keypoints.read([tmp_path / "a.npy"], layout="h36m").tracks[0]
    assert np.isfinite(track.keypoints).mean() > 0.97


@pytest.mark.parametrize(("unit", "fits"), [(1.0, True), (1e3, False), (1e6, False)])
def test_milliseconds_are_no_seconds(unit, fits, tmp_path):
    track = pose_track(frames=32)
    np.savez(tmp_path / "a.npz", keypoints=track.keypoints, times=unit * track.times)
    if fits:
        assert keypoints.read([tmp_path / "a.npz"]).tracks[0].times[-1] == track.times[-1]
        return
    with pytest.raises(SynposeError, match=r"a.npz: the times .*milliseconds\? Give seconds"):
        keypoints.read([tmp_path / "a.npz"])
    read = keypoints.read([tmp_path / "a.npz"], fps=30.0)
    np.testing.assert_allclose(read.tracks[0].times, track.times)


def test_slow_pictures_with_gaps_are_no_milliseconds(tmp_path):
    track = pose_track(frames=30)
    frames = np.arange(0, 3000, 100)
    np.savez(tmp_path / "a.npz", keypoints=track.keypoints, frames=frames, times=frames / 10.0)
    assert keypoints.read([tmp_path / "a.npz"]).tracks[0].times[-1] == 290.0
