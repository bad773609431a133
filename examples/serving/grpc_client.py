"""Lifts keypoints by TensorFlow Serving over gRPC.

  python grpc_client.py --keypoints=keypoints.npy --output=poses.npy
  python grpc_client.py --keypoints=keypoints.npy --camera=1145,1144,512,515 --output=poses.npy

keypoints.npy holds (n, 17, 2) pixels. Needs numpy and tensorflow-serving-api.
"""

import argparse

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_service_pb2_grpc

POSES_A_REQUEST = 4096  # The model takes up to 65,536.
DISTORTION = 5  # k1, k2, p1, p2, k3


def connect(server: str) -> prediction_service_pb2_grpc.PredictionServiceStub:
    """A stub; one serves many threads."""
    options = [(f"grpc.max_{way}_message_length", -1) for way in ("send", "receive")]
    return prediction_service_pb2_grpc.PredictionServiceStub(
        grpc.insecure_channel(server, options=options)
    )


def lift(stub, keypoints, intrinsics=None, model="synpose", timeout=10.0):
    """Poses (n, 17, 3) from keypoints (n, 17, 2) and, in camera mode, intrinsics (n, 9).

    A pose that can't be lifted is NaN. Raises `grpc.RpcError` where the server refuses.
    """
    poses = [np.empty((0, 17, 3), np.float32)]
    for start in range(0, len(keypoints), POSES_A_REQUEST):
        rows = slice(start, start + POSES_A_REQUEST)
        request = predict_pb2.PredictRequest()
        request.model_spec.name = model
        request.model_spec.signature_name = "serving_default"
        request.inputs["keypoints"].CopyFrom(tf.make_tensor_proto(keypoints[rows], tf.float32))
        if intrinsics is not None:
            request.inputs["intrinsics"].CopyFrom(
                tf.make_tensor_proto(intrinsics[rows], tf.float32)
            )
        response = stub.Predict(request, timeout=timeout)
        poses.append(tf.make_ndarray(response.outputs["poses"]))
    return np.concatenate(poses)


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", default="localhost:8500")
    parser.add_argument("--model", default="synpose")
    parser.add_argument("--keypoints", required=True, help=".npy, (n, 17, 2) pixels")
    parser.add_argument("--camera", help="fx,fy,cx,cy[,k1,k2,p1,p2,k3]: one camera for all")
    parser.add_argument("--output", required=True, help=".npy, (n, 17, 3)")
    arguments = parser.parse_args()

    keypoints = np.load(arguments.keypoints).astype(np.float32)
    intrinsics = None
    if arguments.camera:
        values = [float(value) for value in arguments.camera.split(",")]
        values += [0.0] * DISTORTION if len(values) == 4 else []
        intrinsics = np.tile(np.array(values, np.float32), (len(keypoints), 1))
    try:
        poses = lift(connect(arguments.server), keypoints, intrinsics, arguments.model)
    except grpc.RpcError as error:
        parser.exit(1, f"error: {arguments.server}: {error.code().name}: {error.details()}\n")
    np.save(arguments.output, poses)
    print(f"{len(poses)} poses, {int(np.isnan(poses).any((1, 2)).sum())} of them not liftable")


if __name__ == "__main__":
    main()
