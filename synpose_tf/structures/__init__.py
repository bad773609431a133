"""Skeletons, and tracks of keypoints and poses."""

__all__ = ["skeleton", "tracks"]
