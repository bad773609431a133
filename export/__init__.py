"""Exports of trained lifters."""

__all__ = [
    "exporting",
    "formats",
    "model_card",
    "report",
    "saved_model",
    "tflite",
    "trained",
    "verification",
    "versions",
]
