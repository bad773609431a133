"""Skeletons, and tracks of keypoints and poses."""
