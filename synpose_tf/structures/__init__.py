"""Skeletons, and tracks of keypoints and poses."""

__all__ = ["camera_views", "skeleton", "tracks"]
