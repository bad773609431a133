"""Finds people in pictures."""

__all__ = [
    "detectors",
    "landmarks_file",
    "mediapipe",
    "model_bundle",
    "people",
    "picture_flags",
    "pipeline",
    "rtmpose",
    "session",
    "shots",
    "windows",
]
