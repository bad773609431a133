"""Real detections among the inputs of training."""

import json

import numpy as np
import pytest
from keypoint_files import in_layout

from synpose_tf.errors import SynposeError
from synpose_tf.keypoints.layouts import COCO_17
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.training import input_pipeline
from synpose_tf.training.detections import mix_in, read_detections

LENS = np.array([1145.0, 1143.0, 512.0, 515.0, 0.0, 0.0, 0.0, 0.0, 0.0])


@pytest.fixture
def file(tmp_path, synthetic_views):
    """A results list of 20 frames: COCO's joints, one person, the last frame nearly empty."""
    pixels = in_layout(synthetic_views["keypoints_2d"][:20], COCO_17)
    results = []
    for frame, joints in enumerate(np.nan_to_num(pixels)):
        scores = np.full((17, 1), 0.0 if frame == 19 else 0.9)
        keypoints = np.concatenate([joints, scores], axis=1).ravel().tolist()
        name = f"{frame}.jpg"
        results.append({"image_id": name, "category_id": 1, "keypoints": keypoints, "score": 2.0})
    path = tmp_path / "alphapose-results.json"
    path.write_text(json.dumps(results))
    return path


def test_poses_come_with_gaps_filled_and_their_lens(file, synthetic_views):
    found = read_detections([str(file)], LENS)
    assert found["keypoints_2d"].shape == (19, 17, 2)
    assert np.isfinite(found["keypoints_2d"]).all()
    wrist = H36M_17.index("LWrist")
    expected = synthetic_views["keypoints_2d"][:19, wrist]
    np.testing.assert_allclose(found["keypoints_2d"][:, wrist], expected, atol=0.1)
    np.testing.assert_allclose(found["intrinsics"], np.tile(LENS, (19, 1)))
    assert not found["up"].any()


def test_files_without_a_pose_are_refused(file):
    results = json.loads(file.read_text())
    for result in results:
        result["keypoints"][2::3] = [0.0] * 17
    file.write_text(json.dumps(results))
    with pytest.raises(SynposeError, match="alphapose-results.json"):
        read_detections([str(file)])


def test_detections_stand_first_in_each_batch_and_are_marked(file, synthetic_views):
    detections = read_detections([str(file)], LENS)
    arrays = {key: a.astype(np.float32) for key, a in synthetic_views.items()}

    def batches(first_step):
        pairs = input_pipeline.training_batches(arrays, 32, 0, first_step)
        mixed = mix_in(pairs, detections, 8, 0, first_step)
        return list(
            zip(pairs.take(3).as_numpy_iterator(), mixed.take(3).as_numpy_iterator(), strict=True)
        )

    for before, after in batches(0):
        np.testing.assert_array_equal(after["paired"][:, 0], [0.0] * 8 + [1.0] * 24)
        np.testing.assert_array_equal(after["keypoints_3d"], before["keypoints_3d"])
        np.testing.assert_array_equal(after["keypoints_2d"][8:], before["keypoints_2d"][8:])
        known = {tuple(pose.ravel()) for pose in detections["keypoints_2d"]}
        assert {tuple(pose.ravel()) for pose in after["keypoints_2d"][:8]} <= known
    resumed, whole = batches(1)[0][1], batches(0)[1][1]
    for key, array in whole.items():
        np.testing.assert_array_equal(resumed[key], array)
