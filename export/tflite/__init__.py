"""Exports for phones: `.tflite` files."""
