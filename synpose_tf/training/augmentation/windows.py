"""Draws that consecutive poses of a window share, or that move on slowly from one to the next.

Poses of windows lie one after the other in a batch: `frames` of a window, then those of the next.
With `frames` 1 each pose has draws of its own, as an example alone has.
"""

import numpy as np
import tensorflow as tf

from synpose_tf.models.folded_temporal import FRAME_RATE


def shared(draws: tf.Tensor, frames: int) -> tf.Tensor:
    """One draw a window (n, …) as one a pose (n · frames, …)."""
    return draws if frames == 1 else tf.repeat(draws, frames, axis=0)


def uniform(shape: tuple, seed: tf.Tensor, frames: int, seconds: float) -> tf.Tensor:
    """U[0, 1) whose draws stay near each other for a time.

    Args:
        shape: (poses, …); poses are windows of `frames`.
        seed: (2,), integers.
        frames: of a window.
        seconds: time constant; correlations fall as exp(-t / seconds).
    """
    if frames == 1:
        return tf.random.stateless_uniform(shape, seed)
    draws = correlated(tf.random.stateless_normal(shape, seed), frames, {seconds: 1.0})
    return 0.5 * (1.0 + tf.math.erf(draws / np.float32(np.sqrt(2.0))))


def correlated(draws: tf.Tensor, frames: int, shares: dict[float, float]) -> tf.Tensor:
    """Independent normal draws made to move on in time, with the same variance.

    Args:
        draws: (poses, …), standard normal; poses are windows of `frames`.
        frames: of a window.
        shares: time constants, seconds, and the share of the variance that fades with each,
            0 seconds for a share that is new in every frame.
    """
    if frames == 1:
        return draws
    time = np.arange(frames) / FRAME_RATE
    apart = np.abs(time[:, None] - time)
    correlation = sum(
        share * (np.exp(-apart / seconds) if seconds else np.eye(frames))
        for seconds, share in shares.items()
    )
    mixing = np.linalg.cholesky(correlation).astype(np.float32)
    windows = tf.reshape(draws, (-1, frames, np.prod(draws.shape[1:])))
    return tf.reshape(tf.einsum("st,ntk->nsk", mixing, windows), tf.shape(draws))
