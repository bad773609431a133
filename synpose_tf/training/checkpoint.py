"""A training run's folder: its configuration, checkpoints and history.

workdir/
  run.json                          the configuration and data set, written first
  history.csv                       one row a validation
  checkpoints/step_0001000.keras    networks, average, optimizers, the state of training
  checkpoints/last.keras            the newest of them
  checkpoints/best.keras            the one of the lowest validation MPJPE
  pictures/, tensorboard/
  .lock                             held by the process that trains

A checkpoint is written after everything else that belongs to its step, whole or not at all. So
whatever a kill cuts off is done again from the checkpoint before it, with the same result.
"""

import csv
import json
import os
import pathlib
import re
import shutil
import zipfile
import zlib
from typing import Any, NamedTuple

import keras

from synpose_tf.errors import SynposeError
from synpose_tf.io import files, locks
from synpose_tf.models import methods

CHECKPOINTS = ("last", "best")
_STEP = re.compile(r"step_(\d{7,})\.keras")


class Resumed(NamedTuple):
    """Where a run goes on.

    Args:
        model: compiled, as it was.
        state: of training, as it was given to `Workdir.save`; empty in a file that has none.
        path: the checkpoint.
        damaged: newer checkpoints that can't be read, with the reason.
    """

    model: keras.Model
    state: dict[str, Any]
    path: pathlib.Path
    damaged: dict[pathlib.Path, str]


class Workdir:
    """The folder of one training run.

    Args:
        path: the folder; made by `open_for`.
    """

    def __init__(self, path: pathlib.Path | str):
        self.path = pathlib.Path(path).expanduser()

    @property
    def pictures(self) -> pathlib.Path:
        return self.path / "pictures"

    @property
    def tensorboard(self) -> pathlib.Path:
        return self.path / "tensorboard"

    def checkpoint(self, name: str) -> pathlib.Path:
        return self.path / "checkpoints" / f"{name}.keras"

    # === The run's identity ===
    def open_for(self, run: dict[str, Any], resume: bool = True) -> None:
        """Makes the folder for a run, or checks that it holds the same one.

        The folder stays locked as long as this object lives.

        Args:
            run: what decides the weights, JSON-serialisable. `steps` may differ.
            resume: False for a run that must be a new one.

        Raises:
            SynposeError: the folder can't be written, is in use, holds another run's
                checkpoint, or any run where a new one is asked for.
        """
        if not resume and (self.has_checkpoints() or (self.path / "run.json").exists()):
            raise SynposeError(
                f"--noresume: --workdir={self.path} holds a run already, which is never written "
                "over. Name another --workdir, or move that folder away."
            )
        self.check(run)
        self._lock()
        self._remove_temporaries()
        files.write_text(self.path / "run.json", json.dumps(run, indent=2) + "\n")

    def check(self, run: dict[str, Any]) -> None:
        """Checks that the folder holds no checkpoint of another run.

        Raises:
            SynposeError: it does.
        """
        if not self.has_checkpoints():
            return
        # Runs of before there was a choice were `synchronized`.
        before = {"config.method": methods.DEFAULT} | _flatten(self.run())
        now = _flatten(json.loads(json.dumps(run)))
        # Of a data set with configurations they wrote its name, and nothing of its files.
        if before["dataset"].split("/")[0] == before.get("data"):
            before["data"] = now.get("data")
        changed = [
            f"  {key}: {before.get(key)!r} there, {now.get(key)!r} now"
            for key in sorted(before.keys() | now.keys())
            if before.get(key) != now.get(key) and key not in ("config.steps", "version")
        ]
        if changed:
            raise SynposeError(
                f"--workdir={self.path} holds another run's checkpoint:\n"
                + "\n".join(changed)
                + "\nName another --workdir, or give the flags of that run to go on with it."
            )

    def _lock(self):
        files.make_folder(self.path)
        self._locked = locks.lock(
            self.path / ".lock",
            f"--workdir={self.path} is in use by another process that trains there. Wait for "
            "it or end it; or name another --workdir.",
        )

    def _remove_temporaries(self):
        """What a killed process was writing."""
        for folder in (self.path, self.path / "checkpoints", self.pictures):
            for path in folder.glob(files.TEMPORARIES):
                path.unlink(missing_ok=True)

    def run(self) -> dict[str, Any]:
        """What `open_for` wrote.

        Raises:
            SynposeError: the folder holds no run, or its file is damaged.
        """
        path = self.path / "run.json"
        try:
            run = json.loads(path.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError):
            raise SynposeError(
                f"--workdir={self.path}: no training run there ({path.name} is missing). "
                "Train one: python -m synpose_tf.train --workdir=…"
            ) from None
        except ValueError as error:
            raise SynposeError(f"{path}: not valid JSON ({error}).") from error
        if not isinstance(run, dict) or not isinstance(run.get("dataset"), str):
            raise SynposeError(f"{path}: damaged, it does not name the run's data set.")
        return run

    # === Checkpoints ===
    def steps(self) -> list[int]:
        """The steps that have a checkpoint of their own, newest first."""
        folder = self.path / "checkpoints"
        names = os.listdir(folder) if folder.is_dir() else []
        return sorted((int(m[1]) for m in map(_STEP.fullmatch, names) if m), reverse=True)

    def step_checkpoint(self, step: int) -> pathlib.Path:
        return self.checkpoint(f"step_{step:07d}")

    def has_checkpoints(self) -> bool:
        return bool(self.steps()) or any(self.checkpoint(name).exists() for name in CHECKPOINTS)

    def save(self, model: keras.Model, step: int, state: dict[str, Any], best: bool) -> None:
        """Writes the checkpoint of a step, whole or not at all, and points `last` to it.

        Args:
            model: compiled, after that step.
            step: training steps done.
            state: what else a resumed run needs, JSON-serialisable.
            best: point `best` to it too.

        Raises:
            SynposeError: it can't be written.
        """
        path = self.step_checkpoint(step)
        with files.replacing(path) as temporary:
            model.save(temporary)
            # Not an entry of its own: Keras would unpack an archive with more than its three.
            with zipfile.ZipFile(temporary, "a") as archive:
                archive.comment = _with_checksum(json.dumps(state).encode())
        self.link(path, "last")
        if best:
            self.link(path, "best")

    def link(self, source: pathlib.Path, name: str) -> None:
        """Makes checkpoint `name` the same as a file, without a moment with none."""
        if self.checkpoint(name).exists() and self.checkpoint(name).samefile(source):
            return
        with files.replacing(self.checkpoint(name)) as temporary:
            try:
                os.link(source, temporary)
            except OSError:  # Not every file system has links.
                shutil.copyfile(source, temporary)

    def prune(self, keep: int) -> None:
        """Deletes all step checkpoints but the newest; `last` and `best` stay."""
        for step in self.steps()[keep:]:
            self.step_checkpoint(step).unlink(missing_ok=True)

    def load(self, name: str) -> keras.Model:
        """Loads a checkpoint: `last`, `best` or `step_0001000`.

        Raises:
            SynposeError: it is missing or damaged.
        """
        path = self.checkpoint(name)
        if not path.is_file():
            raise SynposeError(f"{path} is missing: this run has saved no such checkpoint.")
        try:
            return _read(path)[0]
        except _Unreadable as error:
            raise SynposeError(
                f"{path}: damaged, or written by another version ({error}). Another checkpoint may "
                "lie beside it; the command that trained the run goes on from the newest whole one."
            ) from error

    def resume(self) -> Resumed | None:
        """Loads the newest checkpoint that is whole; None where there is none at all.

        Raises:
            SynposeError: there are checkpoints, and none can be read.
        """
        paths = [*map(self.step_checkpoint, self.steps()), *map(self.checkpoint, CHECKPOINTS)]
        damaged: dict[pathlib.Path, str] = {}
        for path in filter(pathlib.Path.is_file, paths):
            try:
                model, state = _read(path)
                return Resumed(model, state, path, damaged)
            except _Unreadable as error:
                damaged[path] = str(error)
        if not damaged:
            return None
        reasons = "".join(f"\n  {path.name}: {reason}" for path, reason in damaged.items())
        raise SynposeError(
            f"{self.path / 'checkpoints'}: no checkpoint can be read, all are damaged or written "
            f"by another version:{reasons}\nNothing was changed. Put a good copy in place, or "
            "train into another --workdir."
        )

    def set_aside(self, resumed: Resumed) -> None:
        """Renames the damaged checkpoints, so that `resumed` is the newest, and `last`."""
        for path in resumed.damaged:
            path.replace(path.with_name(f"{path.name}.damaged"))
        if resumed.path != self.checkpoint("last"):
            self.link(resumed.path, "last")

    # === History ===
    def history(self) -> list[dict[str, float]]:
        """The validations so far, oldest first.

        Raises:
            SynposeError: the file is damaged.
        """
        path = self.path / "history.csv"
        if not path.exists():
            return []
        try:
            with path.open(newline="", encoding="utf-8") as handle:
                return [{k: float(v) for k, v in row.items()} for row in csv.DictReader(handle)]
        except (ValueError, TypeError, csv.Error) as error:
            raise SynposeError(
                f"{path}: damaged ({error}). Repair it, or move it away: the run goes on from its "
                "checkpoint and begins a new history."
            ) from error

    def write_history(self, rows: list[dict[str, float]]) -> None:
        """Rewrites the history, whole or not at all.

        Raises:
            SynposeError: it can't be written.
        """
        with (
            files.replacing(self.path / "history.csv") as temporary,
            temporary.open("w", newline="", encoding="utf-8") as handle,
        ):
            writer = csv.DictWriter(handle, fieldnames=list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)


class _Unreadable(Exception):
    """A checkpoint that is damaged; says why."""


def _with_checksum(content):
    return f"{zlib.crc32(content):08x}".encode() + content


def _state(comment):
    if comment != _with_checksum(comment[8:]):
        raise _Unreadable("wrong checksum of the state of training")
    return json.loads(comment[8:])


def _read(path):
    """Model and state of a checkpoint file."""
    methods.register()
    try:
        with zipfile.ZipFile(path) as archive:  # Keras says of a damaged archive that it is absent.
            broken = archive.testzip()
            if broken is not None:
                raise _Unreadable(f"wrong checksum of {broken}")
            state = _state(archive.comment) if archive.comment else {}
        # `safe_mode` runs no code from the file.
        return keras.saving.load_model(path, safe_mode=True), state
    except _Unreadable:
        raise
    except Exception as error:  # Whatever a damaged file makes of zipfile, HDF5 and Keras.
        reason = f"{error}".partition("\n")[0] or type(error).__name__
        raise _Unreadable(reason) from error


def _flatten(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        flat |= _flatten(value, f"{prefix}.{key}" if prefix else key)
    return flat
