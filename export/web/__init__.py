"""The lifter as a page for browsers, phones' among them."""

__all__ = [
    "bundle",
    "completion_files",
    "detector_model",
    "icons",
    "page_code",
    "runtime",
    "server",
    "writer",
]
