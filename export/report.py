"""The table of a verification: for a terminal, as JSON and as Markdown."""

import dataclasses
import json

from synpose_tf.evaluation import metrics
from synpose_tf.export import probe
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.verification import Measurement

COLUMNS = (
    "format", "size", "max diff.", "mean diff.", "MPJPE", "change", "P-MPJPE", "change",
    "1 pose", f"{probe.BATCH} poses", "memory",
)  # fmt: skip
UNITS = ("", "MB", "mm", "mm", "mm", "mm", "mm", "mm", "ms", "ms", "MB")
CAPTION = (
    "Differences are those of single joints from the Keras model on the test poses, at the true "
    "mean root distance. Latency is the median on one core; memory is the peak of a process that "
    "does nothing else."
)


def reference(trained: TrainedLifter) -> dict[str, float]:
    """The Keras model's own `mpjpe` and `p_mpjpe` on the test split, millimetres."""
    figures = metrics.pose_metrics(trained.lifted, trained.test["keypoints_3d"])
    return {key: float(figures[key].mean()) for key in ("mpjpe", "p_mpjpe")}


@dataclasses.dataclass(frozen=True)
class Report:
    """Measured exports of one lifter.

    Args:
        origin: the lifter's.
        reference: from `reference`.
        measured: one an export.
    """

    origin: str
    reference: dict[str, float]
    measured: tuple[Measurement, ...]

    def text(self) -> str:
        """The table for a terminal."""
        rows = [COLUMNS, UNITS, *self._rows()]
        widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
        lines = [
            "  ".join(
                [row[0].ljust(widths[0])]
                + [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
            ).rstrip()
            for row in rows
        ]
        return "\n".join([*lines, *self._failures(), "", CAPTION])

    def markdown(self) -> str:
        """The table as Markdown."""
        head = [
            f"{name}, {unit}" if unit else name for name, unit in zip(COLUMNS, UNITS, strict=True)
        ]
        rows = [head, ["---"] * len(head), *self._rows()]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([f"{self.origin}.", "", *lines, *self._failures(), "", CAPTION]) + "\n"

    def json(self) -> str:
        """Every figure in SI units, but errors in millimetres."""
        tree = {
            "origin": self.origin,
            "reference": self.reference,
            "exports": [dataclasses.asdict(m) for m in self.measured],
        }
        return json.dumps(tree, indent=2) + "\n"

    def _rows(self):
        keras = (f"{self.reference[key]:.2f}" for key in ("mpjpe", "p_mpjpe"))
        none = "-"
        mpjpe, p_mpjpe = keras
        yield ("Keras", none, none, none, mpjpe, none, p_mpjpe, none, none, none, none)
        for m in self.measured:
            yield (
                m.format + (" FAILED" if m.failures else ""),
                f"{m.size / 1e6:.2f}",
                f"{m.max_difference:.4f}",
                f"{m.mean_difference:.4f}",
                f"{m.mpjpe:.2f}",
                f"{m.mpjpe_change:+.4f}",
                f"{m.p_mpjpe:.2f}",
                f"{m.p_mpjpe_change:+.4f}",
                f"{m.one_pose * 1e3:.3f}",
                f"{m.batch * 1e3:.2f}",
                "-" if m.peak_memory is None else f"{m.peak_memory / 1e6:.0f}",
            )

    def _failures(self):
        lines = [f"{m.format}: {failure}" for m in self.measured for failure in m.failures]
        return ["", *lines] if lines else []
