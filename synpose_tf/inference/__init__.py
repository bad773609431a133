"""Lifts keypoints with trained weights."""
