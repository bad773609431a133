"""Lifts 2D human joints to 3D poses with synchronized adversarial training."""

import pathlib

from synpose_tf.version import __version__

__all__ = ["__version__"]

# In a checkout, `datasets` and `export` lie beside this package and not in it. A command that is
# run there finds this folder before the installed package, so it must find those two as well.
_checkout = pathlib.Path(__file__).resolve().parent.parent
if (_checkout / "setup.cfg").is_file():
    __path__.append(str(_checkout))
