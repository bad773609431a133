"""RTMPose, with a package `rtmlib` in place of the real one, whose models need a network."""

import sys
import types

import numpy as np
import pytest
from replaying_detector import people

from synpose_tf.detection import detectors
from synpose_tf.errors import SynposeError


class Body:
    """As rtmlib 0.0.16's: boxes by `det_model`, and joints of each by `pose_model`."""

    boxes = [[0.0, 0.0, 9.0, 9.0], [5.0, 5.0, 60.0, 60.0]]

    def __init__(self, mode, backend, device):
        assert (mode, backend, device) == ("balanced", "onnxruntime", "cpu")

    def det_model(self, image):
        self.image = image
        return np.array(self.boxes)

    def pose_model(self, image, bboxes):
        found = people()[: len(bboxes), 0]
        scores = found[..., 2] + [[0.0], [0.3]]  # RTMPose's go above 1.
        return found[..., :2], scores


@pytest.fixture
def rtmlib(monkeypatch):
    module = types.ModuleType("rtmlib")
    module.Body = Body
    monkeypatch.setitem(sys.modules, "rtmlib", module)
    return module


def test_its_people_come_through(rtmlib, monkeypatch):
    detector, _ = detectors.make("rtmpose")
    image = np.zeros((4, 5, 3), np.uint8)
    image[..., 0] = 200  # Red.
    found = detector.detect(image)
    np.testing.assert_allclose(np.stack(found)[..., :2], people()[:, 0, :, :2])
    assert found[1][:, 2].max() == 1.0
    assert detector._body.image[0, 0].tolist() == [0, 0, 200]  # Blue, green, red.
    monkeypatch.setattr(Body, "boxes", [])
    assert detector.detect(image) == []
    assert detector.layout == "coco"


def test_what_is_missing_is_said(rtmlib, monkeypatch):
    def fails(*args, **kwargs):
        raise OSError("no network")

    monkeypatch.setattr(rtmlib, "Body", fails)
    with pytest.raises(SynposeError, match=r"rtmlib's models can't be fetched \(no network\)"):
        detectors.make("rtmpose")
    monkeypatch.setitem(sys.modules, "rtmlib", None)
    with pytest.raises(SynposeError, match=r"--detector=rtmpose needs rtmlib .* pip install 'synp"):
        detectors.make("rtmpose")
