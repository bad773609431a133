"""Cameras against OpenCV, the lens's inverse, and the virtual camera."""

import cv2
import keras
import numpy as np
import pytest

from synpose_tf.geometry import camera
from synpose_tf.geometry.camera import h36m_cameras

CAMERAS = {
    f"{subject}.{name}": cam
    for subject, cams in h36m_cameras().items()
    for name, cam in cams.items()
}
every_camera = pytest.mark.parametrize("cam", CAMERAS.values(), ids=CAMERAS)


@pytest.fixture(scope="module")
def world():
    """Points all over the room that Human3.6M's actors move in, millimetres."""
    return np.random.default_rng(0).uniform((-2000, -2000, 0), (2000, 2000, 2200), (400, 3))


def single(*arrays):
    return [np.asarray(array, np.float32) for array in arrays]


# === Human3.6M's cameras ===


def test_seven_subjects_have_four_cameras():
    assert list(h36m_cameras()) == ["S1", "S5", "S6", "S7", "S8", "S9", "S11"]
    for cams in h36m_cameras().values():
        assert {name: cam.image_size for name, cam in cams.items()} == {
            "54138969": (1000, 1002),
            "55011271": (1000, 1000),
            "58860488": (1000, 1000),
            "60457274": (1000, 1002),
        }
        assert all(cam.name == name for name, cam in cams.items())


def test_parameters_are_the_published_ones():
    """S1's first camera, as Human3.6M's metadata.xml lists it."""
    cam = CAMERAS["S1.54138969"]
    parameters = dict(zip(camera.INTRINSICS, cam.intrinsics, strict=True))
    assert parameters == pytest.approx(
        {
            "fx": 1145.0494, "fy": 1143.7811, "cx": 512.54150, "cy": 515.45149,
            "k1": -0.2070989, "k2": 0.2477752, "k3": -0.003075150,
            "p1": -0.001424472, "p2": -0.0009756989,
        },
        rel=1e-6,
    )  # fmt: skip
    np.testing.assert_allclose(cam.position, [1841.107, 4955.285, 1563.445], atol=1e-3)


@every_camera
def test_projection_is_opencv_s(cam, world):
    fx, fy, cx, cy = cam.intrinsics[:4]
    expected, _ = cv2.projectPoints(
        world,
        cv2.Rodrigues(cam.rotation)[0],
        -cam.rotation @ cam.position,
        np.array([[fx, 0, cx], [0, fy, cy], [0, 0, 1]]),
        cam.intrinsics[4:],
    )
    points = cam.to_camera(world)
    np.testing.assert_allclose(cam.project(points), expected[:, 0], atol=1e-9, rtol=0)
    in_graph = camera.project(*single(points, cam.intrinsics), keras.ops)
    np.testing.assert_allclose(in_graph, expected[:, 0], atol=1e-3, rtol=0)


@every_camera
def test_undistortion_inverts_the_lens_over_the_whole_image(cam):
    width, height = cam.image_size
    corners = np.meshgrid(np.linspace(0, width, 101), np.linspace(0, height, 101))
    pixels = np.stack(corners, axis=-1).reshape(-1, 2)
    for rays in (
        camera.pixels_to_rays(pixels, cam.intrinsics),
        camera.pixels_to_rays(*single(pixels, cam.intrinsics), keras.ops),
    ):
        points = np.concatenate([rays, np.ones((len(rays), 1))], axis=-1)
        np.testing.assert_allclose(cam.project(points), pixels, atol=1e-3, rtol=0)


@every_camera
def test_world_and_camera_frame(cam, world):
    np.testing.assert_allclose(cam.rotation @ cam.rotation.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(cam.rotation) == pytest.approx(1)
    np.testing.assert_allclose(cam.to_camera(cam.position), 0, atol=1e-9)
    np.testing.assert_allclose(cam.to_world(cam.to_camera(world)), world, atol=1e-9)
    raised = cam.to_camera(world + [0, 0, 1]) - cam.to_camera(world)
    np.testing.assert_allclose(raised, np.tile(cam.up, (len(world), 1)), atol=1e-9)
    # Upright, with y down, and looking down by 10 to 16 degrees.
    assert cam.up[1] < -0.95
    assert 10 < np.degrees(np.arcsin(-cam.up[2])) < 17


def test_intrinsics_may_differ_within_a_batch(world):
    points = np.stack([cam.to_camera(world) for cam in CAMERAS.values()])
    intrinsics = np.stack([cam.intrinsics for cam in CAMERAS.values()])
    pixels = camera.project(points, intrinsics)
    rays = camera.pixels_to_rays(pixels, intrinsics)
    for i, cam in enumerate(CAMERAS.values()):
        np.testing.assert_allclose(pixels[i], cam.project(points[i]))
        np.testing.assert_allclose(rays[i], camera.pixels_to_rays(pixels[i], cam.intrinsics))


def test_pinhole_has_no_distortion(world):
    points = CAMERAS["S1.54138969"].to_camera(world)
    intrinsics = camera.pinhole((1100, 1200), (500, 400))
    expected = points[:, :2] / points[:, 2:] * [1100, 1200] + [500, 400]
    np.testing.assert_allclose(camera.project(points, intrinsics), expected)
    rays = np.random.default_rng(0).uniform(-0.5, 0.5, (9, 2))
    np.testing.assert_array_equal(camera.undistort(rays, intrinsics), rays)


# === The virtual camera ===


@pytest.fixture(scope="module")
def root_rays():
    """Rays all over a wide image, the optical axis among them."""
    rays = np.random.default_rng(1).uniform(-0.8, 0.8, (50, 2))
    rays[0] = 0
    return rays


def test_virtual_camera_is_a_rotation_onto_the_root(root_rays):
    rotation = camera.virtual_rotation(root_rays)
    identity = np.tile(np.eye(3), (len(rotation), 1, 1))
    np.testing.assert_allclose(rotation @ rotation.swapaxes(-1, -2), identity, atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(rotation), 1)
    np.testing.assert_allclose(rotation[0], np.eye(3), atol=1e-12)
    roots = np.concatenate([root_rays, np.ones((len(root_rays), 1))], axis=-1)
    turned = camera.rotate(roots[:, None], rotation)[:, 0]
    axis = np.linalg.norm(roots, axis=-1, keepdims=True) * [0, 0, 1]
    np.testing.assert_allclose(turned, axis, atol=1e-12)
    assert rotation[:, 2, 2].min() > 0
    centred = camera.rotate_rays(root_rays[:, None], rotation)
    np.testing.assert_allclose(centred, 0, atol=1e-12)


def test_virtual_camera_keeps_the_horizon_level(root_rays):
    """Its x axis stays at right angles to the camera's y axis, its y axis points down."""
    rotation = camera.virtual_rotation(root_rays)
    np.testing.assert_allclose(rotation[:, 0, 1], 0, atol=1e-12)
    assert rotation[:, 1, 1].min() > 0
    assert rotation[:, 0, 0].min() > 0


def test_the_way_back_from_the_virtual_camera(root_rays, poses):
    rotation = camera.virtual_rotation(root_rays)
    points = poses[: len(rotation)] + [0, 0, 4000]
    turned = camera.rotate(points, rotation)
    np.testing.assert_allclose(camera.unrotate(turned, rotation), points, atol=1e-9)
    rays = points[..., :2] / points[..., 2:]
    seen = camera.rotate_rays(rays, rotation)
    np.testing.assert_allclose(seen, turned[..., :2] / turned[..., 2:], atol=1e-12)
    back = camera.rotate_rays(seen, rotation.swapaxes(-1, -2))
    np.testing.assert_allclose(back, rays, atol=1e-12)


def test_virtual_camera_is_the_same_in_a_graph(root_rays, poses):
    rotation = camera.virtual_rotation(root_rays)
    in_graph = camera.virtual_rotation(*single(root_rays), keras.ops)
    np.testing.assert_allclose(in_graph, rotation, atol=1e-6)
    points = poses[: len(rotation)] + [0, 0, 4000]
    turned = camera.rotate(points, rotation)
    np.testing.assert_allclose(
        camera.rotate(*single(points, rotation), keras.ops), turned, atol=0.01
    )
    np.testing.assert_allclose(
        camera.unrotate(*single(turned, rotation), keras.ops), points, atol=0.01
    )
    rays = points[..., :2] / points[..., 2:]
    np.testing.assert_allclose(
        camera.rotate_rays(*single(rays, rotation), keras.ops),
        camera.rotate_rays(rays, rotation),
        atol=1e-6,
    )
