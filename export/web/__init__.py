"""The lifter as a page for browsers, phones' among them."""

__all__ = ["completion_files"]
