"""Many trainings, one process each: what is finished is kept, what was cut off goes on.

folder/
  <run>/seed_<n>/           a training run's folder, see `synpose_tf.training.checkpoint`
    log.txt                 what its commands printed
    result.json             its evaluations, written last: it is finished
"""

import concurrent.futures
import contextlib
import csv
import dataclasses
import json
import os
import pathlib
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable
from typing import Any

from synpose_tf.errors import SynposeError
from synpose_tf.experiments.suites import ADVERSARIAL, Run
from synpose_tf.io import files, locks


@dataclasses.dataclass(frozen=True)
class Task:
    """One run with one seed.

    Args:
        run: what is trained and evaluated.
        seed: of the training.
        folder: the training's `--workdir`.
    """

    run: Run
    seed: int
    folder: pathlib.Path

    def __str__(self):
        return f"{self.run.name}, seed {self.seed}"


class Sweep:
    """Trains and evaluates tasks by the commands `train` and `evaluate`.

    Args:
        folder: of all runs.
        data: flags that name the data, of both commands.
        training: flags that all trainings share.
        width: units of every hidden layer, None for the configuration's.
        identity: what the results hang on and the flags do not tell, such as the data's version.
        threads: of each process; None for TensorFlow's own choice.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        data: tuple[str, ...],
        training: tuple[str, ...],
        width: int | None,
        identity: dict[str, Any],
        threads: int | None = None,
    ):
        self.folder = pathlib.Path(folder)
        self._data = data
        self._training = training
        self._width = width
        self._identity = identity
        self._environment = dict(os.environ)
        if threads is not None:
            names = ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS", "OMP_NUM_THREADS")
            self._environment |= dict.fromkeys(names, str(threads))
        self._processes: set[subprocess.Popen] = set()
        self._stopped = False
        self._guard = threading.Lock()

    # === What there is ===
    def tasks(self, runs: Iterable[Run], seeds: Iterable[int]) -> list[Task]:
        """Every run with every seed: all runs with the first seed, then with the next one."""
        return [
            Task(run, seed, self.folder / run.name / f"seed_{seed}")
            for i, seed in enumerate(seeds)
            for run in runs
            if run.seeded or i == 0
        ]

    def training_command(self, task: Task) -> list[str]:
        """The flags of `python -m synpose_tf.train`; the last of two with one name counts."""
        run = task.run
        return [
            *self._data,
            *self._training,
            *([] if run.method == ADVERSARIAL else [f"--method={run.method}"]),
            *(f"--set={name}={self._width}" for name in run.widths if self._width),
            *run.flags,
            f"--seed={task.seed}",
            f"--workdir={task.folder}",
        ]

    def result(self, task: Task) -> dict[str, Any] | None:
        """What a finished task gave, None unless it has finished with just these flags."""
        result = self._before(task)
        if result is None:
            return None
        made = result["made_by"]["evaluate"]
        wanted = {name: list(flags) for name, flags in task.run.evaluations.items()}
        return result if wanted.items() <= made.items() else None

    def _before(self, task):
        """What this training gave to any suite; None if it has not finished."""
        try:
            result = json.loads((task.folder / "result.json").read_text(encoding="utf-8"))
            made_by = dict(result["made_by"])
            evaluate = made_by.pop("evaluate")
        except (OSError, ValueError, TypeError, KeyError):
            return None
        same = made_by == self._training_made_by(task) and isinstance(evaluate, dict)
        return result if same else None

    def _training_made_by(self, task):
        return {"train": self.training_command(task), **self._identity}

    def describe(self, task: Task) -> dict[str, Any]:
        """How a finished task was trained: its command, and the seconds that it took."""
        command = ["python", "-m", "synpose_tf.train", *self.training_command(task)]
        with (task.folder / "history.csv").open(newline="", encoding="utf-8") as handle:
            *_, last = csv.DictReader(handle)
        return {
            "run": task.run.name,
            "seed": task.seed,
            "command": shlex.join(command),
            "seconds": float(last["seconds"]),
        }

    # === Doing what is missing ===
    def run(
        self, tasks: list[Task], jobs: int, report: Callable[[Task, SynposeError | None], None]
    ) -> None:
        """Does tasks, `jobs` at a time; a task that fails does not hinder the others.

        Args:
            tasks: what to do.
            jobs: processes at a time.
            report: called after each task, with the error if it failed.

        Raises:
            KeyboardInterrupt: interrupted; the processes have been ended.
        """
        with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
            futures = {pool.submit(self._do, task): task for task in tasks}
            try:
                for future in concurrent.futures.as_completed(futures):
                    error = future.exception()
                    if isinstance(error, OSError):  # Such as a full disk.
                        error = SynposeError(f"{futures[future]}: {error}")
                    elif error is not None and not isinstance(error, SynposeError):
                        raise error
                    report(futures[future], error)
            finally:
                pool.shutdown(wait=False, cancel_futures=True)
                self._stop()

    def _do(self, task):
        with _only_one(task.folder):
            self._call("train", self.training_command(task), task)
            before = self._before(task) or {"made_by": {"evaluate": {}}, "evaluations": {}}
            flags_of = before["made_by"]["evaluate"]
            evaluations = before["evaluations"]
            for name, flags in task.run.evaluations.items():
                output = task.folder / "evaluation" / name
                for stale in output.glob("*.json"):
                    stale.unlink()
                command = [*self._data, f"--workdir={task.folder}", f"--output={output}", *flags]
                self._call("evaluate", command, task)
                (path,) = output.glob("*.json")
                evaluations[name] = json.loads(path.read_text(encoding="utf-8"))
                flags_of[name] = list(flags)
            made_by = self._training_made_by(task) | {"evaluate": flags_of}
            result = {"made_by": made_by, "evaluations": evaluations}
            files.write_text(task.folder / "result.json", json.dumps(result, indent=2) + "\n")

    def _call(self, command, flags, task):
        line = [sys.executable, "-m", f"synpose_tf.{command}", *flags]
        log = task.folder / "log.txt"
        with log.open("ab") as output:
            output.write(f"$ {' '.join(line)}\n".encode())
            output.flush()
            start = output.tell()
            with self._guard:
                if self._stopped:
                    raise SynposeError(f"{task}: not started.")
                process = subprocess.Popen(
                    line,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    env=self._environment,
                )
                self._processes.add(process)
            code = process.wait()
            self._processes.discard(process)
        if code:
            said = log.read_bytes()[start:].decode(errors="replace").strip().splitlines()
            how = f"signal {-code}" if code < 0 else f"exit code {code}"
            raise SynposeError(f"{task}: {command} ended with {how}, see {log}:\n{_tail(said)}")

    def _stop(self):
        with self._guard:
            self._stopped = True
        for process in list(self._processes):
            process.terminate()


@contextlib.contextmanager
def _only_one(folder):
    """Keeps a second sweep out of a run's folder.

    A training that a killed sweep has left behind has a lock of its own, on the same folder.
    """
    folder.mkdir(parents=True, exist_ok=True)
    held = locks.lock(
        folder / ".sweep.lock",
        f"{folder}: another process trains here. Wait for it or end it; then give the same "
        "command again.",
    )
    try:
        yield
    finally:
        if held is not None:
            held.release()


def _tail(lines, count=12):
    """The last error that a command printed, or its last lines."""
    starts = [i for i, line in enumerate(lines) if line.startswith("error: ")]
    return "\n".join(f"  {line}" for line in lines[starts[-1] if starts else -count :])
