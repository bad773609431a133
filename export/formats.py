"""The formats that a lifter can be exported to.

A format is a writer, a runtime that is not the one that wrote it, and the difference from the
Keras model that it may have. Modules that do the writing are imported when they are asked for.
"""

import dataclasses
import functools
import importlib.util
import math
import pathlib
from collections.abc import Callable
from typing import Any

from synpose_tf.errors import SynposeError

_HERE = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Tolerance:
    """How far an export may be from the Keras model on the test poses.

    Args:
        difference: of any joint, millimetres at the true mean root distance.
        mpjpe: change of the MPJPE, millimetres.
        may_err_less: whether an MPJPE that falls is no failure, because the export was trained
            further.
    """

    difference: float
    mpjpe: float
    may_err_less: bool = False


@dataclasses.dataclass(frozen=True)
class Format:
    """One way to hand out a lifter.

    Args:
        name: what --formats calls it, and its folder below the output.
        description: one line for --help and the model card.
        write: given a `trained.TrainedLifter` and an empty folder, writes the export into it.
        runtime: a Python file that defines `load(folder)`, which returns a function from named
            arrays, `keypoints` (n, 17, 2) and in camera mode `intrinsics` (n, 9), to `poses`
            (n, 17, 3). It runs where neither synpose_tf, Keras nor TensorFlow can be imported.
        tolerance: what verification allows.
        command_line: given the export's folder and named arrays as `runtime` takes them, gives
            the poses by a public program, to be compared as well; None where there is none.
        usage: Markdown for the model card, a section that says how to use the export.
        over_time: which network corrects poses in time, `centred` or `causal`; empty for none.
            Then inputs have an axis of frames, (n, frames, 17, 2), and `poses` too.
        requires: modules that writing and reloading import beyond the package's own, with the
            name of the package to install.
    """

    name: str
    description: str
    write: Callable[[Any, pathlib.Path], None]
    runtime: pathlib.Path
    tolerance: Tolerance
    command_line: Callable[[pathlib.Path, dict[str, Any]], Any] | None = None
    usage: str = ""
    requires: dict[str, str] = dataclasses.field(default_factory=dict)
    over_time: str = ""

    def check_requirements(self) -> None:
        """Raises:
        SynposeError: a package is missing.
        """
        missing = [p for m, p in self.requires.items() if importlib.util.find_spec(m) is None]
        if missing:
            raise SynposeError(
                f"--formats={self.name} needs {', '.join(missing)}: "
                "pip install 'synpose_tf[export]'"
            )


def _saved_model(trained, folder):
    from synpose_tf.export.saved_model import writer

    writer.write(trained, folder)


def _saved_model_cli(folder, inputs):
    from synpose_tf.export.saved_model import command_line

    return command_line.run(folder, inputs)


_SERVING_USAGE = """\
## Use

The signature `serving_default` takes the inputs and gives `poses`. `lift_and_reproject`, where
the model has it, also gives `reprojected` (batch, 17, 2), the 2D pose by the reprojection network
in pixels. `assets.extra` holds requests that warm up TensorFlow Serving. A request may have up to
65,536 poses; one with another shape is refused. A pose is NaN, in its own row alone, where

- a coordinate is NaN, infinite or beyond a million pixels,
- all joints lie on one point,
- the intrinsics, where they are an input, are no camera's: not finite, a focal length that is not
  positive, or a distortion that can't be undone at one of the joints.
"""


def _tflite(precision, trained, folder):
    from synpose_tf.export.tflite import writer

    writer.write(trained, folder, precision)


_PHONE_USAGE = """\
## Use

`lifter.tflite` takes one normalised 2D pose, `keypoints` (1, 17, 2), and gives its `depths`
(1, 17), under the signature `serving_default`. `docs/mobile.md` of synpose_tf has the few lines
before and after it, for Kotlin and Swift; `synpose_tf/export/tflite/litert.py` has them for Python
and needs only NumPy and ai-edge-litert. `unzip -p lifter.tflite lifter.json` prints what the file
says of itself. Keypoints must be finite: 8 bits can't hold NaN. `litert.py` gives NaN for a pose
with a joint that is not, in that pose alone.
"""


def _stream(precision, trained, folder):
    from synpose_tf.export.tflite import stream_writer

    stream_writer.write(trained, folder, precision)


_RECORDINGS_USAGE = """\
## Use

The signature `serving_default` takes recordings of one person each, or pieces of them, at about 30
frames a second (of 50 or 60 take every second frame), and gives `poses`. A pose is corrected by the
13 frames before it and the 13 after it; a recording goes on as it is beyond its ends. In camera
mode `intrinsics` has one row for each recording. A request may have up to 65,536 frames in all; one
with another shape is refused. A frame that can't be lifted is NaN, for the reasons of the format
`saved_model`, and the others are lifted as if it were not there. Where the person is gone for a
quarter of a second, let a new recording begin.
"""
_STREAM_USAGE = """\
## Use

`lifter.tflite` takes one frame of one person: the normalised 2D pose `keypoints` (1, 17, 2), `seen`
(1, 17), 0 where a joint was filled in and else 1, and `state`, what it gave for the frame before.
It gives `corrected` (1, 17, 3), x, y and depth, and the next `state`. Keep the state of each person
between frames, about 30 a second, 20 at least. Begin with zeros, and give the first frame 27 times;
begin anew after a quarter of a second without the person. `docs/mobile.md` of synpose_tf has more;
`Stream` in `synpose_tf/export/tflite/litert.py` does it in Python. Keypoints must be finite.
"""
_OVER_TIME = (
    Format(
        "saved_model_recordings",
        "SavedModel for recordings: each pose corrected by the frames around it",
        _saved_model,
        _HERE / "saved_model" / "c_api.py",
        Tolerance(difference=0.02, mpjpe=0.001),
        _saved_model_cli,
        _RECORDINGS_USAGE,
        {"tensorflow_serving": "tensorflow-serving-api"},
        "centred",
    ),
    *(
        Format(
            f"tflite_stream_{precision}",
            f"TFLite for live video, {text}: each pose corrected by the frames before it",
            functools.partial(_stream, precision),
            _HERE / "tflite" / "litert.py",
            tolerance,
            None,
            _STREAM_USAGE,
            {"ai_edge_litert": "ai-edge-litert"},
            "causal",
        )
        for precision, text, tolerance in (
            ("float32", "floats", Tolerance(0.02, 0.01)),
            ("int8", "8 bits between", Tolerance(math.inf, 0.4)),
        )
    ),
)


def _phone_format(name, description, precision, tolerance, **requires):
    return Format(
        name,
        description,
        functools.partial(_tflite, precision),
        _HERE / "tflite" / "litert.py",
        tolerance,
        None,
        _PHONE_USAGE,
        {"ai_edge_litert": "ai-edge-litert", **requires},
    )


# An unusual pose may leave the ranges of an 8-bit network and be far off: there the tolerance is
# that of the mean error, and the table and the model card say which poses not to trust.
_TFLITE = (
    _phone_format("tflite_float32", "TFLite, floats", "float32", Tolerance(0.01, 0.01)),
    _phone_format("tflite_float16", "TFLite, 16-bit weights", "float16", Tolerance(3.0, 0.2)),
    _phone_format(
        "tflite_dynamic", "TFLite, 8-bit weights, floats between", "dynamic", Tolerance(100.0, 0.4)
    ),
    _phone_format(
        "tflite_int8", "TFLite, 8 bits between by calibration", "int8", Tolerance(math.inf, 0.4)
    ),
    _phone_format(
        "tflite_integer",
        "TFLite, 8 bits throughout, input and output too, by calibration, for accelerators",
        "integer",
        Tolerance(math.inf, 0.4),
    ),
    _phone_format(
        "tflite_qat",
        "TFLite, 8 bits between by quantisation-aware training; takes minutes",
        "qat",
        Tolerance(math.inf, 0.1, may_err_less=True),
        tensorflow_model_optimization="tensorflow-model-optimization",
        tf_keras="tf-keras",
    ),
)


def _web(detector, trained, folder):
    from synpose_tf.export.web import writer

    writer.write(trained, folder, detector)


def _page_code(folder, inputs):
    from synpose_tf.export.web import page_code

    return page_code.run(folder, inputs)


_WEB_USAGE = """\
## Use

Any server of static files serves this folder, by https or at localhost: browsers give the camera
to no other page. `python -m http.server` in it is one. The page loads nothing from elsewhere, and
works without a network after the first visit. `page.json` says which lifter it is;
`lifter_float16.tflite` and `lifter_int8.tflite` are those of the formats tflite_float16 and
tflite_int8.
"""
_WEB = Format(
    "web",
    "page that lifts in a browser, on a phone too; needs Node.js with npm",
    functools.partial(_web, None),
    _HERE / "web" / "runtime.py",
    Tolerance(math.inf, 0.4),
    _page_code,
    _WEB_USAGE,
    {"ai_edge_litert": "ai-edge-litert", "platformdirs": "platformdirs"},
)
_ALL = (
    Format(
        "saved_model",
        "TensorFlow SavedModel for TensorFlow Serving, pixels in, 3D poses out",
        _saved_model,
        _HERE / "saved_model" / "c_api.py",
        Tolerance(difference=0.01, mpjpe=0.001),
        _saved_model_cli,
        _SERVING_USAGE,
        {"tensorflow_serving": "tensorflow-serving-api"},
    ),
    *_TFLITE,
    _WEB,
    *_OVER_TIME,
)
FORMATS = {format.name: format for format in _ALL}


DEFAULT = ("saved_model", "tflite_int8")  # For servers, and for phones.


def default() -> tuple[list[str], list[str]]:
    """The formats of most use, as far as their packages are there; and why others are left out.

    Raises:
        SynposeError: the packages of none are there.
    """
    names, reasons = [], []
    for name in DEFAULT:
        try:
            FORMATS[name].check_requirements()
            names.append(name)
        except SynposeError as error:
            reasons.append(str(error))
    if not names:
        raise SynposeError(reasons[0])
    return names, reasons


def select(names: list[str], detector_model: str | None = None) -> list[Format]:
    """Formats by name.

    Args:
        names: of `FORMATS`.
        detector_model: the file that the format `web` puts into its page; None to fetch it.

    Raises:
        SynposeError: an unknown name, none at all, or something that a format needs is missing.
    """
    unknown = [name for name in names if name not in FORMATS]
    if unknown or not names:
        raise SynposeError(
            f"--formats={','.join(names)}: {unknown[0] if unknown else 'nothing'!r} is no format; "
            f"formats are {', '.join(FORMATS)}."
        )
    chosen = [FORMATS[name] for name in dict.fromkeys(names)]
    for format in chosen:
        format.check_requirements()
    return [_with_detector(f, detector_model) if f is _WEB else f for f in chosen]


def _with_detector(format, detector_model):
    from synpose_tf.export.web import bundle
    from synpose_tf.export.web import detector_model as model

    bundle.check()
    write = functools.partial(_web, model.obtain(detector_model))
    return dataclasses.replace(format, write=write)
