"""The model card that travels with an export: README.md and model_card.json."""

import json
import pathlib

from synpose_tf import files
from synpose_tf.export.formats import Format
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.verification import Measurement


def write(folder: pathlib.Path, format: Format, trained: TrainedLifter, measured: Measurement):
    """Writes the card into an export's folder."""
    files.write_text(folder / "model_card.json", json.dumps({"origin": trained.origin}) + "\n")
