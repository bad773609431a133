"""From a photo or a video to 3D poses, with MediaPipe Pose as the detector.

MediaPipe and synpose_tf want different versions of the same packages, so MediaPipe gets an
environment of its own, and landmarks go over as JSON. Once:

  python -m venv mediapipe-env
  mediapipe-env/bin/pip install mediapipe==0.10.21

(0.10.21 is the last version with the pose model inside; Python 3.9 to 3.12.) Then:

  mediapipe-env/bin/python examples/mediapipe_to_3d.py walk.mp4
  python -m synpose_tf.lift walk.landmarks.json

or both in one go, with the Python that has synpose_tf:

  mediapipe-env/bin/python examples/mediapipe_to_3d.py walk.mp4 --lift_with=.venv/bin/python

MediaPipe Pose finds one person. The JSON is described in docs/lift.md.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys

PHOTOS = (".jpg", ".jpeg", ".png", ".bmp", ".webp", ".tif", ".tiff")
HINT = """MediaPipe is not installed in this environment ({python}). It gets one of its own:
  python -m venv mediapipe-env
  mediapipe-env/bin/pip install mediapipe==0.10.21
  mediapipe-env/bin/python {script} {input}"""


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("input", type=pathlib.Path, help="a photo or a video")
    parser.add_argument(
        "--output", type=pathlib.Path, help="the landmarks; default: beside, .landmarks.json"
    )
    parser.add_argument(
        "--lift_with", metavar="PYTHON", help="the Python with synpose_tf, to lift at once"
    )
    arguments = parser.parse_args()
    path = arguments.input
    if not path.is_file():
        sys.exit(f"error: {path}: no such file.")
    try:
        import cv2
        from mediapipe.python.solutions import pose
    except ImportError as error:
        hint = HINT.format(python=sys.executable, script=sys.argv[0], input=path)
        sys.exit(f"error: {hint}\n({error})")

    photo = path.suffix.lower() in PHOTOS
    frames, fps = (_photo(cv2, path), None) if photo else _video(cv2, path)
    output = arguments.output or path.with_suffix(".landmarks.json")
    with pose.Pose(static_image_mode=photo, model_complexity=1) as detector:
        seen, count = write(output, frames, fps, lambda image: detect(cv2, detector, image))
    print(f"{output}: a person in {seen} of {count} frames")
    if not seen:
        sys.exit("error: nobody was found. Is a whole person in the picture, large enough?")
    command = ["-m", "synpose_tf.lift", str(output)]
    if arguments.lift_with:
        sys.exit(subprocess.call([arguments.lift_with, *command]))
    print(f"lift it, where synpose_tf is installed:\n  python {' '.join(command)}")


def _photo(cv2, path):
    image = cv2.imread(str(path))  # Turned as its EXIF says.
    if image is None:
        sys.exit(f"error: {path}: OpenCV can't read this picture.")
    return iter([(0, 0.0, image)])


def _video(cv2, path):
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS)
    if not capture.isOpened() or not 0 < fps < 1000:
        sys.exit(f"error: {path}: OpenCV can't read this video.")
    return _frames(cv2, capture, fps), fps


def _frames(cv2, capture, fps):
    """Yields (number, seconds, picture); by the file's clock, or by number where it stands."""
    number, before = 0, -1.0
    while True:
        good, image = capture.read()
        if not good:
            return
        time = capture.get(cv2.CAP_PROP_POS_MSEC) / 1000.0
        time = time if time > before else before + 1.0 / fps
        yield number, time, image
        number, before = number + 1, time


def detect(cv2, detector, image):
    """The people in a picture, as the JSON has them."""
    found = detector.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).pose_landmarks
    if found is None:
        return []
    landmarks = [
        [round(number, 6) for number in (mark.x, mark.y, mark.z, mark.visibility)]
        for mark in found.landmark
    ]
    return [{"landmarks": landmarks}]


def write(output, frames, fps, people_in):
    """Writes the JSON frame by frame, whole or not at all; gives frames with people, and all."""
    temporary = output.with_name(f".{output.name}.{os.getpid()}")
    seen = count = 0
    try:
        with temporary.open("w", encoding="utf-8") as handle:
            for number, time, image in frames:
                if count == 0:
                    height, width = image.shape[:2]
                    head = {"format": "mediapipe-pose-landmarks", "image_size": [width, height]}
                    handle.write(json.dumps({**head, "fps": fps})[:-1] + ', "frames": [\n')
                people = people_in(image)
                entry = {"frame": number, "time": round(time, 6), "people": people}
                handle.write((",\n" if count else "") + json.dumps(entry))
                seen, count = seen + bool(people), count + 1
            if not count:
                sys.exit("error: the video holds no picture that OpenCV can read.")
            handle.write("\n]}\n")
        temporary.replace(output)
    finally:
        temporary.unlink(missing_ok=True)
    return seen, count


if __name__ == "__main__":
    main()
