"""The package's version, in one place for `setup.cfg`, the commands and the files they write."""

__version__ = "0.1.0"
