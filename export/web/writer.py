"""The page with a lifter: a folder that any static server serves."""

import hashlib
import json
import pathlib
import shutil

from synpose_tf.export.tflite import writer as tflite
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.web import bundle, completion_files, icons
from synpose_tf.io import files
from synpose_tf.version import __version__

CARD, WORKER = "page.json", "service_worker.js"
DETECTOR = "pose_landmarker.task"
LIFTERS = {"float16": "lifter_float16.tflite", "int8": "lifter_int8.tflite"}


def write(trained: TrainedLifter, folder: pathlib.Path, detector: pathlib.Path) -> None:
    """Writes the page into an empty folder.

    Args:
        trained: the lifter.
        folder: of the page.
        detector: MediaPipe's model bundle.

    Raises:
        SynposeError: the page can't be built, or training poses can't calibrate.
    """
    shutil.copytree(bundle.built() / bundle.SITE, folder, dirs_exist_ok=True)
    for precision, name in LIFTERS.items():
        tflite.write(trained, folder, precision)
        (folder / tflite.litert.FILE).rename(folder / name)
    shutil.copyfile(detector, folder / DETECTOR)
    completion_files.write(folder)
    icons.write(folder)
    card = {
        "version": __version__,
        "lifter": trained.origin,
        "normalization": {"mode": trained.mode, "distance": trained.model.distance},
        "lifters": LIFTERS,
        "detector": DETECTOR,
    }
    files.write_text(folder / CARD, json.dumps(card, indent=1) + "\n")
    _name_the_cache(folder)


def _name_the_cache(folder):
    """Tells the service worker what to keep, and a version that changes with any of it."""
    paths = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != WORKER)
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.read_bytes())
    names = ["./", *(path.relative_to(folder).as_posix() for path in paths)]
    constants = f"const VERSION={json.dumps(digest.hexdigest()[:16])},FILES={json.dumps(names)};\n"
    worker = folder / WORKER
    files.write_text(worker, constants + worker.read_text("utf-8"))
