"""Exports for phones: `.tflite` files."""

__all__ = ["calibration", "depth_network", "litert", "qat", "writer"]
