"""Writes keypoint files of every format that is read, as detectors do."""

import json
import pathlib

import keypoint_arrays
import numpy as np
from keypoint_arrays import COCO_NAMES, IMAGE

from synpose_tf.keypoints.layouts import BODY_25, COCO_17, HALPE_26, MEDIAPIPE_33, OPENPOSE_18
from synpose_tf.structures.skeleton import H36M_17, MPII_16, joint_map

LAYOUT = {
    "results": COCO_17,
    "coco_annotations": COCO_17,
    "alphapose": HALPE_26,
    "alphapose_open": OPENPOSE_18,
    "alphapose_cmu": OPENPOSE_18,
    "poseflow": COCO_17,
    "openpose": BODY_25,
    "openpose_first": OPENPOSE_18,
    "mmpose": COCO_17,
    "mmpose_list": HALPE_26,
    "mmpose_images": HALPE_26,
    "mmpose_photos": COCO_17,
    "yolo": COCO_17,
    "yolo_video": COCO_17,
    "vitpose": COCO_17,
    "mediapipe": MEDIAPIPE_33,
    "npy": H36M_17,
    "npz": COCO_17,
    "rtmlib": COCO_17,
    "videopose3d": H36M_17,
    "detectron": COCO_17,
    "hourglass": MPII_16,
    "deeplabcut": COCO_17,
    "deeplabcut_hdf5": COCO_17,
    "sleap": COCO_17,
    "poses": H36M_17,
}  # fmt: skip


def walk(layout, frames=12, seed=0, place=(300.0, 400.0)):
    """(F, J, 3): a person whose joints are spread over 200 px, walking right; confidence 0.9."""
    rng = np.random.default_rng(seed)
    pose = rng.uniform(-100, 100, (1, len(layout), 2))
    for left, right in layout.left_right:  # Bones of one length, left and right.
        pose[:, right] = pose[:, left] + (5.0, 0.0)
    path = np.array(place) + np.arange(frames)[:, None, None] * (2.0, 0.0)
    points = pose + path + rng.normal(0.0, 1.0, (frames, 1, 2))
    confidence = np.full((*points.shape[:2], 1), 0.9)
    return np.round(np.concatenate([points, confidence], -1), 3)


def write(form: str, folder: pathlib.Path, people, frames=None) -> pathlib.Path:
    """Writes people (F, J, 3) in a form of `LAYOUT`; gives the file or folder to be read."""
    frames = np.arange(len(people[0])) if frames is None else frames
    return _WRITERS[form](folder, people, [int(frame) for frame in frames])


def _dump(path, tree):
    path.write_text(json.dumps(tree))
    return path


def _results(folder, people, frames):
    entries = [
        {"image_id": f, "category_id": 1, "keypoints": person[i].ravel().tolist(), "score": 0.9}
        for i, f in enumerate(frames)
        for person in people
    ]
    return _dump(folder / "results.json", entries)


def _coco_annotations(folder, people, frames):
    annotations = [
        {
            "image_id": f,
            "id": 100 * i + number,
            "category_id": 1,
            "iscrowd": 0,
            "num_keypoints": 17,
            "keypoints": np.insert(person[i, :, :2], 2, 2, axis=-1).ravel().tolist(),
        }
        for i, f in enumerate(frames)
        for number, person in enumerate(people)
    ]
    crowd = {"image_id": frames[0], "id": 9, "iscrowd": 1, "keypoints": [0] * 51}
    tree = {
        "info": {"year": 2017},
        "images": [{"id": f, "file_name": f"{f:012d}.jpg", "width": 640} for f in frames],
        "annotations": [*annotations, crowd],
        "categories": [
            {"id": 1, "name": "person", "keypoints": COCO_NAMES, "skeleton": [[16, 14]]}
        ],
    }
    return _dump(folder / "person_keypoints.json", tree)


def _alphapose(folder, people, frames):
    entries = [
        {
            "image_id": f"{f}.jpg",
            "category_id": 1,
            "keypoints": person[i].ravel().tolist(),
            "score": 2.8,
            "box": [1.0, 2.0, 3.0, 4.0],
            "idx": [number + 1.0],
        }
        for i, f in enumerate(frames)
        for number, person in enumerate(people)
    ]
    return _dump(folder / "alphapose-results.json", entries)


def _alphapose_open(folder, people, frames):
    return _by_image(folder, people, frames, "people", "pose_keypoints_2d")


def _alphapose_cmu(folder, people, frames):
    return _by_image(folder, people, frames, "bodies", "joints")


def _by_image(folder, people, frames, listed, key):
    tree = {
        f"{f}.jpg": {
            "version": "AlphaPose v0.3",
            listed: [{key: person[i].ravel().tolist()} for person in people],
        }
        for i, f in enumerate(frames)
    }
    return _dump(folder / "alphapose-results.json", tree)


def _poseflow(folder, people, frames):
    tree = {
        f"{f}.jpg": [
            {"keypoints": person[i].ravel().tolist(), "scores": 2.5, "idx": number + 1}
            for number, person in enumerate(people)
        ]
        for i, f in enumerate(frames)
    }
    return _dump(folder / "alphapose-results-forvis-tracked.json", tree)


def _openpose_first(folder, people, frames):
    _openpose(folder, people, frames)
    for path in folder.iterdir():
        path.write_text(path.read_text().replace("pose_keypoints_2d", "pose_keypoints"))
    return folder


def _openpose(folder, people, frames):
    for i, f in enumerate(frames):
        entries = [
            {
                "person_id": [-1],
                "pose_keypoints_2d": person[i].ravel().tolist(),
                "face_keypoints_2d": [],
                "hand_left_keypoints_2d": [],
            }
            for person in people
        ]
        _dump(folder / f"video_{f:012d}_keypoints.json", {"version": 1.3, "people": entries})
    return folder


def _instances(people, i):
    return [
        {
            "keypoints": person[i, :, :2].tolist(),
            "keypoint_scores": person[i, :, 2].tolist(),
            "bbox": [[1.0, 2.0, 3.0, 4.0]],
            "bbox_score": 0.9,
        }
        for person in people
    ]


def _mmpose_list(folder, people, frames):
    entries = [{"frame_id": f, "instances": _instances(people, i)} for i, f in enumerate(frames)]
    return _dump(folder / "video.json", entries)


def _mmpose(folder, people, frames):
    entries = json.loads(_mmpose_list(folder, people, frames).read_text())
    meta = {"dataset_name": "coco", "num_keypoints": 17, "flip_pairs": [[1, 2]]}
    return _dump(folder / "video.json", {"meta_info": meta, "instance_info": entries})


def _mmpose_images(folder, people, frames):
    for i, f in enumerate(frames):
        _dump(folder / f"image_{f:05d}.json", _instances(people, i))
    return folder


def _mmpose_photos(folder, people, frames):
    for i, f in enumerate(frames):
        tree = {"meta_info": {"dataset_name": "coco"}, "instance_info": _instances(people, i)}
        _dump(folder / f"results_{f:05d}.json", tree)
    return folder


def _yolo_people(people, i):
    entries = []
    for person in people:
        columns = dict(zip(("x", "y", "visible"), person[i].T.tolist(), strict=True))
        box = {"x1": 1.0, "y1": 2.0, "x2": 3.0, "y2": 4.0}
        entry = {"name": "person", "class": 0, "confidence": 0.8, "box": box}
        entries.append(entry | {"keypoints": columns})
    return entries


def _yolo(folder, people, frames):
    for i, f in enumerate(frames):
        _dump(folder / f"walk_{f}.json", _yolo_people(people, i))
    return folder


def _yolo_video(folder, people, frames):
    listed = [
        _yolo_people(people, frames.index(f)) if f in frames else [] for f in range(max(frames) + 1)
    ]
    return _dump(folder / "walk.json", listed)


def _vitpose(folder, people, frames):
    listed = [
        {str(n): people[n][frames.index(f)][:, [1, 0, 2]].tolist() for n in range(len(people))}
        if f in frames
        else {}
        for f in range(max(frames) + 1)
    ]
    names = dict(enumerate(COCO_NAMES))
    return _dump(folder / "walk_result.json", {"keypoints": listed, "skeleton": names})


def _mediapipe(folder, people, frames):
    def landmarks(joints):
        x, y, visibility = joints.T
        return np.stack([x / IMAGE[0], y / IMAGE[1], 0 * x, visibility], -1).tolist()

    entries = [
        {"frame": f, "time": f / 25.0, "people": [{"landmarks": landmarks(p[i])} for p in people]}
        for i, f in enumerate(frames)
    ]
    head = {"format": "mediapipe-pose-landmarks", "image_size": list(IMAGE), "fps": 25.0}
    return _dump(folder / "landmarks.json", {**head, "frames": entries})


_WRITERS = {
    "results": _results,
    "coco_annotations": _coco_annotations,
    "alphapose": _alphapose,
    "alphapose_open": _alphapose_open,
    "alphapose_cmu": _alphapose_cmu,
    "poseflow": _poseflow,
    "openpose": _openpose,
    "openpose_first": _openpose_first,
    "mmpose": _mmpose,
    "mmpose_list": _mmpose_list,
    "mmpose_images": _mmpose_images,
    "mmpose_photos": _mmpose_photos,
    "yolo": _yolo,
    "yolo_video": _yolo_video,
    "vitpose": _vitpose,
    "mediapipe": _mediapipe,
    **keypoint_arrays.WRITERS,
}


def in_layout(poses, layout):
    """Human3.6M-17 points (…, 17, d) in a layout's order, NaN for joints it has besides."""
    order = joint_map(H36M_17, layout)
    points = poses[..., [index or 0 for index in order], :].copy()
    points[..., [index is None for index in order], :] = np.nan
    return points
