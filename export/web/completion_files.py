"""The completion of missed joints as two files that a browser reads: a card and its numbers.

`completion.bin` holds float32, little endian, one array after another: mean (17, 2) and covariance
(34, 34) of the Gaussian, then kernel and bias of each layer of the network, batch norm folded in.
`completion.json` has their shapes, by rows.
"""

import json
import pathlib

import numpy as np

from synpose_tf.completion.gaussian import PoseDistribution
from synpose_tf.io import files
from synpose_tf.models.folded import Forward, packaged_weights

CARD, NUMBERS = "completion.json", "completion.bin"


def write(folder: pathlib.Path) -> None:
    """Writes the completion that comes with the package into a folder.

    Raises:
        SynposeError: the files can't be written.
    """
    distribution = PoseDistribution.pretrained()
    layers = Forward.from_weights(packaged_weights("completion")).layers
    arrays = [distribution.mean, distribution.covariance]
    arrays += [array for layer in layers for array in layer]
    card = {
        "distribution": {
            "mean": distribution.mean.shape,
            "covariance": distribution.covariance.shape,
        },
        "layers": [kernel.shape for kernel, _ in layers],
    }
    files.write_text(folder / CARD, json.dumps(card) + "\n")
    with files.replacing(folder / NUMBERS) as temporary:
        temporary.write_bytes(b"".join(np.asarray(a, "<f4").tobytes() for a in arrays))
