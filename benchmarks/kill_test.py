"""Kills one training run over and over and compares it with one that was left alone.

  python benchmarks/kill_test.py --kills=60

Every process of the run dies by SIGKILL, at random: some between steps, some just before a
random file operation below the run's folder (a file opened for writing, renamed, linked or
removed), some a random moment after a checkpoint file was opened for writing, which a slow disk
(`--write_delay` after each 64 kB) stretches. A kill has hit a write where an unfinished
checkpoint is left under its temporary name; how many of these are torn, no archive that can be
read, is told too. After each death, every checkpoint that stands in the folder is read in full,
and none that was newest may have gone. At the end, the weights, the optimizers and the averages
of `last` and `best` must equal those of the run that was left alone, bit for bit, and so must the
history but for its times. Exit code 1 otherwise.
"""

import argparse
import pathlib
import random
import signal
import sys
import tempfile
import time
import zipfile

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent / "tests"))

from checkpoint_files import assert_identical, history, steps, weights
from command_process import Kill, run
from motion_capture import write_archive

CONFIG = """
from synpose_tf.config import TrainConfig

def get_config():
    widths = {"generator_width": 64, "reprojection_width": 64, "critic_width": 64}
    return TrainConfig(batch_size=32, model=widths, optimizer={"jit_compile": False})
"""
KINDS = ("at once", "writing", "later")
# A life is at most this many file operations long: a start and a few checkpoints of about seven.
OPERATIONS = 40


def arguments():
    """Not absl's flags: the run's processes import this file, and have flags of their own."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--kills", type=int, default=60, help="how often the run is killed")
    parser.add_argument("--seed", type=int, default=0, help="of the moments")
    parser.add_argument(
        "--write_delay", type=float, default=0.01, help="seconds that writing 64 kB takes"
    )
    return parser.parse_args()


def moment(rng: random.Random, write_delay: float) -> Kill:
    kind = rng.choice(KINDS)
    if kind == "writing":
        opened, delay = rng.randint(1, 4), rng.uniform(0.0, 0.1)
        return Kill("cut", opened, ".step_*", ("open",), delay, write_delay)
    delay = rng.uniform(0.0, 0.5) if kind == "later" else 0.0
    return Kill("cut", rng.randint(5, OPERATIONS), delay=delay)


def main():
    given = arguments()
    rng = random.Random(given.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "tiny.py").write_text(CONFIG)
        write_archive(folder / "mocap")
        train = [
            "--dataset=cmu_mocap", "--manual_dir=mocap", "--data_dir=data", "--config=tiny.py",
            "--checkpoint_every=1", "--validate_every=50", f"--steps={5 * given.kills}",
        ]  # fmt: skip
        whole = run("train", *train, "--workdir=whole", folder=folder, timeout=3600.0)
        assert whole.code == 0, whole.stderr
        report = Report(folder / "cut")
        started = time.monotonic()
        while report.kills < given.kills:
            kill = moment(rng, given.write_delay)
            finished = run("train", *train, "--workdir=cut", folder=folder, kill=kill)
            if finished.code == 0:
                raise SystemExit(f"the run was done after {report.kills} kills: give more --steps")
            assert finished.code == -signal.SIGKILL, finished.stderr
            report.take(kill)
        finished = run("train", *train, "--workdir=cut", folder=folder, timeout=3600.0)
        assert finished.code == 0, finished.stderr
        for checkpoint in ("last", "best"):
            assert_identical(*(weights(folder / run, checkpoint) for run in ("whole", "cut")))
        assert history(folder / "whole") == history(folder / "cut")
        assert not list((folder / "cut").rglob(".*.keras")), "half-written files are left"
        print(report.text())
        print(
            f"{len(weights(folder / 'cut'))} arrays of the last checkpoint and the history equal "
            f"the uninterrupted run's, bit for bit; {time.monotonic() - started:.0f} s"
        )


class Report:
    """What the deaths left behind."""

    def __init__(self, workdir: pathlib.Path):
        self.workdir = workdir
        self.kills = self.newest = self.read = 0
        self.writes = self.torn = self.others = 0

    def take(self, kill: Kill) -> None:
        self.kills += 1
        unfinished = list(self.workdir.glob("checkpoints/.step_*.keras"))
        self.writes += bool(unfinished)
        self.torn += any(not zipfile.is_zipfile(path) for path in unfinished)
        self.others += not unfinished and bool(list(self.workdir.rglob(".*.[0-9]*.*")))
        found = steps(self.workdir)
        for step in found:
            assert weights(self.workdir, f"step_{step:07d}")
            self.read += 1
        assert max(found, default=0) >= self.newest, "a checkpoint is lost"
        self.newest = max(found, default=0)
        print(f"kill {self.kills}: {kill}, newest checkpoint {self.newest}", flush=True)

    def text(self) -> str:
        return (
            f"{self.kills} kills: {self.writes} while a checkpoint was written, {self.torn} of "
            f"them left it torn; {self.others} while another file was written or linked; "
            f"{self.kills - self.writes - self.others} between\n"
            f"{self.read} checkpoints were read in full, none damaged, none lost"
        )


if __name__ == "__main__":
    main()
