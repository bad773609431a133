"""What each camera saw beside where the joints are: against OpenCV's projection, and the clocks."""

import cv2
import numpy as np
import pytest
from camera_scenes import CAMERAS, RATE, truth, walker

from synpose_tf.reconstruction.camera_views import camera_views
from synpose_tf.reconstruction.people import Placed
from synpose_tf.reconstruction.pipeline import Scene
from synpose_tf.reconstruction.views import Camera, Clock
from synpose_tf.structures.tracks import PoseTrack

FRAMES = 30
STARTS = (0.0, 0.0, 2.5, 0.0)  # Frames after the first camera's that each began.


def detector(points):
    """Pixels (F, 17, 2) of world points by OpenCV, one set a camera."""
    pixels = []
    for camera, world in zip(CAMERAS, points, strict=True):
        fx, fy, cx, cy, *lens = camera.intrinsics
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        turn, _ = cv2.Rodrigues(camera.rotation)
        shift = -camera.rotation @ camera.position
        flat, _ = cv2.projectPoints(world.reshape(-1, 3), turn, shift, matrix, np.array(lens))
        pixels.append(flat.reshape(*world.shape[:2], 2))
    return pixels


@pytest.fixture(scope="module")
def scene():
    """A person who is known exactly, and four cameras of which one began 2.5 frames later."""
    fine = walker(2 * FRAMES + 6)  # Two moments a frame.
    at = [2 * np.arange(FRAMES) + int(2 * start) for start in STARTS]
    cameras = []
    for camera, pixels in zip(CAMERAS, detector([fine[moments] for moments in at]), strict=True):
        inferred = np.zeros((FRAMES, 17), bool)
        inferred[3, 7] = True
        pixels[5] = np.nan  # A frame in which nobody was found.
        track = PoseTrack(
            name="1",
            poses=np.zeros((FRAMES, 17, 3)),
            root=None,
            keypoints=pixels,
            inferred=inferred,
            frames=np.arange(FRAMES),
            times=np.arange(FRAMES) / RATE,
            body_height=1700.0,
        )
        cameras.append(Camera(camera.name, [], camera.intrinsics, None, [track]))
    clocks = [Clock(-start / RATE) for start in STARTS]
    people = [[[0]] * len(CAMERAS)]
    found = Scene(cameras, truth(), clocks, people, [], np.zeros((1, 1)), None, None, 0)
    marks = np.zeros((len(CAMERAS), FRAMES, 17), bool)
    marks[1, 10, 4] = True  # Left and right exchanged, in one view.
    inferred = np.zeros((FRAMES, 17), bool)
    inferred[20, 2] = True
    joints = fine[2 * np.arange(FRAMES)].astype(np.float32)
    times = np.arange(FRAMES) / RATE
    placed = Placed(times, joints, inferred, marks, np.zeros(marks.shape))
    return camera_views(found, [placed])


def test_joints_in_the_camera_s_frame_are_seen_where_the_detector_saw_them(scene):
    """OpenCV projects the file's joints, by its intrinsics, onto the file's keypoints."""
    assert [view.camera for view in scene] == [camera.name for camera in CAMERAS]
    for view, start in zip(scene, STARTS, strict=True):
        fx, fy, cx, cy, *lens = view.intrinsics
        matrix = np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]])
        none = np.zeros(3)
        points = view.joints.astype(float).reshape(-1, 3)
        pixels, _ = cv2.projectPoints(points, none, none, matrix, np.array(lens))
        off = np.linalg.norm(pixels.reshape(view.keypoints.shape) - view.keypoints, axis=-1)
        # Half a frame is on the line between two moments; a foot does not move on a line.
        assert off.max() < (0.1 if start == 0 else 1.5)
        beyond = [27, 28, 29] if start else []  # After the first camera's end; 27 by half a frame.
        expected = [f for f in range(FRAMES) if f != 5 and f not in beyond[1:]]
        assert set(expected) - set(beyond) <= set(view.frames.tolist()) <= set(expected)


def test_marks(scene):
    for number, view in enumerate(scene):
        row = {int(frame): i for i, frame in enumerate(view.frames)}
        assert not view.seen[row[3], 7]
        assert view.seen.sum() == view.seen.size - 1
        left_out = {tuple(mark) for mark in np.argwhere(~view.agreed)}
        if STARTS[number]:  # Moment 20 is in two frames' lines.
            assert left_out == {(row[17], 2), (row[18], 2)}
        else:
            assert left_out == {(row[20], 2)} | ({(row[10], 4)} if number == 1 else set())


def test_up_is_the_room_s(scene):
    for view, camera in zip(scene, CAMERAS, strict=True):
        np.testing.assert_allclose(view.up, camera.up, atol=1e-9)
