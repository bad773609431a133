"""GLB, read back with pygltflib; the animation and the skinning are worked out here."""

import json

import numpy as np
import pygltflib
import pytest
from pose_tracks import noisy, pose_track
from scipy.spatial.transform import Rotation, Slerp

from synpose_tf import output
from synpose_tf.errors import SynposeError
from synpose_tf.output import gltf, stage
from synpose_tf.structures.skeleton import H36M_17

AT = {"Hips": "Hip", "LeftUpLeg": "LHip", "LeftLeg": "LKnee", "LeftFoot": "LAnkle",
      "RightUpLeg": "RHip", "RightLeg": "RKnee", "RightFoot": "RAnkle", "Spine": "Spine",
      "Spine1": "Thorax", "Head": "Nose", "HeadTop": "Head", "LeftArm": "LShoulder",
      "LeftForeArm": "LElbow", "LeftHand": "LWrist", "RightArm": "RShoulder",
      "RightForeArm": "RElbow", "RightHand": "RWrist"}  # fmt: skip
TYPES = {5126: np.float32, 5121: np.uint8}
WIDTHS = {"SCALAR": (), "VEC3": (3,), "VEC4": (4,), "MAT4": (4, 4)}


class Scene:
    """A GLB file as a viewer sees it."""

    def __init__(self, path):
        self.file = pygltflib.GLTF2().load(str(path))
        self.curves = {}
        for channel in self.file.animations[0].channels:
            sampler = self.file.animations[0].samplers[channel.sampler]
            curve = (self.array(sampler.input), self.array(sampler.output), sampler.interpolation)
            self.curves[channel.target.node, channel.target.path] = curve

    def array(self, index):
        accessor = self.file.accessors[index]
        view = self.file.bufferViews[accessor.bufferView]
        values = np.frombuffer(
            self.file.binary_blob(),
            TYPES[accessor.componentType],
            accessor.count * int(np.prod(WIDTHS[accessor.type], dtype=int)),
            view.byteOffset,
        )
        values = values.reshape(accessor.count, *WIDTHS[accessor.type])
        return values.swapaxes(1, 2) if accessor.type == "MAT4" else values

    def property(self, node, key, rest, time):
        """A node's translation, rotation or scale at a time."""
        if (node, key) not in self.curves:
            return getattr(self.file.nodes[node], key) or rest
        times, values, interpolation = self.curves[node, key]
        time = np.clip(time, times[0], times[-1])
        if interpolation == "STEP":
            return values[np.searchsorted(times, time, side="right") - 1]
        assert interpolation == "LINEAR"
        if key == "rotation":
            return (
                Slerp(times, Rotation.from_quat(values))(time).as_quat()
                if len(times) > 1
                else values[0]
            )
        return [np.interp(time, times, column) for column in values.T]

    def places(self, time):
        """(4, 4) of each node at a time, into the scene, by index."""
        found = {}

        def visit(node, above):
            local = np.eye(4)
            turn = Rotation.from_quat(self.property(node, "rotation", [0, 0, 0, 1], time))
            scale = self.property(node, "scale", [1, 1, 1], time)
            local[:3, :3] = turn.as_matrix() * scale
            local[:3, 3] = self.property(node, "translation", [0, 0, 0], time)
            found[node] = above @ local
            for child in self.file.nodes[node].children or ():
                visit(child, found[node])

        for node in self.file.scenes[self.file.scene].nodes:
            visit(node, np.eye(4))
        return found

    def people(self):
        """The nodes of people's figures."""
        return [node for node in self.file.nodes if node.skin is not None]

    def joints(self, person, time):
        """(17, 3) metres."""
        names = {self.file.nodes[node].name: node for node in self.file.skins[person.skin].joints}
        places = self.places(time)
        points = np.zeros((17, 3))
        for name, joint in AT.items():
            points[H36M_17.index(joint)] = places[names[name]][:3, 3]
        return points

    def corners(self, person, time):
        """(V, 3) metres: the figure's corners after skinning, as glTF defines it."""
        skin, places = self.file.skins[person.skin], self.places(time)
        inverse = self.array(skin.inverseBindMatrices)
        moves = np.stack([places[node] for node in skin.joints]) @ inverse
        points = []
        for part in self.file.meshes[person.mesh].primitives:
            attributes = part.attributes
            rest = self.array(attributes.POSITION)
            rest = np.concatenate([rest, np.ones((len(rest), 1))], axis=1)
            weights = self.array(attributes.WEIGHTS_0)
            mixed = np.einsum("vk,vkij->vij", weights, moves[self.array(attributes.JOINTS_0)])
            points.append(np.einsum("vij,vj->vi", mixed, rest)[:, :3])
        return np.concatenate(points)


def write(tracks, tmp_path):
    path = tmp_path / "a.glb"
    assert output.write(tracks, path) == [path]
    return Scene(path)


def distances(points, others):
    return np.linalg.norm(points[:, None] - others, axis=-1)


@pytest.mark.parametrize("motion", ["walking", "crouching", "sitting"])
def test_joints_lie_where_the_poses_have_them(motion, tmp_path):
    times = np.cumsum(np.random.default_rng(1).uniform(0.01, 0.1, 60))
    track = noisy(pose_track(motion=motion, times=times), np.random.default_rng(1))
    scene = write([track], tmp_path)
    (person,) = scene.people()
    (points,) = stage.set_on_stage([track])
    for frame in (0, 1, 17, 30, 59):
        joints = scene.joints(person, times[frame] - times[0])
        np.testing.assert_allclose(joints, points[frame] / 1000, atol=1e-4)
        # Each joint has a corner of a bone, and no corner lies far from the bones.
        corners = distances(scene.corners(person, times[frame] - times[0]), joints)
        assert corners.min(axis=0).max() < 1e-3
        assert corners.min(axis=1).max() < 0.2


def test_between_frames_bones_move_on(tmp_path):
    track = pose_track(path=False)
    scene = write([track], tmp_path)
    (points,) = stage.set_on_stage([track])
    middle = (points[20] + points[21]) / 2000
    found = scene.joints(scene.people()[0], 20.5 / 30)
    assert np.linalg.norm(found - middle, axis=-1).max() < 0.01


def test_the_figure_at_rest_stands_on_the_floor_in_a_t(tmp_path):
    scene = write([pose_track()], tmp_path)
    (person,) = scene.people()
    names = [scene.file.nodes[node].name for node in scene.file.skins[person.skin].joints]
    inverse = scene.array(scene.file.skins[person.skin].inverseBindMatrices)
    rest = {name: np.linalg.inv(matrix)[:3, 3] for name, matrix in zip(names, inverse, strict=True)}
    assert min(place[1] for place in rest.values()) == pytest.approx(0.0, abs=1e-6)
    assert 1.5 < rest["HeadTop"][1] < 1.8
    assert rest["LeftHand"][0] > 0.6 > -0.6 > rest["RightHand"][0]
    assert rest["LeftHand"][1] == pytest.approx(rest["LeftArm"][1])
    parts = scene.file.meshes[person.mesh].primitives
    bones = np.concatenate([scene.array(part.attributes.POSITION) for part in parts])
    normals = np.concatenate([scene.array(part.attributes.NORMAL) for part in parts])
    np.testing.assert_allclose(np.linalg.norm(normals, axis=-1), 1.0, atol=1e-5)
    # Triangles look outwards: each bone's own corners lie behind them.
    for bone, outwards in zip(bones.reshape(-1, 24, 3), normals.reshape(-1, 24, 3), strict=True):
        behind = ((bone[None] - bone[:, None]) * outwards[:, None]).sum(axis=-1)
        assert behind.max() < 1e-6


def test_who_has_no_pose_is_hidden(tmp_path):
    people = [
        pose_track("a", frames=20, unseen=(0, 10, 11)),
        pose_track("b", seed=2, frames=5, times=0.5 + np.arange(5) / 30),
        pose_track("nobody", frames=3, unseen=range(3)),
    ]
    scene = write(people, tmp_path)
    first, second = scene.people()
    assert (first.name, second.name) == ("a", "b")
    seen = [
        [
            np.ptp(scene.corners(person, frame / 30 + 1e-4), axis=0).max() > 0.5
            for frame in range(20)
        ]
        for person in (first, second)
    ]
    np.testing.assert_array_equal(seen[0], people[0].lifted)
    np.testing.assert_array_equal(np.flatnonzero(seen[1]), np.arange(15, 20))
    places = stage.set_on_stage(people)
    joints = scene.joints(second, 18 / 30)
    np.testing.assert_allclose(joints, places[1][3] / 1000, atol=1e-3)


def test_a_single_pose_and_one_without_extent(tmp_path):
    scene = write([pose_track(frames=1)], tmp_path)
    assert np.ptp(scene.joints(scene.people()[0], 0.0)[:, 1]) > 1.0
    scene = write([pose_track(frames=2, poses=np.zeros((2, 17, 3), np.float32))], tmp_path)
    assert np.isfinite(scene.corners(scene.people()[0], 0.01)).all()


def test_the_container_is_as_the_standard_has_it(tmp_path):
    write([pose_track(frames=10)], tmp_path)
    content = (tmp_path / "a.glb").read_bytes()
    assert content[:8] == b"glTF\x02\0\0\0"
    total, size = (int.from_bytes(content[at : at + 4], "little") for at in (8, 12))
    assert total == len(content)
    assert (content[16:20], content[20 + size + 4 : 20 + size + 8]) == (b"JSON", b"BIN\0")
    tree = json.loads(content[20 : 20 + size])
    assert int.from_bytes(content[20 + size : 24 + size], "little") == len(content) - size - 28
    assert all(view["byteOffset"] % 4 == size % 4 == 0 for view in tree["bufferViews"])
    (animation,) = tree["animations"]
    for sampler in animation["samplers"]:
        keys = tree["accessors"][sampler["input"]]
        assert keys["count"] == tree["accessors"][sampler["output"]]["count"] == 10
        assert keys["min"] == [0.0]
        assert keys["max"] == pytest.approx([0.3])


def test_too_long(tmp_path, monkeypatch):
    times = np.array([0.0, 1e9, 1e9 + 1.0])
    with pytest.raises(
        SynposeError, match="a.glb: times from 0.000 to 1000000001.000 s lie closer"
    ):
        output.write([pose_track(frames=3, times=times)], tmp_path / "a.glb")
    monkeypatch.setattr(gltf, "LARGEST", 20_000)
    with pytest.raises(SynposeError, match="a.glb: a GLB file holds at most 20,000 bytes"):
        output.write([pose_track()], tmp_path / "a.glb")
    assert not any(tmp_path.iterdir())
