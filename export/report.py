"""The table of a verification: for a terminal, as JSON and as Markdown."""

import dataclasses
import json

from synpose_tf.evaluation import metrics
from synpose_tf.export import probe
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.verification import FAR_OFF, Measurement

COLUMNS = (
    "format", "size", "max diff.", "there", "mean diff.", "MPJPE", "change", "P-MPJPE", "change",
    "1 pose", f"{probe.BATCH} poses", "memory",
)  # fmt: skip
UNITS = ("", "MB", "mm", "", "mm", "mm", "mm", "mm", "mm", "ms", "ms", "MB")
CAPTION = (
    "Differences are those of single joints from the Keras model on the test poses, at the true "
    "mean root distance; the largest is that of the joint there, in the test pose of that number. "
    "Latency is the median on one core; memory is the peak of a process that "
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
        return "\n".join([*lines, *self._remarks(), "", CAPTION])

    def markdown(self) -> str:
        """The table as Markdown."""
        head = [
            f"{name}, {unit}" if unit else name for name, unit in zip(COLUMNS, UNITS, strict=True)
        ]
        rows = [head, ["---"] * len(head), *self._rows()]
        lines = ["| " + " | ".join(row) + " |" for row in rows]
        return "\n".join([f"{self.origin}.", "", *lines, *self._remarks(), "", CAPTION]) + "\n"

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
        yield ("Keras", none, none, none, none, mpjpe, none, p_mpjpe, none, none, none, none)
        for m in self.measured:
            yield (
                m.format + (" FAILED" if m.failures else ""),
                f"{m.size / 1e6:.2f}",
                f"{m.max_difference:.4f}",
                f"{m.worst_joint} {m.worst_pose}",
                f"{m.mean_difference:.4f}",
                f"{m.mpjpe:.2f}",
                f"{m.mpjpe_change:+.4f}",
                f"{m.p_mpjpe:.2f}",
                f"{m.p_mpjpe_change:+.4f}",
                f"{m.one_pose * 1e3:.3f}",
                f"{m.batch * 1e3:.2f}",
                f"{m.peak_memory / 1e6:.0f}",
            )

    def _remarks(self):
        lines = [f"{m.format}: {remark}" for m in self.measured for remark in _remarks(m)]
        return ["", *lines] if lines else []


def _remarks(measured):
    yield from measured.failures
    if distrust := measured.distrust:
        yield (
            f"{distrust.poses} test poses have a joint that differs by more than {FAR_OFF:g} mm. "
            f"Do not trust a pose in which a joint is {distrust.reach:.2f} mean image radii or "
            f"more from the hip ({100.0 * distrust.share:.1f} % of the test poses)."
        )
