"""Runs a command of the package where what Windows lacks is missing.

  python elsewhere.py

Each line of its input is a JSON list of a folder, a command and the command's flags. The command
runs there, and what it prints goes into the file `said` of that folder. The answer is a line with
its exit code.

What others do there on Windows is their own affair: etils, which asks who owns a file elsewhere
only, keeps its modules, and a folder can't be opened by this package alone.
"""

import builtins
import importlib
import json
import os
import runpy
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


def serve():
    """Forks each command from this process, which imports once what takes seconds."""
    fork = os.fork
    hide()
    for module in ("synpose_tf.datasets.prepared", "synpose_tf.training.loop"):
        importlib.import_module(module)
    for line in sys.stdin:
        child = fork()
        if not child:
            _become(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def _become(folder, command, *flags):
    os.chdir(folder)
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = [command, *flags]
    runpy.run_module(f"synpose_tf.{command}", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve()
