"""Run as `python read_cdf.py FILE...`: writes each CDF file's `Pose` to stdout, as .npy.

cdflib believes the counts in a file's header, so a damaged file can keep it busy for hours or
make it ask for all memory. A process of its own can be limited. It is run by its path, not as
a module, so that it starts without TensorFlow.
"""

import sys
from collections.abc import Sequence

import cdflib
import numpy as np

MEMORY = 4 * 2**30
SECONDS = 3  # of computing, and one more a file; reading two megabytes takes 0.02


def main(paths: Sequence[str]) -> None:
    output, sys.stdout = sys.stdout.buffer, sys.stderr
    try:
        import resource
    except ImportError:  # Windows has no such limits.
        pass
    else:
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS + len(paths), SECONDS + len(paths)))
    for path in paths:
        # `validate` compares the MD5 sum, where the file has one.
        np.save(output, np.asarray(cdflib.CDF(path, validate=True)["Pose"]), allow_pickle=False)


if __name__ == "__main__":
    main(sys.argv[1:])
