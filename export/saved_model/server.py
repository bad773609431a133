"""TensorFlow Serving's Predict, over gRPC and REST, on a SavedModel in TensorFlow's C library.

For development and tests, where TensorFlow Serving does not run; see `serve`. It speaks the
protocols that https://www.tensorflow.org/tfx/guide/serving describes: gRPC's `Predict`, and
REST's `:predict` in row and column format and model status.
"""

import http.server
import json
import re
import sys
import threading
from concurrent import futures
from typing import Any

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

from synpose_tf.export.saved_model import rest_request
from synpose_tf.export.saved_model.c_api import CApiError, SavedModel
from synpose_tf.export.saved_model.rest_request import DEFAULT_SIGNATURE, RequestError

_CODES = {code.value[0]: code for code in grpc.StatusCode}
_HTTP_CODES = {3: 400, 5: 404, 9: 400}
_INVALID, _NOT_FOUND = 3, 5
LARGEST_BODY = 2**28  # Bytes; a request of 65,536 poses, the most that is lifted, has 2**26.
SILENCE = 60  # Seconds that a client may leave a connection open without a word.
_UNBOUNDED = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]


class Servable:
    """A SavedModel under a name.

    Args:
        name: what clients call it.
        version: of the SavedModel.
        model: the SavedModel.
    """

    def __init__(self, name: str, version: int, model: SavedModel):
        self.name, self.version, self.model = name, version, model

    def predict(self, name: str, signature: str, inputs: dict) -> dict[str, np.ndarray]:
        """Runs a signature, `serving_default` where it is empty.

        Raises:
            CApiError: another model's name, no such signature, or inputs that it does not take.
        """
        if name != self.name:
            raise CApiError(f"no model {name!r} here; there is {self.name!r}", _NOT_FOUND)
        return self.model.run(signature or DEFAULT_SIGNATURE, inputs)

    def inputs_of(self, signature: str) -> list[str]:
        """The names of a signature's inputs.

        Raises:
            CApiError: there is no such signature.
        """
        known = self.model.signatures
        if signature not in known:
            raise CApiError(f"no signature {signature!r}; there are {sorted(known)}")
        return list(known[signature][0])


class _PredictionService(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, servable: Servable):
        self._servable = servable

    def Predict(
        self, request: predict_pb2.PredictRequest, context: grpc.ServicerContext
    ) -> predict_pb2.PredictResponse:
        spec = request.model_spec
        try:
            inputs = {key: tf.make_ndarray(tensor) for key, tensor in request.inputs.items()}
            outputs = self._servable.predict(spec.name, spec.signature_name, inputs)
        except CApiError as error:
            context.abort(_CODES[error.code], str(error))
        except (ValueError, TypeError, KeyError) as error:
            context.abort(_CODES[_INVALID], f"a tensor of the request can't be read: {error}")
        response = predict_pb2.PredictResponse()
        response.model_spec.name = spec.name
        response.model_spec.version.value = self._servable.version
        for key, array in outputs.items():
            response.outputs[key].CopyFrom(tf.make_tensor_proto(array))
        return response


class _Refused(Exception):
    """A request whose body is not read."""

    def __init__(self, code: int, text: str):
        super().__init__(text)
        self.code = code


class _RestHandler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = SILENCE
    servable: Servable

    def do_GET(self) -> None:
        if self._model(r"/v1/models/([^/:]+)") == self.servable.name:
            status = {"version": str(self.servable.version), "state": "AVAILABLE"}
            self._answer(200, {"model_version_status": [status]})
        else:
            self._answer(404, {"error": f"{self.path}: there is {self.servable.name!r} only"})

    def do_POST(self) -> None:
        try:
            self._answer(200, self._predict(self._body()))
        except _Refused as error:
            self.close_connection = True  # Its body was not read.
            self._answer(error.code, {"error": str(error)})
        except RequestError as error:
            self._answer(400, {"error": str(error)})
        except CApiError as error:
            self._answer(_HTTP_CODES.get(error.code, 500), {"error": str(error)})

    def _body(self):
        length = self.headers.get("Content-Length", "")
        if not length.isascii() or not length.isdecimal():
            raise _Refused(411, "expected a Content-Length, and the body as a whole")
        if len(length) > 12 or int(length) > LARGEST_BODY:
            raise _Refused(413, f"the request is larger than {LARGEST_BODY:,} bytes; send several")
        return self.rfile.read(int(length))

    def _predict(self, body):
        pattern = rf"/v1/models/([^/:]+)(?:/versions/0*{self.servable.version})?:predict"
        name = self._model(pattern)
        if name is None:
            raise CApiError(f"{self.path[:200]}: nothing is served there", _NOT_FOUND)
        request = rest_request.parse(body, self.servable.inputs_of)
        outputs = self.servable.predict(name, request.signature, request.inputs)
        lists = {key: array.tolist() for key, array in outputs.items()}
        if request.by_row:
            rows = zip(*lists.values(), strict=True)
            return {"predictions": [_alone(dict(zip(lists, row, strict=True))) for row in rows]}
        return {"outputs": _alone(lists)}

    def _model(self, pattern):
        match = re.fullmatch(pattern, self.path.partition("?")[0])
        return match and match.group(1)

    def _answer(self, code, tree):
        body = json.dumps(tree).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments: Any) -> None:
        pass


def _alone(outputs):
    """The outputs by name; the output itself where it is the only one."""
    return next(iter(outputs.values())) if len(outputs) == 1 else outputs


class _RestServer(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exc_info()[1], ConnectionError):  # A client that went away.
            super().handle_error(request, client_address)


def serve_grpc(servable: Servable, address: str, threads: int = 8) -> tuple[grpc.Server, int]:
    """Starts a gRPC server and returns it, with its port; port 0 in the address is any free one.

    Raises:
        RuntimeError: the port is taken.
    """
    server = grpc.server(futures.ThreadPoolExecutor(threads), options=_UNBOUNDED)
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        _PredictionService(servable), server
    )
    port = server.add_insecure_port(address)
    server.start()
    return server, port


def serve_rest(servable: Servable, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """Starts an HTTP server in a thread and returns it; port 0 is any free one.

    Raises:
        OSError: the port is taken.
    """
    handler = type("Handler", (_RestHandler,), {"servable": servable})
    server = _RestServer((host, port), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
