"""Runs commands of the package in forks of one process, which imports once what takes seconds.

Each line of the input is a JSON list of a folder, a command and the command's flags. The command
runs there, and what it prints goes into the file `said` of that folder. The answer is a line with
its exit code.
"""

import importlib
import json
import os
import posix
import runpy
import sys


def serve():
    for module in ("synpose_tf.datasets.prepared", "synpose_tf.training.loop"):
        importlib.import_module(module)
    for line in sys.stdin:
        child = posix.fork()  # `os` has none: `sitecustomize` took it away.
        if not child:
            become(*json.loads(line))
        print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)


def become(folder, command, *flags):
    os.chdir(folder)
    said = os.open("said", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    sys.argv = [command, *flags]
    runpy.run_module(f"synpose_tf.{command}", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    serve()
