"""Locks between processes, on every system: the operating system lets go of them after any death.

`filelock` takes each system's own, and marks a file by its process's number where there is none.
"""

import pathlib

import filelock

from synpose_tf.errors import SynposeError


def lock(path: pathlib.Path, in_use: str) -> filelock.BaseFileLock | None:
    """Locks a file, which is made, against other processes; never waits.

    Args:
        path: the file; its folder must exist.
        in_use: the error's text where another process holds the lock.

    Returns:
        The lock, which holds until it is released or nobody refers to it any more; None where the
        file system has no locks.

    Raises:
        SynposeError: another process holds it.
    """
    held = filelock.FileLock(path, timeout=0)
    try:
        held.acquire()
    except filelock.Timeout:
        raise SynposeError(in_use) from None
    except (OSError, NotImplementedError):
        return None
    return held
