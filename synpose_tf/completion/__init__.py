"""Fills in the joints that a detector missed."""

__all__ = ["gaussian", "network"]
