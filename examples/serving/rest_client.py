"""Lifts keypoints by TensorFlow Serving over REST. Needs nothing but Python.

  python rest_client.py --keypoints=keypoints.json --output=poses.json
  python rest_client.py --keypoints=keypoints.json --camera=1145,1144,512,515 --output=poses.json

keypoints.json holds a list of poses, each a list of 17 [x, y] in pixels.
"""

import argparse
import json
import math
import urllib.error
import urllib.request

POSES_A_REQUEST = 1024  # The model takes up to 65,536; JSON is bulky.
DISTORTION = 5  # k1, k2, p1, p2, k3


def lift(keypoints, intrinsics=None, server="http://localhost:8501", model="synpose", timeout=10.0):
    """Poses, lists of 17 [x, y, z], from keypoints and, in camera mode, rows of intrinsics.

    A pose that can't be lifted is NaN: TensorFlow Serving writes the token NaN, which Python
    and JavaScript read and strict JSON does not have. Raises `ServerError`.
    """
    url = f"{server}/v1/models/{model}:predict"
    poses = []
    for start in range(0, len(keypoints), POSES_A_REQUEST):
        rows = slice(start, start + POSES_A_REQUEST)
        inputs = {"keypoints": keypoints[rows]}
        if intrinsics is not None:
            inputs["intrinsics"] = intrinsics[rows]
        body = json.dumps({"signature_name": "serving_default", "inputs": inputs}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout) as response:
                # With one output, the server leaves out its name.
                poses += json.load(response)["outputs"]
        except urllib.error.HTTPError as error:
            raise ServerError(f"{url}: {json.load(error)['error']}") from error
        except urllib.error.URLError as error:
            raise ServerError(f"{url}: {error.reason}") from error
    return poses


class ServerError(Exception):
    """What the server answers in place of poses."""


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--server", default="http://localhost:8501")
    parser.add_argument("--model", default="synpose")
    parser.add_argument("--keypoints", required=True, help=".json, poses of 17 [x, y], pixels")
    parser.add_argument("--camera", help="fx,fy,cx,cy[,k1,k2,p1,p2,k3]: one camera for all")
    parser.add_argument("--output", required=True, help=".json, poses of 17 [x, y, z]")
    arguments = parser.parse_args()

    with open(arguments.keypoints, encoding="utf-8") as file:
        keypoints = json.load(file)
    intrinsics = None
    if arguments.camera:
        values = [float(value) for value in arguments.camera.split(",")]
        values += [0.0] * DISTORTION if len(values) == 4 else []
        intrinsics = [values] * len(keypoints)
    try:
        poses = lift(keypoints, intrinsics, arguments.server, arguments.model)
    except ServerError as error:
        parser.exit(1, f"error: {error}\n")
    with open(arguments.output, "w", encoding="utf-8") as file:
        json.dump(poses, file)
    lost = sum(any(math.isnan(x) for joint in pose for x in joint) for pose in poses)
    print(f"{len(poses)} poses, {lost} of them not liftable")


if __name__ == "__main__":
    main()
