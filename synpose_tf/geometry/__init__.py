"""Cameras, and the normalisation of poses."""

__all__ = ["camera", "normalization"]
