"""Writing, verifying and keeping one export."""

import pathlib

import tensorflow as tf

from synpose_tf.errors import SynposeError
from synpose_tf.export import model_card, recordings, verification
from synpose_tf.export.formats import Format
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.verification import Measurement
from synpose_tf.export.versions import next_version
from synpose_tf.io import files


def export(
    format: Format, trained: TrainedLifter, output: pathlib.Path
) -> tuple[Measurement, pathlib.Path | None]:
    """Exports to `<output>/<format>/<next version>/`, with the model card, or to nowhere.

    Until the export is verified it lies in a hidden folder beside its place.

    Returns:
        What was measured, and the export's folder; None where verification failed.

    Raises:
        SynposeError: it can't be written or run, or nothing corrects the lifter's poses in time.
    """
    folder = next_version(output / format.name)
    if format.over_time:
        trained = recordings.over_time(trained, format.over_time)
    try:
        with files.new_folder(folder) as staging:
            _write(format, trained, staging)
            measured = verification.measure(format, staging, trained)
            if measured.failures:
                raise _Failed(measured)
            model_card.write(staging, format, trained, measured)
    except _Failed as failed:
        return failed.measured, None
    return measured, folder


def _write(format, trained, folder):
    try:
        format.write(trained, folder)
    except tf.errors.OpError as error:  # TensorFlow's own for a full disk, for one.
        raise SynposeError(
            f"{folder.parent}: {format.name} can't be written ({error.message}). Is the disk full?"
        ) from error


class _Failed(Exception):
    """Leaves `files.new_folder` without the folder."""

    def __init__(self, measured: Measurement):
        super().__init__()
        self.measured = measured
