"""Lifts what a camera sees, now, and shows it on a page of this computer."""

__all__ = ["server", "watching"]
