"""The npz of lifted poses that `synpose_tf.output.npz_file` writes, to lift its 2D joints anew.

Joints that were inferred count as missed, as they did for the detector.
"""

import pathlib

import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints.detections import Person
from synpose_tf.structures.skeleton import H36M_17

NAME = "poses of synpose_tf"
ARRAYS = ("poses", "keypoints", "inferred", "track", "names")


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The people of a file.

    Raises:
        SynposeError: the file is damaged, or its arrays do not fit together.
    """
    with reading(path), np.load(path, allow_pickle=False) as archive:
        keys = ("track", "frames", "times", "keypoints", "inferred", "names", "image_size")
        columns = {key: archive[key] for key in keys}
        if "confidence" in archive:  # Files of before have none.
            columns["confidence"] = archive["confidence"]
    count, names = len(columns["track"]), columns["names"]
    shapes = {
        "track": (count,), "frames": (count,), "times": (count,), "names": (len(names),),
        "keypoints": (count, len(H36M_17), 2), "inferred": (count, len(H36M_17)),
        "image_size": (len(names), 2), "confidence": (count, len(H36M_17)),
    }  # fmt: skip
    kinds = dict.fromkeys(shapes, "iuf") | {"names": "U", "inferred": "b"}
    for key, array in columns.items():
        if array.shape != shapes[key] or array.dtype.kind not in kinds[key]:
            raise SynposeError(
                f"{path}: {key} is {array.dtype} of shape {array.shape}, expected {shapes[key]}. "
                "The file is not as synpose_tf writes it; lift its keypoints again."
            )
    if not np.isin(columns["track"], np.arange(len(names))).all():
        raise SynposeError(f"{path}: track has numbers beyond its {len(names)} names.")
    return [_person(path, columns, number, scratch) for number in range(len(names))]


def _person(path, columns, number, scratch):
    rows = columns["track"] == number
    score = np.ones(columns["inferred"][rows].shape)
    if "confidence" in columns:
        score = np.nan_to_num(columns["confidence"][rows], nan=1.0)
    score[columns["inferred"][rows]] = 0.0
    joints = np.concatenate([columns["keypoints"][rows], score[..., None]], axis=-1)
    size = columns["image_size"][number]
    return Person(
        name=str(columns["names"][number]),
        frames=columns["frames"][rows].astype(np.int64),
        joints=scratch.keep(joints.astype(np.float32)),
        where=str(path),
        times=columns["times"][rows].astype(np.float64),
        layout=H36M_17,
        image_size=(int(size[0]), int(size[1])) if (size > 0).all() else None,
    )
