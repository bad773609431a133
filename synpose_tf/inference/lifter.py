"""Lifting for users: pixels with gaps in, poses out, whole tracks in millimetres."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from synpose_tf.completion.network import Completion
from synpose_tf.errors import SynposeError
from synpose_tf.geometry import camera, normalization
from synpose_tf.inference import fusion, over_time, pretrained
from synpose_tf.inference.roll import Roll
from synpose_tf.keypoints import gaps
from synpose_tf.keypoints.conversion import (
    carried,
    h36m_confidence,
    to_h36m,
    world_to_h36m,
)
from synpose_tf.keypoints.plausibility import MIN_JOINTS, is_person
from synpose_tf.keypoints.upright import camera_roll
from synpose_tf.models.folded import Forward
from synpose_tf.models.folded_temporal import TemporalForward, features
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack, PoseTrack, joined

# Sum of the 16 bones over stature: mean of `synthetic_pose`'s people, standard deviation 0.05.
BONES_PER_STATURE = 2.40
BODY_HEIGHT_MM = 1700.0
_STATURES_MM = 300.0, 3000.0  # Of people from birth on, with room.
_BATCH = 2048


@dataclasses.dataclass(frozen=True)
class Lifted:
    """Lifted poses without metric scale.

    Args:
        poses: (n, 17, 3), camera frame, root-relative; NaN where too few joints were seen, or
            where these are too small or too flat to be a person.
        keypoints: (n, 17, 2), pixels, gaps filled in.
        inferred: (n, 17), True where a gap was filled in.
        fused: (n,), True where a detector's own depth went in.
    """

    poses: np.ndarray
    keypoints: np.ndarray
    inferred: np.ndarray
    fused: np.ndarray


class Lifter:
    """A trained lifter, ready for pixels of Human3.6M's 17 joints.

    Examples:
        >>> keypoints = np.random.default_rng(0).uniform(0.0, 300.0, (8, 17, 2))  # Pixels.
        >>> keypoints[:4, 16] = np.nan  # A joint that was missed.
        >>> lifted = Lifter.from_pretrained().lift(keypoints)
        >>> lifted.poses.shape
        (8, 17, 3)
        >>> lifted.inferred.sum(axis=1).tolist()
        [1, 1, 1, 1, 0, 0, 0, 0]

    Args:
        weights: of the `networks.Generator` that gives depths from normalised 2D poses.
        mode: normalisation, `paper` or `camera`.
        distance: of the camera, which `paper` mode assumes, in mean radii.
        completion: fills in missed joints; None for the one that comes with the package.
        temporal: corrects the poses of recordings in time; None for frames alone.
    """

    def __init__(
        self,
        weights: Sequence[np.ndarray],
        mode: str,
        distance: float = 0.0,
        completion: Completion | None = None,
        temporal: TemporalForward | None = None,
    ):
        self.mode = normalization.check_mode(mode)
        self.distance = distance
        self.completion = completion or Completion.pretrained()
        self.temporal = temporal
        self._forward = Forward.from_weights(weights)

    @classmethod
    def from_pretrained(cls, name: str = "paper", temporal: str = "") -> "Lifter":
        """A lifter that comes with the package.

        Args:
            name: one of `pretrained.NAMES`. `paper` needs pixels only, `camera` the intrinsics
                too and is more accurate.
            temporal: corrects the poses of recordings in time, one of `pretrained.TEMPORAL`:
                `centred` sees the frames around a pose, `causal` those before it; empty for
                neither.

        Raises:
            SynposeError: an unknown name, or no network over time for it.
        """
        model = pretrained.load(name)
        network = pretrained.load_temporal(name, temporal) if temporal else None
        return cls(model.weights, model.mode, model.distance, temporal=network)

    @classmethod
    def from_workdir(cls, path: pathlib.Path | str, name: str = "last") -> "Lifter":
        """The lifter of a training run.

        Args:
            path: the run's `--workdir`.
            name: the checkpoint, `last` or `best`.

        Raises:
            SynposeError: no run or checkpoint there, or a method that predicts no depths.
        """
        from synpose_tf.models.networks import Generator
        from synpose_tf.training import checkpoint  # Keras, which takes seconds to import.

        workdir = checkpoint.Workdir(path)
        workdir.run()  # Says what is wrong with a folder that holds none.
        model = workdir.load(name)
        generator: Any = getattr(model, "averaged_generator", None)
        if getattr(model, "window", 1) > 1:
            network = TemporalForward.from_weights(
                generator.get_weights(), generator.causal, model.bound
            )
            weights = model.single.get_weights()
            return cls(weights, model.mode, model.distance, temporal=network)
        if not isinstance(generator, Generator):
            raise SynposeError(
                f"--workdir={path}: its model does not lift by predicting depths. Train one with "
                "--method=synchronized or supervised."
            )
        return cls(generator.get_weights(), model.mode, model.distance)

    def lift(
        self,
        keypoints: npt.ArrayLike,
        intrinsics: np.ndarray | None = None,
        doubt: bool = False,
        world: np.ndarray | None = None,
        times: np.ndarray | None = None,
        rate: float | None = None,
        correct: Callable[..., np.ndarray] | None = None,
    ) -> Lifted:
        """Lifts 2D poses.

        Args:
            keypoints: (n, 17, 2), pixels; NaN where a joint was missed. A pose with fewer than
                `MIN_JOINTS` joints becomes NaN, as does one too small or too flat to be a person
                (`keypoints.plausibility`).
            intrinsics: (9,) or (n, 9), see `synpose_tf.geometry.camera`; `camera` mode needs them.
            doubt: treat joints that contradict the others as missed
                (`PoseDistribution.outliers`); for detections.
            world: (n, 17, 3), the detector's own 3D, camera frame, relative to the root, in any
                unit, NaN where unknown; its depths are averaged with the lifter's (`fusion`).
            times: (n,), seconds: the poses are one person's, and `temporal` corrects them.
            rate: frames a second; None for what `times` tell.
            correct: see `lift_batch`; in place of what `temporal` corrects.

        Raises:
            ValueError: a wrong shape.
            SynposeError: `camera` mode without intrinsics.
        """
        keypoints = np.asarray(keypoints, np.float32)
        if keypoints.ndim != 3 or keypoints.shape[1:] != (len(H36M_17), 2):
            raise ValueError(f"keypoints must be (n, 17, 2), found {keypoints.shape}")
        if intrinsics is None and self.mode == "camera":
            raise SynposeError(
                "This lifter was trained with camera normalisation and needs the camera's "
                "intrinsics."
            )
        if intrinsics is not None:
            intrinsics = np.broadcast_to(np.asarray(intrinsics, np.float32), (len(keypoints), 9))
        if correct is None and self.temporal is not None and times is not None and len(times):
            rate = over_time.frame_rate(times) if rate is None else rate
            correct = functools.partial(
                over_time.corrections, self.temporal, np.asarray(times), rate
            )
        if correct is not None:
            return Lifted(*self.lift_batch(keypoints, intrinsics, doubt, world, correct))
        chunks = []
        for start in range(0, max(len(keypoints), 1), _BATCH):
            batch = slice(start, start + _BATCH)
            given = None if intrinsics is None else intrinsics[batch]
            other = None if world is None else world[batch]
            chunks.append(self.lift_batch(keypoints[batch], given, doubt, other))
        return Lifted(*(np.concatenate(parts) for parts in zip(*chunks, strict=True)))

    def lift_batch(
        self,
        keypoints: np.ndarray,
        intrinsics: np.ndarray | None,
        doubt: bool,
        world: np.ndarray | None = None,
        correct: Callable[..., np.ndarray] | None = None,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """What `lift` gives, of poses that are lifted at once.

        Args:
            keypoints, doubt, world: as `lift`.
            intrinsics: (n, 9), or None.
            correct: gives corrections (n, 17, 3) from `folded_temporal.features` (n, 67) and where
                there is a pose (n,); None for none.
        """
        seen = np.isfinite(keypoints).all(-1)
        known = np.where(seen[..., None], keypoints, 0.0).astype(np.float32)
        enough = (seen.sum(-1) >= MIN_JOINTS) & is_person(known, seen)
        if doubt:
            seen &= ~self.completion.distribution.outliers(known, seen)
        complete = known
        if not seen.all():
            gaps = ~seen.all(-1)
            complete[gaps] = self.completion.complete(known[gaps], seen[gaps].astype(np.float32))
        poses, frame = normalization.normalize_2d(complete, self.mode, intrinsics, self.distance)
        depths, fused = self._depths(poses), np.zeros(len(poses), bool)
        if correct is not None:
            change = correct(features(poses, depths, seen.astype(np.float32)), enough)
            poses, depths = poses + change[..., :2], depths + change[..., 2]
        if world is not None:
            depths, fused = fusion.fuse(depths, poses, world)
        lifted = normalization.lift(poses, depths, frame.perspective)
        lifted = normalization.to_camera_frame(lifted, frame)
        lifted[~enough], complete[~enough] = np.nan, np.nan
        return lifted, complete, ~seen, fused & enough

    def _depths(self, poses):
        """As `networks.Generator`: (n, 17, 2) to (n, 17), the root's depth is 0."""
        return np.pad(self._forward(poses.reshape(-1, 2 * len(H36M_17))), ((0, 0), (1, 0)))

    def lift_track(
        self,
        track: KeypointTrack,
        intrinsics: np.ndarray | None = None,
        body_height: float = BODY_HEIGHT_MM,
        roll: float | None = None,
        lifter_only: bool = False,
        correct: Callable[..., np.ndarray] | None = None,
    ) -> PoseTrack:
        """Lifts a person's track to millimetres, piece by piece.

        Joints that jump count as missed, and what is missed for a moment is filled in from the
        frames before and after (`keypoints.gaps`). Joints that contradict the others count as
        missed. A pose's size is unknown from one
        view: every frame gets the size at which the bones, added up, are those of somebody of
        `body_height`. The roll of the camera is taken out before lifting and put back after.
        Depths of the detector's own go in (`fusion`).

        Args:
            track: a `KeypointTrack`; `synpose_tf.keypoints` maps its layout.
            intrinsics: (9,); gives the root's path as well.
            body_height: stature in millimetres.
            roll: degrees by which upright people are tilted clockwise in the image; None to
                estimate it (`synpose_tf.keypoints.upright`).
            lifter_only: leave the detector's depths out.
            correct: see `lift_batch`; in place of what `temporal` corrects. For a track of a few
                frames, which is lifted at once.

        Raises:
            SynposeError: `camera` mode without intrinsics, no stature, or a full disk.

        Returns:
            The poses, in the track's `scratch` if it has one.
        """
        check_body_height(body_height)
        if roll is None:
            roll = camera_roll(track.keypoints, track.layout)
        if lifter_only:
            track = dataclasses.replace(track, world=None)
        mended: list[int] = []
        pieces = self._lift_pieces(track, intrinsics, body_height, roll, correct, mended)
        columns = {"root": None} | joined(pieces, track.scratch)
        return PoseTrack(
            name=track.name,
            frames=track.frames,
            times=track.times,
            body_height=body_height,
            image_size=track.image_size,
            roll=roll,
            intrinsics=intrinsics,
            camera_from="" if intrinsics is None else "given",
            mended=sum(mended),
            scratch=track.scratch,
            **columns,
        )

    def corrects(self, track: KeypointTrack) -> bool:
        """Whether `lift_track` corrects this track's poses in time."""
        fast = over_time.stride(over_time.frame_rate(track.times)) > 0
        return self.temporal is not None and fast

    def _lift_pieces(self, track, intrinsics, body_height, roll, correct, mended):
        """Columns of a `PoseTrack`, piece by piece; how many joints were mended goes to a list."""
        rate = over_time.frame_rate(track.times) if self.corrects(track) else None
        for piece, meant in over_time.overlapping_pieces(track, self.temporal):
            columns = self._lift_piece(piece, intrinsics, body_height, roll, rate, correct)
            mended.append(int(columns.pop("mended")[meant].sum()))
            yield {name: column[meant] for name, column in columns.items()}

    def _lift_piece(self, track, intrinsics, body_height, roll, rate, correct):
        keypoints, mended = gaps.mend(to_h36m(track)[0], track.times)
        turn = Roll(roll, intrinsics)
        world = turn.out_of_space(world_to_h36m(track))
        times = None if rate is None else track.times
        lifted = self.lift(
            turn.out_of(keypoints), turn.intrinsics, True, world, times, rate, correct
        )
        inferred = lifted.inferred | mended
        unit = body_height * BONES_PER_STATURE / bone_sum(lifted.poses)
        columns = {
            "poses": turn.back(lifted.poses * unit[:, None, None]),
            "keypoints": turn.into(lifted.keypoints, keypoints, inferred),
            "inferred": inferred,
            "mended": mended,
            "confidence": np.where(inferred, np.float32(0.0), h36m_confidence(track)),
        }
        if track.exchanged is not None:
            columns["exchanged"] = _carried(track.exchanged, track.layout)
        if track.world is not None:
            columns["fused"] = lifted.fused
        if turn.intrinsics is not None:
            columns["root"] = turn.back(root_path(lifted.keypoints, unit, turn.intrinsics))
        return columns


def _carried(marks, layout):
    """Marks of a layout's joints (n, J) at Human3.6M's (n, 17)."""
    order = carried(layout)
    return marks[:, [index or 0 for index in order]] & [index is not None for index in order]


def check_body_height(millimetres: float) -> None:
    """Refuses what is no stature, such as metres.

    Raises:
        SynposeError: it is none.
    """
    least, most = _STATURES_MM
    if not least <= millimetres <= most:
        meant = [m for m in (1000.0, 10.0) if least <= m * millimetres <= most]
        hint = f" Did you mean {meant[0] * millimetres:g}?" if meant else ""
        raise SynposeError(
            f"--body_height={millimetres:g}: expected millimetres, from {least:g} to {most:g}."
            + hint
        )


def bone_sum(poses: np.ndarray) -> np.ndarray:
    """Sum of the bone lengths of poses (n, 17, 3): (n,)."""
    child, parent = np.transpose(H36M_17.bones)
    return np.linalg.norm(poses[:, child] - poses[:, parent], axis=-1).sum(-1)


def root_path(keypoints: np.ndarray, unit: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Where the root is, from the size in the image and the size in millimetres.

    Args:
        keypoints: (n, 17, 2), pixels.
        unit: (n,), millimetres of a pose's unit, its mean image radius.
        intrinsics: (9,).

    Returns:
        (n, 3), millimetres, camera frame.
    """
    intrinsics = np.broadcast_to(np.asarray(intrinsics, np.float64), (len(keypoints), 9))
    _, frame = normalization.normalize_2d(keypoints.astype(np.float64), "camera", intrinsics)
    depth = unit / frame.scale[:, 0, 0]
    axis = np.array([0.0, 0.0, 1.0])
    return camera.unrotate(depth[:, None, None] * axis, frame.rotation)[:, 0]
