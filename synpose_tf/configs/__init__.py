"""Configurations for `python -m synpose_tf.train --config=NAME`."""

__all__ = [
    "ablation",
    "default",
    "paper",
    "robust",
    "robust_synchronized",
    "robust_temporal",
    "robust_temporal_synchronized",
    "small",
]
