"""One module a file format; `synpose_tf.keypoints.reading` lists them."""

__all__ = [
    "alphapose",
    "coco_annotations",
    "deeplabcut",
    "detectron",
    "lifted_poses",
    "mediapipe",
    "mmpose",
    "numpy_arrays",
    "openpose",
    "results_list",
    "sleap",
    "stacked_hourglass",
    "videopose3d",
    "vitpose",
    "yolo",
]
