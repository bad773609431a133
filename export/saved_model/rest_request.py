"""The body of a Predict request of TensorFlow Serving's REST API.

    {"signature_name": NAME, "instances": [ROW, …]}     row format
    {"signature_name": NAME, "inputs": COLUMNS}         column format

A ROW is an object of inputs by name, COLUMNS are one; where the signature has a single input,
each may be the input's value alone. https://www.tensorflow.org/tfx/serving/api_rest has both.
"""

import dataclasses
import json
from collections.abc import Callable, Iterable

import numpy as np

DEFAULT_SIGNATURE = "serving_default"


class RequestError(ValueError):
    """What is wrong with a request, in words."""


@dataclasses.dataclass(frozen=True)
class PredictRequest:
    """What a client asks for.

    Args:
        signature: its name.
        inputs: arrays by name, 32-bit floats, one row for each pose.
        by_row: whether the answer is wanted in row format.
    """

    signature: str
    inputs: dict[str, np.ndarray]
    by_row: bool


def parse(body: bytes, inputs_of: Callable[[str], Iterable[str]]) -> PredictRequest:
    """Reads a request.

    Args:
        body: of the HTTP request.
        inputs_of: gives the names of the inputs of a signature.

    Raises:
        RequestError: it is no predict request.
        Whatever `inputs_of` raises for a signature that there is not.
    """
    try:
        request = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"the request is no JSON: {error}") from None
    if not isinstance(request, dict) or len({"instances", "inputs"} & request.keys()) != 1:
        raise RequestError('expected an object with either "instances" or "inputs"')
    signature = request.get("signature_name", DEFAULT_SIGNATURE)
    if not isinstance(signature, str):
        raise RequestError(f"signature_name is {str(signature)[:40]!r}, expected a text")
    signature = signature or DEFAULT_SIGNATURE
    names = sorted(inputs_of(signature))
    by_row = "instances" in request
    columns = _of_rows(request["instances"], names) if by_row else _named(request["inputs"], names)
    inputs = {name: _numbers(values, name) for name, values in columns.items()}
    return PredictRequest(signature, inputs, by_row)


def _of_rows(rows, names):
    if not isinstance(rows, list) or not rows:
        raise RequestError('"instances" must be a list of one or more rows')
    if not any(isinstance(row, dict) for row in rows):
        return _named(rows, names)
    for index, row in enumerate(rows):
        if not isinstance(row, dict) or sorted(row) != names:
            found = sorted(row) if isinstance(row, dict) else "no object"
            raise RequestError(f"instances[{index}]: expected an object of {names}, found {found}")
    return {name: [row[name] for row in rows] for name in names}


def _named(values, names):
    if isinstance(values, dict):
        return values
    if len(names) > 1:
        raise RequestError(f"the signature takes {names}: name the inputs, in an object")
    return {names[0]: values}


def _numbers(values, name):
    try:
        array = np.array(values)
    except (ValueError, OverflowError, RecursionError):
        array = np.array(None)
    if array.dtype.kind not in "iuf" or array.ndim == 0:
        raise RequestError(f"{name}: expected lists of numbers, in lists of one length each")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)
