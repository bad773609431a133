"""An exported page's 8-bit lifter, run by LiteRT for Python; see `tflite/litert.py`.

Imports nothing of synpose_tf: verification runs this file where it can't be imported.
"""

import importlib.util
import pathlib
from collections.abc import Callable
from typing import Any

FILE = "lifter_int8.tflite"


def load(folder: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """A function from named input arrays to `poses`, by the lifter in a folder."""
    path = pathlib.Path(__file__).parent.parent / "tflite" / "litert.py"
    spec = importlib.util.spec_from_file_location("litert", path)
    assert spec is not None
    assert spec.loader is not None
    litert = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(litert)
    lifter = litert.Lifter(pathlib.Path(folder) / FILE)
    return lambda inputs: {"poses": lifter(**inputs)}
