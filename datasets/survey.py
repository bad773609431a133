"""What a look at a folder finds of a data set, before anything long starts.

Each data set has a module `survey` with `FILES`, the files that it looks for in one line, and
`survey(folder)`, which gives a `Survey`, or None where nothing of the data set lies there. It
looks at names and at the lists of archives; what it reads of the contents is said there.
"""

import dataclasses
import json
import shlex
from collections.abc import Callable, Sequence

from synpose_tf.datasets.pose_dataset import View


@dataclasses.dataclass(frozen=True)
class Ready:
    """A configuration of a data set that the files found suffice for.

    Args:
        name: for `--dataset`.
        splits: those that it will have.
        example: reads one clip, with the files' contents checked.
        has_3d: whether it will have 3D poses.
    """

    name: str
    splits: tuple[str, ...]
    example: Callable[[], View]
    has_3d: bool = True

    def command(
        self, manual_dir: str, data_dir: str | None = None, joint_map: str | None = None
    ) -> str:
        """What to run next: a shell command that prepares the set and uses it."""
        given = {"manual_dir": manual_dir, "data_dir": data_dir, "joint_map": joint_map}
        if not self.has_3d:
            more = "".join(f", {k}={json.dumps(v)}" for k, v in given.items() if v)
            code = f"prepared.prepare(prepared.Source({json.dumps(self.name)}{more}))"
            code = f"from synpose_tf.datasets import prepared; {code}"
            return f"python -c {shlex.quote(code)}"
        flags = "".join(f" --{k}={shlex.quote(v)}" for k, v in given.items() if v)
        if "train" in self.splits and "test" in self.splits:
            return f"python -m synpose_tf.train --dataset={self.name}{flags}"
        return (
            f"python -m synpose_tf.evaluate --workdir=RUN --dataset={self.name} "
            f"--split={self.splits[0]}{flags}"
        )


@dataclasses.dataclass(frozen=True)
class Survey:
    """What lies in a folder of one data set.

    Args:
        title: the data set, in people's words.
        found: lines of text.
        missing: what is not there, and what it would enable.
        notes: what users of the data set must know about it.
        ready: what can be prepared now.
    """

    title: str
    found: Sequence[str]
    missing: Sequence[tuple[str, str]] = ()
    notes: Sequence[str] = ()
    ready: Sequence[Ready] = ()


def table(rows: Sequence[Sequence]) -> list[str]:
    """Lines of text with their columns aligned; the first row is the header."""
    widths = [max(len(str(cell)) for cell in column) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *rest = (str(cell) for cell in row)
        cells = [first.ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(rest, widths[1:], strict=True)]
        lines.append("  ".join(cells))
    return lines
