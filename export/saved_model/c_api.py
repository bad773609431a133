"""Runs a SavedModel through TensorFlow's C API, the loader that TensorFlow Serving uses.

Needs NumPy, protobuf and the C library of TensorFlow's wheel; imports neither the package nor
TensorFlow, so that a SavedModel that runs here carries all that it needs.
"""

import ctypes
import functools
import importlib.machinery
import pathlib
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

_DTYPES = {1: np.dtype(np.float32), 3: np.dtype(np.int32), 9: np.dtype(np.int64)}
_CODES = {dtype: code for code, dtype in _DTYPES.items()}


class _Buffer(ctypes.Structure):
    _fields_ = (("data", ctypes.c_void_p), ("length", ctypes.c_size_t), ("free", ctypes.c_void_p))


class _Output(ctypes.Structure):
    _fields_ = (("operation", ctypes.c_void_p), ("index", ctypes.c_int))


INVALID_ARGUMENT = 3


class CApiError(Exception):
    """What TensorFlow's C library reports, or would.

    Args:
        message: what is wrong.
        code: TensorFlow's, which is gRPC's.
    """

    def __init__(self, message: str, code: int = INVALID_ARGUMENT):
        super().__init__(message)
        self.code = code


def load(folder: pathlib.Path | str) -> Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]]:
    """A function from named input arrays to named output arrays, by `serving_default`."""
    model = SavedModel(folder)
    return lambda inputs: model.run("serving_default", inputs)


class SavedModel:
    """A SavedModel in a session of the C library. `run` may be called from many threads.

    Args:
        folder: with `saved_model.pb`.

    Attributes:
        signatures: name to (inputs, outputs), each name to tensor name.

    Raises:
        CApiError: it can't be loaded.
    """

    def __init__(self, folder: pathlib.Path | str):
        self._tf = _library()
        self._graph = self._tf.TF_NewGraph()
        meta_graph = self._tf.TF_NewBuffer()
        options = self._tf.TF_NewSessionOptions()
        tags = (ctypes.c_char_p * 1)(b"serve")
        with _Status(self._tf) as status:
            self._session = self._tf.TF_LoadSessionFromSavedModel(
                options, None, str(folder).encode(), tags, 1, self._graph, meta_graph, status
            )
        data = ctypes.string_at(meta_graph.contents.data, meta_graph.contents.length)
        self._tf.TF_DeleteBuffer(meta_graph)
        self._tf.TF_DeleteSessionOptions(options)
        self.signatures = _signatures(data)

    def run(self, signature: str, inputs: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Runs a signature.

        Raises:
            CApiError: no such signature, other inputs than it names, or an error at run time.
        """
        if signature not in self.signatures:
            raise CApiError(f"no signature {signature!r}; there are {sorted(self.signatures)}")
        takes, gives = self.signatures[signature]
        if inputs.keys() != takes.keys():
            raise CApiError(f"{signature} takes {sorted(takes)}, found {sorted(inputs)}")
        feeds = [self._output(takes[name]) for name in inputs]
        fetches = [self._output(name) for name in gives.values()]
        given = [self._tensor(array) for array in inputs.values()]
        got = (ctypes.c_void_p * len(fetches))()
        try:
            with _Status(self._tf) as status:
                self._tf.TF_SessionRun(
                    self._session, None,
                    (_Output * len(feeds))(*feeds), (ctypes.c_void_p * len(given))(*given),
                    len(feeds),
                    (_Output * len(fetches))(*fetches), got, len(fetches),
                    None, 0, None, status,
                )  # fmt: skip
            return {name: self._array(t) for name, t in zip(gives, got, strict=True)}
        finally:
            for tensor in (*given, *got):
                if tensor:
                    self._tf.TF_DeleteTensor(tensor)

    def _output(self, tensor_name):
        name, _, index = tensor_name.partition(":")
        operation = self._tf.TF_GraphOperationByName(self._graph, name.encode())
        return _Output(operation, int(index or 0))

    def _tensor(self, array):
        array = np.ascontiguousarray(array)
        if array.dtype not in _CODES:
            raise CApiError(f"inputs of type {array.dtype} are not supported")
        shape = (ctypes.c_int64 * array.ndim)(*array.shape)
        tensor = self._tf.TF_AllocateTensor(_CODES[array.dtype], shape, array.ndim, array.nbytes)
        ctypes.memmove(self._tf.TF_TensorData(tensor), array.ctypes.data, array.nbytes)
        return tensor

    def _array(self, tensor):
        shape = [self._tf.TF_Dim(tensor, i) for i in range(self._tf.TF_NumDims(tensor))]
        dtype: Any = _DTYPES[self._tf.TF_TensorType(tensor)]
        array = np.empty(shape, dtype)
        ctypes.memmove(array.ctypes.data, self._tf.TF_TensorData(tensor), array.nbytes)
        return array


class _Status:
    """A TF_Status that raises, when the block ends, what was reported in it."""

    def __init__(self, library: ctypes.CDLL):
        self._tf = library

    def __enter__(self):
        self._status = self._tf.TF_NewStatus()
        return self._status

    def __exit__(self, *exception):
        code, message = self._tf.TF_GetCode(self._status), self._tf.TF_Message(self._status)
        self._tf.TF_DeleteStatus(self._status)
        if code:
            raise CApiError(message.decode(errors="replace"), code)


@functools.cache
def _library():
    spec = importlib.machinery.PathFinder.find_spec("tensorflow", sys.path)
    if spec is None or spec.origin is None:
        raise CApiError("TensorFlow is not installed")
    folder = pathlib.Path(spec.origin).parent
    # Not RTLD_GLOBAL: TensorFlow's copy of OpenSSL would take the place of Python's.
    for name in ("framework", "cc"):
        path = next(folder.glob(f"libtensorflow_{name}.*"), None)
        if path is None:
            raise CApiError(f"TensorFlow has no C library on this system: no libtensorflow_{name}")
        library = ctypes.CDLL(str(path))
    return _declare(library)


def _declare(library):
    """Gives the functions their types."""
    pointer, size = ctypes.c_void_p, ctypes.c_size_t
    declarations = {
        "TF_NewGraph": (pointer, ()),
        "TF_NewBuffer": (ctypes.POINTER(_Buffer), ()),
        "TF_DeleteBuffer": (None, (ctypes.POINTER(_Buffer),)),
        "TF_NewSessionOptions": (pointer, ()),
        "TF_DeleteSessionOptions": (None, (pointer,)),
        "TF_NewStatus": (pointer, ()),
        "TF_DeleteStatus": (None, (pointer,)),
        "TF_GetCode": (ctypes.c_int, (pointer,)),
        "TF_Message": (ctypes.c_char_p, (pointer,)),
        "TF_LoadSessionFromSavedModel": (
            pointer,
            (pointer, pointer, ctypes.c_char_p, ctypes.POINTER(ctypes.c_char_p), ctypes.c_int)
            + (pointer, ctypes.POINTER(_Buffer), pointer),
        ),
        "TF_GraphOperationByName": (pointer, (pointer, ctypes.c_char_p)),
        "TF_AllocateTensor": (
            pointer,
            (ctypes.c_int, ctypes.POINTER(ctypes.c_int64), ctypes.c_int, size),
        ),
        "TF_DeleteTensor": (None, (pointer,)),
        "TF_TensorData": (pointer, (pointer,)),
        "TF_TensorType": (ctypes.c_int, (pointer,)),
        "TF_NumDims": (ctypes.c_int, (pointer,)),
        "TF_Dim": (ctypes.c_int64, (pointer, ctypes.c_int)),
        "TF_SessionRun": (
            None,
            (pointer, pointer)
            + (ctypes.POINTER(_Output), ctypes.POINTER(pointer), ctypes.c_int)
            + (ctypes.POINTER(_Output), ctypes.POINTER(pointer), ctypes.c_int)
            + (pointer, ctypes.c_int, pointer, pointer),
        ),
    }
    for name, (result, arguments) in declarations.items():
        function = getattr(library, name)
        function.restype, function.argtypes = result, arguments
    return library


def _signatures(meta_graph: bytes) -> dict[str, tuple[dict[str, str], ...]]:
    graph = _meta_graph_class()()
    graph.ParseFromString(meta_graph)
    return {
        key: tuple(
            {n: info.name for n, info in sorted(side.items())} for side in (s.inputs, s.outputs)
        )
        for key, s in graph.signature_def.items()
        if not key.startswith("__")
    }


@functools.cache
def _meta_graph_class():
    """The part of TensorFlow's MetaGraphDef that holds the signatures."""
    file = descriptor_pb2.FileDescriptorProto(
        name="signatures.proto", package="signatures", syntax="proto3"
    )
    kinds = descriptor_pb2.FieldDescriptorProto

    def message(called, fields):
        added = file.message_type.add(name=called)
        for field, (number, kind) in fields.items():
            if kind is None:
                added.field.add(name=field, number=number, type=kinds.TYPE_STRING, label=1)
                continue
            entry = "".join(part.capitalize() for part in field.split("_")) + "Entry"
            nested = added.nested_type.add(name=entry)
            nested.options.map_entry = True
            nested.field.add(name="key", number=1, type=kinds.TYPE_STRING, label=1)
            nested.field.add(
                name="value", number=2, type=kinds.TYPE_MESSAGE, label=1,
                type_name=f".signatures.{kind}",
            )  # fmt: skip
            added.field.add(
                name=field, number=number, type=kinds.TYPE_MESSAGE, label=3,
                type_name=f".signatures.{called}.{entry}",
            )  # fmt: skip

    message("TensorInfo", {"name": (1, None)})
    message("SignatureDef", {"inputs": (1, "TensorInfo"), "outputs": (2, "TensorInfo")})
    message("MetaGraphDef", {"signature_def": (5, "SignatureDef")})
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("signatures.MetaGraphDef"))
