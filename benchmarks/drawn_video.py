"""A video of people who never were: `synthetic_pose`'s motion, drawn as a camera of a room sees it.

So pictures of the outputs can be shown that belong to nobody.
"""

import fractions
import pathlib

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.spatial.transform import Rotation

from synpose_tf.datasets.synthetic_pose import kinematics, motions
from synpose_tf.datasets.synthetic_pose.synthetic_pose_dataset_builder import perform
from synpose_tf.geometry.camera import Camera, pinhole
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.structures.tracks import KeypointTrack

CAMERA = Camera(  # On a tripod, five metres away, looking down a little.
    name="drawn",
    rotation=Rotation.from_euler("x", 95, degrees=True).as_matrix(),
    position=np.array([0.0, -5000.0, 1500.0]),
    intrinsics=pinhole((1500.0, 1500.0), (640.0, 360.0)),
    image_size=(1280, 720),
)
RATE = 25
_SKIN, _HAIR = (214, 160, 128), (70, 50, 42)
_CLOTHES = [((196, 74, 58), (52, 62, 84)), ((64, 128, 116), (92, 84, 78))]  # Shirt and trousers.
_WIDTHS = {  # Millimetres, of the bone that ends at the joint.
    "Hip": 0, "Knee": 150, "Ankle": 105, "Spine": 250, "Thorax": 270, "Nose": 110, "Head": 150,
    "Shoulder": 120, "Elbow": 95, "Wrist": 72,
}  # fmt: skip


def people(seed: int = 56, frames: int = 75) -> list[np.ndarray]:
    """Two people, (frames, 17, 3) in the world, millimetres, z up."""
    rng = np.random.default_rng(seed)
    bodies = []
    for motion, place in (("walking", (-600.0, 400.0, 0.0)), ("reaching", (700.0, -200.0, 0.0))):
        points = perform(rng, kinematics.sample_body(rng), motions.MOTIONS[motion])[:frames]
        bodies.append(points - points[:1, :1] * [1.0, 1.0, 0.0] + place)
    return bodies


def detected(bodies, seed: int = 0, camera: Camera = CAMERA) -> list[KeypointTrack]:
    """What a detector might see of them: joints with noise, some unsure, some missed."""
    rng = np.random.default_rng(seed)
    tracks = []
    for number, points in enumerate(bodies):
        keypoints = camera.project(camera.to_camera(points)) + rng.normal(
            0, 2, (*points.shape[:2], 2)
        )
        confidence = np.clip(rng.normal(0.9, 0.1, keypoints.shape[:2]), 0.05, 1.0)
        confidence[:, H36M_17.index("LWrist")] *= 0.4
        missed = rng.random(confidence.shape) < 0.06
        keypoints[missed], confidence[missed] = np.nan, 0.0
        frames = np.arange(len(points))
        tracks.append(
            KeypointTrack(
                name=f"person {number + 1}",
                keypoints=keypoints.astype(np.float32),
                confidence=confidence.astype(np.float32),
                frames=frames,
                times=frames / RATE,
                layout=H36M_17,
                image_size=camera.image_size,
            )
        )
    return tracks


def write(path: pathlib.Path, bodies, empty: int = 0, camera: Camera = CAMERA) -> None:
    """The video of people (frames, 17, 3), and of the room without them for some frames more."""
    import av

    room = _room(camera)
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE)
        stream.width, stream.height = camera.image_size
        stream.pix_fmt, stream.options = "yuv420p", {"crf": "20"}
        for moment in range(len(bodies[0]) + empty):
            there = [points[moment] for points in bodies if moment < len(points)]
            frame = av.VideoFrame.from_image(_picture(room, there, camera))
            frame.pts, frame.time_base = moment, fractions.Fraction(1, RATE)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())


def _pixels(camera, points):
    return camera.project(camera.to_camera(np.asarray(points, float)))


def _room(camera):
    """A floor of tiles before a wall."""
    width, height = camera.image_size
    shade = np.linspace(228, 186, height)[:, None, None] * np.array([1.0, 0.97, 0.92])
    image = Image.fromarray(np.broadcast_to(shade, (height, width, 3)).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    for row in range(-9, 9):
        for column in range(-5, 7):
            corners = np.array([[0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]]) + [row, column, 0]
            if (camera.to_camera(corners * 600.0)[:, 2] < 500).any():
                continue
            light = 150 + 14 * ((row + column) % 2)
            tile = [tuple(corner) for corner in _pixels(camera, corners * 600.0)]
            draw.polygon(tile, (light, light - 12, light - 28))
    return image


def _picture(room, bodies, camera):
    image = room.copy()
    shadow = Image.new("L", image.size)
    for points in bodies:
        for child, parent in H36M_17.bones:
            ends = _pixels(camera, points[[parent, child]] * [1.0, 1.0, 0.0])
            ImageDraw.Draw(shadow).line([*map(tuple, ends)], 90, 26)
    image.paste((60, 52, 44), mask=shadow.filter(ImageFilter.GaussianBlur(9)))
    far = sorted(zip(bodies, _CLOTHES, strict=False), key=lambda one: -_depth(camera, one[0]))
    for points, clothes in far:
        _draw_body(ImageDraw.Draw(image), points, clothes, camera)
    return image.filter(ImageFilter.GaussianBlur(0.8))


def _depth(camera, points):
    return camera.to_camera(points)[..., 2].mean()


def _draw_body(draw, points, clothes, camera):
    shirt, trousers = clothes
    seen = camera.to_camera(points)
    pixels, scale = camera.project(seen), camera.intrinsics[0] / seen[:, 2]
    bones = sorted(H36M_17.bones, key=lambda bone: -seen[list(bone), 2].mean())
    for child, parent in bones:
        name = H36M_17.joints[child].lstrip("LR")
        kind = next(kind for kind in _WIDTHS if name.endswith(kind))
        colour = {"Knee": trousers, "Ankle": trousers, "Hip": trousers, "Spine": trousers}.get(
            kind, _SKIN if kind in ("Nose", "Wrist") else _HAIR if kind == "Head" else shirt
        )
        if kind == "Spine":
            hips = [H36M_17.index(side + "Hip") for side in "LR"]
            arms = [H36M_17.index(side + "Shoulder") for side in "LR"]
            draw.polygon([tuple(pixels[j]) for j in (*hips, *arms[::-1])], shirt)
        width = max(_WIDTHS[kind], 130 if kind == "Hip" else 0) * scale[child]
        light = 0.82 + 0.18 * np.clip((seen[:, 2].max() - seen[child, 2]) / 500, 0, 1)
        shade = tuple(int(part * light) for part in colour)
        ends = pixels[[parent, child]]
        draw.line([*map(tuple, ends)], shade, max(2, round(width)))
        for end in ends:
            draw.ellipse([*(end - width / 2), *(end + width / 2)], shade)
    nose = pixels[H36M_17.index("Nose")]
    size = np.array([75.0, 95.0]) * scale[H36M_17.index("Nose")]
    draw.ellipse([*(nose - size), *(nose + size)], _SKIN)
