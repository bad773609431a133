"""A .tflite file without repetition and without names that nothing reads.

The converter gives every 8-bit layer a zero point for each unit, 8 bytes each and all zero, once
for the weights and once for the biases: a fifteenth of the file of a network 256 wide. Here
equal arrays are written once, and whatever refers to them shares them, as FlatBuffers allow.
Tensors between input and output lose their names, which are those of Python's operations.
"""

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

IDENTIFIER = b"TFL3"
ALIGNMENT = 16  # Bytes: what the format's schema asks of weights.


def compact(content: bytes) -> bytes:
    """Writes a .tflite file anew, which computes the same."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(content))
    for graph in model.subgraphs:
        for index, tensor in enumerate(graph.tensors):
            if index not in (*graph.inputs, *graph.outputs):
                tensor.name = None
    builder = _Sharing(len(content))
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


class _Sharing(flatbuffers.Builder):
    """Writes an array that it has written before as a reference to that one."""

    def __init__(self, size: int):
        super().__init__(size)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, array: np.ndarray) -> int:
        key = array.dtype.str, array.tobytes()
        if key not in self._written:
            self.Prep(ALIGNMENT, array.nbytes)
            self._written[key] = super().CreateNumpyVector(array)
        return self._written[key]
