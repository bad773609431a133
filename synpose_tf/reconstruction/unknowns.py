"""What bundle adjustment knows beforehand, what it may change, and what it finds."""

import dataclasses

import numpy as np

from synpose_tf.reconstruction.rig import Rig


@dataclasses.dataclass(frozen=True)
class Prior:
    """What is known beforehand, as standard deviations.

    Args:
        bones: for each bone (joint, joint, kind, millimetres); bones of one kind have one length.
        acceleration: millimetres a second squared, of each coordinate of a joint.
        loss: where the loss of an observation turns from squared to logarithmic, in units of the
            noise.
        log_focal: of the logarithm of a focal length that is not known.
        guess: millimetres, of `guesses`.
        lag: seconds, of a clock.
    """

    bones: tuple[tuple[int, int, int, float], ...]
    acceleration: float = 30_000.0
    loss: float = 2.0
    log_focal: float = 0.35
    guess: float = 80.0
    lag: float = 0.1


@dataclasses.dataclass(frozen=True)
class Free:
    """What may change beside the joints.

    Args:
        cameras: where they stand, but for the first.
        focal: their focal lengths: `known` for no, `each`, or `shared` by all.
        bones: how long they are. With `cameras`, their sum stays.
        clocks: of each camera but the first: `known` for no, their `offset`, or their `drift`, too.
    """

    cameras: bool = True
    focal: str = "known"
    bones: bool = True
    clocks: str = "known"


@dataclasses.dataclass(frozen=True)
class State:
    """All unknowns.

    Args:
        rig: the cameras.
        joints: (N, J, 3), world, millimetres.
        bones: (people, kinds), millimetres.
        lags: (V, 2), seconds by which each view's points are ahead of the joints, in the middle of
            the moments, and by how much more at their end; None for not at all.
    """

    rig: Rig
    joints: np.ndarray
    bones: np.ndarray
    lags: np.ndarray | None = None
