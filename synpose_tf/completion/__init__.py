"""Fills in the joints that a detector missed."""
