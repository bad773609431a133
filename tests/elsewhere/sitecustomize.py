"""Takes away what Windows lacks, from every Python whose PYTHONPATH names this folder.

Python imports a module of this name before anything else, in the processes that a command starts as
well. What others do on Windows is their own affair: etils, which asks who owns a file elsewhere
only, keeps its modules, and a folder can't be opened by this package alone.
"""

import builtins
import os
import signal
import sys

MODULES = ("fcntl", "grp", "pwd", "resource", "termios")
OF_OS = (
    "chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getgid", "getpgid", "getuid",
    "killpg", "lockf", "mkfifo", "nice", "posix_fadvise", "posix_fallocate", "posix_spawn",
    "pread", "preadv", "pwrite", "pwritev", "register_at_fork", "sched_getaffinity",
    "sched_setaffinity", "sendfile", "setsid", "sync",
)  # fmt: skip
OF_SIGNAL = (
    "SIGALRM", "SIGCHLD", "SIGHUP", "SIGKILL", "SIGUSR1", "SIGUSR2", "alarm", "pthread_kill",
    "pthread_sigmask", "setitimer", "sigwait",
)  # fmt: skip


def hide():
    """Takes them away, for everything that is imported from here on."""
    builtins.__import__ = _import
    for module, names in ((os, OF_OS), (signal, OF_SIGNAL)):
        for name in names:
            if hasattr(module, name):
                delattr(module, name)
    sys.addaudithook(_refuse_folders)


_known_import = builtins.__import__


def _import(name, globals=None, *others, **named):
    caller = (globals or {}).get("__name__", "")
    if name in MODULES and not caller.startswith("etils."):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)
    return _known_import(name, globals, *others, **named)


def _refuse_folders(event, args):
    if event != "open" or not isinstance(args[0], (str, os.PathLike)) or args[1] is not None:
        return
    if sys._getframe(1).f_globals["__name__"].startswith("synpose_tf") and os.path.isdir(args[0]):
        raise PermissionError(13, "Permission denied", args[0])


hide()
