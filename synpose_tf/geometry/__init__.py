"""Cameras, and the normalisation of poses."""
