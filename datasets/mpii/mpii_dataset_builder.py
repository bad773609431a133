"""MPII Human Pose as 2D poses on the shared pose schema."""

import functools
import pathlib
import zlib
from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from etils import epath

from synpose_tf.datasets.mpii.joints import to_h36m_17
from synpose_tf.datasets.mpii.release import Image, read_images
from synpose_tf.datasets.pose_dataset import PoseDatasetBuilder, View, manual_dir, pose_features
from synpose_tf.errors import SynposeError

FILE = "mpii_human_pose_v1_u12_1.mat"
TEST_LIST = "valid_images.txt"
TEST_SHARE = 8  # without a list, one image in so many is a test image


class Builder(PoseDatasetBuilder):
    """Builder of `mpii`; needs the official annotation file in `manual_dir`."""

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = """
    Fetch mpii_human_pose_v1_u12_2.zip (12.5 MB, "Annotations") from
    http://human-pose.mpi-inf.mpg.de/#download and put mpii_human_pose_v1_u12_1.mat, which is
    inside, into manual_dir. The images are not needed. A text file valid_images.txt beside it,
    one image name a line, defines the test split; without it that is one image in eight.
    """
    pkg_dir_path = epath.Path(__file__).parent
    code_path = epath.Path(__file__)

    def _info(self):
        return self.dataset_info_from_configs(
            features=pose_features(has_3d=False, has_confidence=True),
            homepage="http://human-pose.mpi-inf.mpg.de/",
        )

    def _shards(self, dl_manager):
        path = find_file(manual_dir(dl_manager), self.MANUAL_DOWNLOAD_INSTRUCTIONS)
        images = read_images(path)
        if not images:
            raise SynposeError(f"{path}: nobody in it is annotated. Is it the official file?")
        in_test = test_images(path, [image.name for image in images])
        splits = {
            "train": [image for image in images if image.name not in in_test],
            "test": [image for image in images if image.name in in_test],
        }
        return {
            split: [functools.partial(views, members)]
            for split, members in splits.items()
            if members
        }


def find_file(folder: pathlib.Path, instructions: str) -> pathlib.Path:
    """The official file at, or up to two folders below, `folder`.

    Raises:
        SynposeError: there is none; repeats the instructions.
    """
    for depth in ("", "*/", "*/*/"):
        for path in sorted(folder.glob(depth + FILE)):
            return path
    raise SynposeError(f"{folder}: holds no {FILE}.{instructions}")


def test_images(path: pathlib.Path, names: Sequence[str]) -> set[str]:
    """Those of the images that form the test split.

    They are the ones in `valid_images.txt` beside `path` or, without that file, those whose
    name's CRC-32 is divisible by `TEST_SHARE`: whole images, so that no picture is in both.

    Raises:
        SynposeError: the list names none of the images.
    """
    file = path.with_name(TEST_LIST)
    if not file.is_file():
        return {name for name in names if zlib.crc32(name.encode()) % TEST_SHARE == 0}
    listed = set(file.read_text(encoding="utf-8", errors="replace").split())
    found = listed & set(names)
    if not found:
        raise SynposeError(
            f"{file}: names none of the {len(names)} annotated images of {path.name}, which are "
            f"called like {names[0]}. Expected one image name a line."
        )
    if len(found) < len(listed):
        logging.warning(
            "%s: %d of %d images are not in %s.", file, len(listed - found), len(listed), path
        )
    return found


def views(images: Iterable[Image]) -> Iterator[View]:
    """Yields the annotated people of each image; the frame is the person's number there."""
    # All at once, because images are many and people in each are few.
    points, confidence = to_h36m_17(
        np.concatenate([image.points for image in images]),
        np.concatenate([image.confidence for image in images]),
    )
    ends = np.cumsum([len(image.numbers) for image in images])
    for image, end in zip(images, ends, strict=True):
        people = slice(end - len(image.numbers), end)
        yield View(
            subject=image.name,
            action="still",
            camera="unknown",
            keypoints_2d=points[people],
            keypoints_3d=None,
            intrinsics=np.zeros(9),
            up=np.zeros(3),
            frames=image.numbers,
            confidence=confidence[people],
        )
