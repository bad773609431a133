"""The training loop and what it feeds, watches and saves."""

__all__ = [
    "augmentation",
    "checkpoint",
    "completion",
    "detections",
    "distribution",
    "guard",
    "input_pipeline",
    "loop",
    "monitor",
]
