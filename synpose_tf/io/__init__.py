"""Files that are written whole or not at all, and arrays that lie on disk."""

__all__ = ["cache", "files", "hdf5", "locks", "restricted_npz", "scratch"]
