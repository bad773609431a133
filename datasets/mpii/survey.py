"""What a folder holds of MPII Human Pose; names tell it."""

import functools
import pathlib

from synpose_tf.datasets.mpii import mpii_dataset_builder as builder
from synpose_tf.datasets.mpii.release import read_images
from synpose_tf.datasets.survey import Ready, Survey
from synpose_tf.errors import SynposeError

FILES = builder.FILE


def survey(folder: pathlib.Path) -> Survey | None:
    """What lies in a folder and up to two folders below it."""
    try:
        path = builder.find_file(folder, "")
    except SynposeError:
        return None
    listed = path.with_name(builder.TEST_LIST).is_file()
    unlisted = (builder.TEST_LIST, "a test split of your choice, in place of one image in eight")
    return Survey(
        title="MPII Human Pose",
        found=[f"{path.relative_to(folder)}{f', {builder.TEST_LIST} beside it' * listed}"],
        missing=[] if listed else [unlisted],
        notes=["2D only. The spine and nose are derived, which confidence 0 marks."],
        ready=[
            Ready(
                name=builder.Builder.name,
                splits=("train", "test"),
                example=functools.partial(_example, path),
                has_3d=False,
            )
        ],
    )


def _example(path):
    """The image whose first person has the most joints."""
    images = read_images(path)
    if not images:
        raise SynposeError(f"{path}: nobody in it is annotated. Is it the official file?")
    best = max(images, key=lambda image: image.confidence[0].sum())
    return next(builder.views([best]))
