"""Lifts keypoints with trained weights."""

__all__ = ["evaluated_lifter", "lifter", "pretrained", "smoothing"]
