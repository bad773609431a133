"""A lifter under evaluation: a training run's, or one that comes with the package."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np

from synpose_tf.evaluation import protocols
from synpose_tf.inference import pretrained
from synpose_tf.inference.lifter import Lifter
from synpose_tf.training import checkpoint
from synpose_tf.version import __version__


@dataclasses.dataclass(frozen=True)
class EvaluatedLifter:
    """What lifts, and what a table says of it.

    Args:
        lift: from views, arrays `keypoints_2d` (poses, 17, 2), pixels, `intrinsics` (poses, 9)
            and, of detections, `confidence` (poses, 17), to poses (poses, 17, 3), camera frame,
            root-relative, unscaled.
        mode: normalisation, `paper` or `camera`.
        distance: of the camera, which `paper` mode assumes, in mean radii.
        label: ends the names of the tables' files.
        description: which lifter it is, for captions.
        about: the same for programs, JSON-serialisable.
        folder: where tables go unless the user says.
        dataset: what it is evaluated on unless the user says; None where the user must.
        over_time: whether clips are lifted as recordings; views must have `clip`, the first
            view of each one's clip, and `rate`.
        trained_on: data sets by their full names, of which a caption warns. Nobody needs to be
            warned that a run is evaluated on its own data set.
    """

    lift: Callable[[dict[str, np.ndarray]], np.ndarray]
    mode: str
    distance: float
    label: str
    description: str
    about: dict[str, Any]
    folder: pathlib.Path
    dataset: str | None = None
    trained_on: tuple[str, ...] = ()
    over_time: bool = False

    def warning(self, full_name: str, split: str) -> str:
        """In what the figures of a split flatter the lifter; empty where they don't.

        Args:
            full_name: of the data set, with or without config and version.
            split: `train`, `test`, …
        """
        name = full_name.split("/")[0]
        if name not in (trained.split("/")[0] for trained in self.trained_on):
            return ""
        if split == "train":
            return f"Warning: {name}'s training split trained this lifter."
        return (
            f"Warning: {name}'s training split is among what trained this lifter. Other people, "
            "but the same cameras and kinds of motion: it may do worse on people of elsewhere."
        )


def from_workdir(path: pathlib.Path | str, name: str) -> EvaluatedLifter:
    """The lifter of a training run, of any method.

    Args:
        path: the run's folder.
        name: the checkpoint, `last` or `best`.

    Raises:
        SynposeError: no run or checkpoint there.
    """
    workdir = checkpoint.Workdir(path)
    run = workdir.run()
    model = workdir.load(name)
    step = int(model.iterations)
    lift = functools.partial(protocols.lift, model)
    if getattr(model, "window", 1) > 1:
        lift = functools.partial(_lift_views, Lifter.from_workdir(path, name))
    return EvaluatedLifter(
        lift,
        model.mode,
        model.distance,
        label=name,
        description=f"{workdir.path}, checkpoint {name}, step {step}",
        about={"step": step, "run": run},
        folder=workdir.path / "evaluation",
        dataset=run["dataset"].rpartition("/")[0],
        over_time=getattr(model, "window", 1) > 1,
    )


def from_pretrained(name: str, temporal: str = "") -> EvaluatedLifter:
    """A lifter that comes with the package; joints that were not detected are filled in.

    Args, Raises: as `Lifter.from_pretrained`.
    """
    card = pretrained.card(name)
    lifter = Lifter.from_pretrained(name, temporal)
    return EvaluatedLifter(
        functools.partial(_lift_views, lifter),
        lifter.mode,
        lifter.distance,
        label="_".join(filter(None, (name, temporal))),
        description=f"the {name} lifter of synpose_tf {__version__}"
        + (f", corrected in time ({temporal})" if temporal else "")
        + f", trained on {' and '.join(card['trained_on'])}",
        about={"pretrained": name, "temporal": temporal, "card": card},
        folder=pathlib.Path("evaluation") / name,
        trained_on=tuple(card["trained_on"]),
        over_time=bool(temporal),
    )


def _lift_views(lifter, views):
    keypoints = views["keypoints_2d"]
    if "confidence" in views:
        keypoints = np.where(views["confidence"][..., None] > 0, keypoints, np.nan)
    if lifter.temporal is None:
        return lifter.lift(keypoints, views["intrinsics"]).poses
    return _lift_clips(lifter, keypoints, views)


def _lift_clips(lifter, keypoints, views):
    """Clip by clip, as recordings."""
    rate, clips = float(views["rate"][0]), views["clip"]
    poses = np.empty((*keypoints.shape[:2], 3), np.float32)
    for clip in np.unique(clips):
        rows = slice(*np.searchsorted(clips, [clip, clip + 1]))
        times = np.arange(rows.stop - rows.start) / rate
        lifted = lifter.lift(keypoints[rows], views["intrinsics"][rows], times=times, rate=rate)
        poses[rows] = lifted.poses
    return poses
