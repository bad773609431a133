"""The runs behind a table of several methods, and that table."""

__all__ = ["runner", "suites", "tables"]
