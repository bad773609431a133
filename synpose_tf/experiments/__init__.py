"""The runs behind a table of several methods, and that table."""
