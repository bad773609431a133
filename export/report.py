"""The table of a verification: for a terminal, as JSON and as Markdown."""

import dataclasses
import json

from synpose_tf.evaluation import tables
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

OVER_TIME = (
    "Exports over time take pieces of the test clips, with the noise of detectors on the joints; "
    "their latency is that of a frame."
)


def reference(trained: TrainedLifter) -> dict[str, float]:
    """The Keras model's own `mpjpe` and `p_mpjpe` on the test split, millimetres."""
    return {key: trained.figures[key] for key in ("mpjpe", "p_mpjpe")}


@dataclasses.dataclass(frozen=True)
class Report:
    """Measured exports of one lifter.

    Args:
        origin: the lifter's.
        reference: from `reference`; None where only exports over time were measured.
        measured: one an export.
    """

    origin: str
    reference: dict[str, float] | None
    measured: tuple[Measurement, ...]

    def text(self) -> str:
        """The table for a terminal."""
        lines = tables.align([COLUMNS, UNITS, *self._rows()])
        return "\n".join([*lines, *self._remarks(), "", self._caption])

    def markdown(self) -> str:
        """The table as Markdown."""
        head = [
            f"{name}, {unit}" if unit else name for name, unit in zip(COLUMNS, UNITS, strict=True)
        ]
        lines = tables.markdown_lines(head, self._rows())
        return (
            "\n".join([f"{self.origin}.", "", *lines, *self._remarks(), "", self._caption]) + "\n"
        )

    def json(self) -> str:
        """Every figure in SI units, but errors in millimetres."""
        tree = {
            "origin": self.origin,
            "reference": self.reference,
            "exports": [dataclasses.asdict(m) for m in self.measured],
        }
        return json.dumps(tree, indent=2) + "\n"

    def _rows(self):
        single = [m for m in self.measured if not m.over_time]
        if single and self.reference is not None:
            yield _reference_row("Keras", **self.reference)
        yield from map(_row, single)
        for kind in dict.fromkeys(m.over_time for m in self.measured if m.over_time):
            group = [m for m in self.measured if m.over_time == kind]
            first = group[0]
            errors = first.mpjpe - first.mpjpe_change, first.p_mpjpe - first.p_mpjpe_change
            yield _reference_row(f"{kind}, as trained", *errors)
            yield from map(_row, group)

    def _remarks(self):
        lines = [f"{m.format}: {remark}" for m in self.measured for remark in _remarks(m)]
        return ["", *lines] if lines else []

    @property
    def _caption(self):
        over_time = any(m.over_time for m in self.measured)
        return f"{CAPTION} {OVER_TIME}" if over_time else CAPTION


def _reference_row(name, mpjpe, p_mpjpe):
    row = ["-"] * len(COLUMNS)
    row[0], row[5], row[7] = name, f"{mpjpe:.2f}", f"{p_mpjpe:.2f}"
    return tuple(row)


def _row(m):
    return (
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
        "-" if m.peak_memory is None else f"{m.peak_memory / 1e6:.0f}",
    )


def _remarks(measured):
    yield from measured.failures
    if distrust := measured.distrust:
        yield (
            f"{distrust.poses} test poses have a joint that differs by more than {FAR_OFF:g} mm. "
            f"Do not trust a pose in which a joint is {distrust.reach:.2f} mean image radii or "
            f"more from the hip ({100.0 * distrust.share:.1f} % of the test poses)."
        )
