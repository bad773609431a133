"""A training run's folder: its configuration, checkpoints and history.

workdir/
  run.json                  the configuration and data set, written first
  history.csv               one row a validation
  checkpoints/last.keras    networks, the generator's average, optimizers
  checkpoints/best.keras    the same, at the lowest validation MPJPE
  pictures/, tensorboard/
"""

import csv
import json
import os
import pathlib
import shutil
import zipfile
from typing import Any

import keras

from synpose_tf import files, methods
from synpose_tf.errors import SynposeError

CHECKPOINTS = ("last", "best")


class Workdir:
    """The folder of one training run.

    Args:
        path: the folder; made by `open_for`.
    """

    def __init__(self, path):
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
    def open_for(self, run: dict[str, Any]) -> None:
        """Makes the folder for a run, or checks that it holds the same one.

        Args:
            run: what decides the weights, JSON-serialisable. `steps` may differ.

        Raises:
            SynposeError: the folder can't be written, or holds another run's checkpoint.
        """
        if self.checkpoint("last").exists():
            self._check_same(run)
        files.write_text(self.path / "run.json", json.dumps(run, indent=2) + "\n")

    def _check_same(self, run):
        # Runs of before there was a choice were `synchronized`.
        before = {"config.method": methods.DEFAULT} | _flatten(self.run())
        now = _flatten(json.loads(json.dumps(run)))
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
    def save(self, model: keras.Model, name: str) -> None:
        """Writes a checkpoint, whole or not at all.

        Raises:
            SynposeError: it can't be written.
        """
        with files.replacing(self.checkpoint(name)) as temporary:
            model.save(temporary)

    def copy(self, source: str, target: str) -> None:
        """Makes checkpoint `target` the same as `source`, without a moment with none."""
        with files.replacing(self.checkpoint(target)) as temporary:
            try:
                os.link(self.checkpoint(source), temporary)
            except OSError:  # Not every file system has links.
                shutil.copyfile(self.checkpoint(source), temporary)

    def load(self, name: str) -> keras.Model:
        """Loads a checkpoint.

        Raises:
            SynposeError: it is missing or damaged.
        """
        path = self.checkpoint(name)
        if not path.is_file():
            raise SynposeError(f"{path} is missing: this run has saved no checkpoint yet.")
        try:
            zipfile.ZipFile(path).close()  # Keras says of a damaged archive that it is absent.
            methods.register()
            return keras.saving.load_model(path, safe_mode=True)  # Runs no code from the file.
        except Exception as error:  # Whatever a damaged file makes of zipfile, HDF5 and Keras.
            reason = f"{error}".partition("\n")[0] or type(error).__name__
            raise SynposeError(
                f"{path}: damaged, or written by another version ({reason}). Put a good copy in "
                "its place, such as the other checkpoint beside it, or train into another "
                "--workdir."
            ) from error

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


def _flatten(tree, prefix=""):
    if not isinstance(tree, dict):
        return {prefix: tree}
    flat = {}
    for key, value in tree.items():
        flat |= _flatten(value, f"{prefix}.{key}" if prefix else key)
    return flat
