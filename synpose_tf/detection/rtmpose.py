"""RTMPose through rtmlib (extra `rtmpose`), which fetches its models itself: COCO's joints."""

import numpy as np

from synpose_tf.errors import SynposeError


class RTMPose:
    """Finds people by YOLOX and their joints by RTMPose.

    Args:
        mode: rtmlib's: `lightweight`, `balanced` or `performance`.

    Raises:
        SynposeError: rtmlib is missing, or its models can't be fetched.
    """

    layout = "coco"

    def __init__(self, mode: str = "balanced"):
        try:
            import rtmlib
        except ImportError as error:
            raise SynposeError(
                f"--detector=rtmpose needs rtmlib ({error}): pip install 'synpose_tf[rtmpose]'."
            ) from error
        try:
            self._body = rtmlib.Body(mode=mode, backend="onnxruntime", device="cpu")
        except OSError as error:  # Of the network, too.
            raise SynposeError(
                f"--detector=rtmpose: rtmlib's models can't be fetched ({error}). It wants a "
                "network the first time."
            ) from error

    def detect(self, image: np.ndarray) -> list[np.ndarray]:
        """See `people.Detector`."""
        image = np.ascontiguousarray(image[..., ::-1])  # BGR, as OpenCV's.
        boxes = self._body.det_model(image)
        if not len(boxes):  # RTMPose would take the whole picture for a person.
            return []
        keypoints, scores = self._body.pose_model(image, bboxes=boxes)
        return [
            np.concatenate([points, np.clip(score, 0.0, 1.0)[:, None]], axis=-1)
            for points, score in zip(keypoints, scores, strict=True)
        ]
