"""DeepLabCut's analysis of a video, as CSV and as HDF5, of one or several individuals.

    scorer,DLC_…,DLC_…,DLC_…,…
    individuals,person1,person1,…          where several are tracked
    bodyparts,left_ankle,left_ankle,left_ankle,…
    coords,x,y,likelihood,…
    0,264.1,113.3,0.98,…                   the frame, and pixels

The HDF5 file is a pandas table; its columns' names are a pickle, of which only lists, tuples and
texts are read. Body parts have any names: `synpose_tf.keypoints.named_joints`.
"""

import codecs
import csv
import io
import json
import pathlib
import pickle
import re
from typing import Any

import h5py
import numpy as np

from synpose_tf.errors import SynposeError
from synpose_tf.io.files import reading
from synpose_tf.io.scratch import Scratch
from synpose_tf.keypoints import named_joints, whole_tracks
from synpose_tf.keypoints.detections import MAX_NUMBERS, Person

NAME = "DeepLabCut CSV or HDF5"
_START = re.compile(r"scorer([,;\t])")  # And how the cells are parted.
_HEAD = {"scorer", "individuals", "bodyparts", "coords"}
_COORDS = ("x", "y", "likelihood")
_UNIQUE = "single"  # The individual of body parts that are tracked once, such as a box.
_EXPORT = "In DeepLabCut: analyze_videos(…, save_as_csv=True), and give the CSV file."
_ONCE = "Name each body part once in config.yaml, and analyse again."
_REMEDY = "Name the body parts so in config.yaml, and analyse again."


def starts(head: bytes) -> bool:
    """Whether a file that begins so is its CSV, in whatever encoding."""
    encoding = json.detect_encoding(head)
    return bool(_START.match(codecs.getincrementaldecoder(encoding)("replace").decode(head)))


def holds(path: pathlib.Path) -> bool:
    """Whether an HDF5 file is a table of pandas; a damaged one is none."""
    try:
        with reading(path), h5py.File(path, "r") as file:
            return _group(file) is not None
    except SynposeError:
        return False


def read(path: pathlib.Path, scratch: Scratch) -> list[Person]:
    """The individuals of a file.

    Raises:
        SynposeError: the file is damaged or of another kind, or what it tracks is no person.
    """
    with path.open("rb") as handle:
        table = _read_hdf5(path) if handle.read(4) == b"\x89HDF" else _read_csv(path)
    frames, columns, values = table
    individuals: dict[str, dict[str, dict[str, int]]] = {}
    for number, (*_, part, coordinate) in enumerate(columns):
        name = columns[number][-3] if len(columns[number]) == 4 else ""
        numbers = individuals.setdefault(name, {}).setdefault(part, {})
        if numbers.setdefault(coordinate, number) != number:
            raise SynposeError(f"{path}: two columns are {coordinate} of {part[:80]!r}. {_ONCE}")
    if len(individuals) > 1:
        individuals.pop(_UNIQUE, None)
    people = []
    for name, parts in individuals.items():
        where = str(path) if len(individuals) == 1 else f"{path}: {name}"
        joints = np.stack([_joint(values, part, where) for part in parts.items()], axis=1)
        layout, joints = named_joints.to_layout([*parts], joints, where, _REMEDY)
        people.append(Person(name, frames, joints, where, layout=layout, units="pixels"))
    return whole_tracks.by_name(people, scratch)


def _joint(values, part, where):
    """(F, 3) of a body part: x, y, likelihood, which labels made by hand have not."""
    name, columns = part
    if not {"x", "y"} <= columns.keys():
        raise SynposeError(f"{where}: {name} has the columns {', '.join(columns)}, not x and y.")
    ones = np.ones(len(values))
    likelihood = values[:, columns["likelihood"]] if "likelihood" in columns else ones
    return np.stack([values[:, columns["x"]], values[:, columns["y"]], likelihood], axis=-1)


# === CSV ===


def _read_csv(path):
    """Frames (F,), the columns' names, values (F, columns)."""
    with reading(path):
        content = path.read_bytes()
        text = content.decode(json.detect_encoding(content))
        start = _START.match(text)
        separator = start[1] if start else ","
        rows = [*csv.reader(io.StringIO(text), delimiter=separator)]
    head = [row for row in rows[:4] if row and row[0] in _HEAD]
    body = [row for row in rows[len(head) :] if row]
    kinds = [row[0] for row in head]
    if kinds not in (
        ["scorer", "bodyparts", "coords"],
        ["scorer", "individuals", "bodyparts", "coords"],
    ):
        raise SynposeError(
            f"{path}: its first rows are {', '.join(kinds)}. Expected scorer, bodyparts and "
            f"coords, or individuals among them. {_EXPORT}"
        )
    width = len(head[0])
    uneven = [number for number, row in enumerate(rows, 1) if row and len(row) != width]
    if uneven:
        raise SynposeError(
            f"{path}, line {uneven[0]}: {len(rows[uneven[0] - 1])} cells, where others have "
            f"{width}. The file is cut off or damaged; export it again."
        )
    frames = [re.sub(r"\.0*$", "", row[0]) for row in body]
    other = [frame for frame in frames if not (frame.isdecimal() and len(frame) < 18)]
    if other:
        raise SynposeError(
            f"{path}: a row begins with {other[0][:40]!r}, expected the frame's number. Labels of "
            f"pictures are no video. {_EXPORT}"
        )
    columns = [tuple(cells) for cells in zip(*(row[1:] for row in head), strict=True)]
    with reading(path):
        point = "." if separator == "," else ","  # As Excel writes it where a comma is the point.
        values = [[float(cell.replace(point, ".") or "nan") for cell in row[1:]] for row in body]
    numbers = np.array(values, np.float32).reshape(len(body), len(columns))
    return np.array([*map(int, frames)], np.int64), columns, numbers


# === HDF5 ===


class _Texts(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        raise SynposeError(f"the columns' names ask for {module}.{name}, and only texts are read.")


def _group(file):
    """The name of the table of pandas in a file, or None."""
    return next((name for name, entry in file.items() if "pandas_type" in entry.attrs), None)


def _read_hdf5(path):
    """As `_read_csv`."""
    with reading(path), h5py.File(path, "r") as file:
        group = file[_group(file)]
        if "table" not in group or group["table"].dtype.names is None:
            raise SynposeError(f"{path}: a table of pandas in another form. {_EXPORT}")
        table = group["table"]
        blocks = [name for name in table.dtype.names if name.startswith("values_block_")]
        size = len(table) * table.dtype.itemsize
        if size > 8 * MAX_NUMBERS:
            raise SynposeError(
                f"{path}: claims {size:,} bytes, more than is held at once. Split it."
            )
        columns = [
            tuple(column)
            for name in blocks
            for column in _Texts(io.BytesIO(bytes(table.attrs[f"{name}_kind"]))).load()
        ]
        rows = table[:]
    frames = rows["index"]
    values = np.concatenate([rows[name].reshape(len(rows), -1) for name in blocks], axis=1)
    if frames.dtype.kind not in "iu":
        raise SynposeError(f"{path}: labels of pictures, and no video. {_EXPORT}")
    if len(columns) != values.shape[1] or not all(
        len(column) in (3, 4) and all(isinstance(text, str) for text in column)
        for column in columns
    ):
        raise SynposeError(f"{path}: {values.shape[1]} columns, {len(columns)} names. {_EXPORT}")
    with np.errstate(over="ignore", invalid="ignore"):
        return frames.astype(np.int64), columns, values.astype(np.float32)
