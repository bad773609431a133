"""Metrics, the protocols that they are taken by, and the paper's tables."""
