"""The builder on files in the official struct, written by scipy."""

import zlib

import h5py
import numpy as np
import pytest
import scipy.io
import tensorflow_datasets as tfds

from synpose_tf.datasets.mpii import mpii_dataset_builder as mpii
from synpose_tf.datasets.mpii.joints import to_h36m_17
from synpose_tf.datasets.mpii.release import OCCLUDED, VISIBLE, read_images
from synpose_tf.errors import SynposeError
from synpose_tf.structures.skeleton import H36M_17, MPII_16

EMPTY = np.zeros((0, 0))
BY_NAME = [(i, MPII_16.index(n)) for i, n in enumerate(H36M_17.joints) if n in MPII_16.joints]


# === Files ===


def struct(entries):
    """A 1 x n MATLAB struct array from n dicts with the same keys."""
    array = np.empty((1, len(entries)), [(key, object) for key in entries[0]])
    for i, entry in enumerate(entries):
        for key, value in entry.items():
            array[0, i][key] = value
    return array


def person(points, visible, rng, spelling):
    """An annorect entry; joints at (0, 0) are left out, the others come in any order."""
    spell = {
        "empty": lambda v: EMPTY,
        "number": lambda v: np.uint8(v),
        "character": lambda v: str(int(v)),
        "absent": None,
    }[spelling]
    entries = []
    for joint in rng.permutation(len(MPII_16)):
        if points[joint].any():
            x, y = points[joint]
            entry = {"x": float(x), "y": float(y), "id": np.uint8(joint)}
            entries.append(entry | ({"is_visible": spell(visible[joint])} if spell else {}))
    annopoints = struct([{"point": struct(entries)}]) if entries else EMPTY
    position = struct([{"x": np.uint16(points[:, 0].mean()), "y": np.uint16(50)}])
    return {"annopoints": annopoints, "scale": 2.5, "objpos": position, "x1": np.uint16(3)}


def write(path, people, **options):
    """The official file from {image name: [person, ...]}, with three unannotated images.

    Of those one has no annorect, one an annorect without annopoints, one an empty annopoints.
    """
    rest = [
        ("no_annorect.jpg", EMPTY),
        ("no_annopoints.jpg", struct([{"scale": 1.5, "objpos": EMPTY}])),
        ("empty_annopoints.jpg", struct([{"annopoints": EMPTY, "scale": 1.0}])),
    ]
    entries = [(name, struct(found)) for name, found in people.items()] + rest
    annolist = struct(
        [
            {
                "image": struct([{"name": name}]),
                "annorect": annorect,
                "frame_sec": EMPTY,
                "vididx": EMPTY,
            }
            for name, annorect in entries
        ]
    )
    train = np.array([[1] * len(people) + [0] * len(rest)], np.uint8)
    release = struct([{"annolist": annolist, "img_train": train, "version": "12"}])
    scipy.io.savemat(path, {"RELEASE": release}, **{"do_compression": True} | options)


def some_people(count, seed=0):
    """{image name: [(points, visible), ...]}, up to three people an image, joints missing."""
    rng = np.random.default_rng(seed)
    people = {}
    for i in range(count):
        points = rng.uniform(1, 900, (3, len(MPII_16), 2))
        points[rng.random((3, len(MPII_16))) < 0.2] = 0
        points[:, 0] += 1  # at least one joint
        visible = rng.integers(0, 2, (3, len(MPII_16)))
        people[f"{i:09d}.jpg"] = list(zip(points, visible, strict=True))[: rng.integers(1, 4)]
    return people


def write_people(path, people, spelling="number", **options):
    rng = np.random.default_rng(1)
    spell = spelling if callable(spelling) else lambda i: spelling
    entries = {
        name: [person(p, v, rng, spell(i)) for i, (p, v) in enumerate(found)]
        for name, found in people.items()
    }
    write(path, entries, **options)
    return path


def real_people(folder):
    """{image name: [(points, visible), ...]} of a common validation split."""
    with h5py.File(folder / "mpii" / "valid.h5") as file:
        names, points, visible = (file[key][:] for key in ("imgname", "part", "visible"))
    people = {}
    for name, *entry in zip(names, points, visible, strict=True):
        people.setdefault(name.decode(), []).append(entry)
    return people


def prepare(folder, data_dir):
    builder = mpii.Builder(data_dir=data_dir)
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(manual_dir=folder, try_download_gcs=False)
    )
    return builder


def read(builder, split):
    """{(image, number): example} of a split."""
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {(example["subject"].decode(), int(example["frame"])): example for example in examples}


def check(examples, people):
    """Each example against the person it came from."""
    for (name, number), example in examples.items():
        points, visible = people[name][number]
        annotated = points.any(-1)
        for target, source in BY_NAME:
            confidence = example["confidence"][target]
            if annotated[source]:
                np.testing.assert_allclose(
                    example["keypoints_2d"][target], points[source], atol=1e-3
                )
                assert confidence == (VISIBLE if visible[source] else OCCLUDED)
            else:
                assert confidence == 0
        assert np.isfinite(example["keypoints_2d"]).all()


# === Reading ===


@pytest.mark.parametrize("spelling", ["empty", "absent", "number", "character"])
def test_three_spellings_of_visibility(tmp_path, spelling):
    people = some_people(5)
    path = write_people(tmp_path / mpii.FILE, people, spelling)
    for image in read_images(path):
        for number, points, confidence in zip(
            image.numbers, image.points, image.confidence, strict=True
        ):
            true_points, visible = people[image.name][number]
            np.testing.assert_array_equal(points, true_points)
            annotated = true_points.any(-1)
            stated = spelling in ("number", "character")
            expected = np.where(visible == 1, VISIBLE, OCCLUDED) if stated else VISIBLE
            np.testing.assert_array_equal(confidence, np.where(annotated, expected, 0))


def test_unannotated_images_and_people_are_left_out(tmp_path):
    people = some_people(4)
    people["000000001.jpg"].insert(0, (np.zeros((16, 2)), np.zeros(16)))
    images = read_images(write_people(tmp_path / mpii.FILE, people))
    assert [image.name for image in images] == list(people)
    assert images[1].numbers[0] == 1
    assert len(images[1].numbers) == len(people["000000001.jpg"]) - 1


def test_builder_gives_every_person_once(tmp_path):
    people = some_people(40)
    write_people(tmp_path / mpii.FILE, people, lambda i: ("absent", "number", "character")[i])
    builder = prepare(tmp_path, tmp_path / "data")
    train, test = read(builder, "train"), read(builder, "test")
    everyone = {(name, i) for name, found in people.items() for i in range(len(found))}
    assert set(train) | set(test) == everyone
    assert not {name for name, _ in train} & {name for name, _ in test}
    assert {name for name, _ in test} == {n for n in people if zlib.crc32(n.encode()) % 8 == 0}
    assert "keypoints_3d" not in builder.info.features
    for example in (train | test).values():
        assert not example["intrinsics"].any()
        assert not example["up"].any()


def test_list_of_test_images(tmp_path):
    people = some_people(6)
    write_people(tmp_path / mpii.FILE, people, "number")
    (tmp_path / "valid_images.txt").write_text("000000002.jpg\n000000002.jpg\nelsewhere.jpg\n")
    builder = prepare(tmp_path, tmp_path / "data")
    assert {name for name, _ in read(builder, "test")} == {"000000002.jpg"}
    assert len({name for name, _ in read(builder, "train")}) == 5


def test_real_people(shared_data, tmp_path):
    people = real_people(shared_data)
    write_people(tmp_path / mpii.FILE, people, lambda i: ("number", "character")[i % 2])
    (tmp_path / "valid_images.txt").write_bytes(
        (shared_data / "mpii" / "valid_images.txt").read_bytes()
    )
    builder = prepare(tmp_path, tmp_path / "data")
    assert list(builder.info.splits) == ["test"]
    examples = read(builder, "test")
    assert len(examples) == sum(len(found) for found in people.values()) == 2958
    check(examples, people)


# === Joints ===


def test_derived_joints_are_midpoints_without_confidence():
    points = np.random.default_rng(0).uniform(0, 500, (3, 16, 2))
    joints, confidence = to_h36m_17(points, np.ones((3, 16)))
    for name, (first, second) in {
        "Spine": ("Hip", "Thorax"),
        "Nose": ("UpperNeck", "Head"),
    }.items():
        middle = (points[:, MPII_16.index(first)] + points[:, MPII_16.index(second)]) / 2
        np.testing.assert_allclose(joints[:, H36M_17.index(name)], middle)
    derived = [H36M_17.index("Spine"), H36M_17.index("Nose")]
    assert not confidence[:, derived].any()
    assert np.delete(confidence, derived, axis=1).all()


def test_missing_joint_takes_its_nearest_neighbours_place():
    points = np.random.default_rng(0).uniform(0, 500, (16, 2))
    confidence = np.ones(16)
    for name in ("LAnkle", "LKnee", "Head"):
        confidence[MPII_16.index(name)] = 0
    joints, out = to_h36m_17(points, confidence)
    place = {name: joints[H36M_17.index(name)] for name in H36M_17.joints}
    np.testing.assert_array_equal(place["LAnkle"], points[MPII_16.index("LHip")])
    np.testing.assert_array_equal(place["LKnee"], points[MPII_16.index("LHip")])
    # Without the head's top the nose is not derived either: both are next to the thorax.
    np.testing.assert_array_equal(place["Head"], points[MPII_16.index("Thorax")])
    np.testing.assert_array_equal(place["Nose"], points[MPII_16.index("Thorax")])
    assert [H36M_17.joints[i] for i in np.flatnonzero(out == 0)] == [
        "LKnee", "LAnkle", "Spine", "Nose", "Head",
    ]  # fmt: skip


# === Bad input ===


def test_empty_and_wrong_folder(tmp_path):
    (tmp_path / "manual").mkdir()
    with pytest.raises(SynposeError, match="mpii_human_pose_v1_u12_2.zip"):
        prepare(tmp_path / "manual", tmp_path / "data")
    (tmp_path / "manual" / "other.txt").write_text("")
    with pytest.raises(SynposeError, match=f"holds no {mpii.FILE}") as error:
        prepare(tmp_path / "manual", tmp_path / "data")
    assert "mpii_human_pose_v1_u12_2.zip" in str(error.value)


def spoil(joint, **changes):
    """One person whose given joint has other values."""
    entry = person(np.full((16, 2), 5.0), np.ones(16), np.random.default_rng(0), "number")
    points = entry["annopoints"][0, 0]["point"][0]
    for point in points:
        if int(point["id"]) == joint:
            for key, value in changes.items():
                point[key] = value
    return entry


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (spoil(3, x=np.nan), r"annolist\(1\).*joint 3 lies at \(nan"),
        (spoil(3, y=1e7), r"annolist\(1\).*no pixel"),
        (spoil(3, id=np.uint8(16)), "id 16, expected 0 to 15"),
        (spoil(3, id=2.5), "id 2.5, expected 0 to 15"),
        (spoil(3, x=EMPTY), r"annolist\(1\) is not as in the official file"),
        (spoil(3, x=np.array([1.0, 2.0])), r"annolist\(1\) is not as in the official file"),
        (spoil(3, is_visible="?"), r"is_visible is '\?'"),
    ],
)
def test_wrong_values_name_the_image(tmp_path, entry, message):
    write(tmp_path / mpii.FILE, {"a.jpg": [entry]})
    with pytest.raises(SynposeError, match=message) as error:
        read_images(tmp_path / mpii.FILE)
    assert mpii.FILE in str(error.value)


def test_image_without_a_name(tmp_path):
    write(tmp_path / mpii.FILE, {7.0: [spoil(3)]})
    with pytest.raises(SynposeError, match=r"annolist\(1\).*image.name is"):
        read_images(tmp_path / mpii.FILE)


def test_wrong_files(tmp_path):
    path = tmp_path / mpii.FILE
    scipy.io.savemat(path, {"annolist": 1.0})
    with pytest.raises(SynposeError, match=r"no variable \['RELEASE'\].*annolist"):
        read_images(path)
    scipy.io.savemat(path, {"RELEASE": 1.0})
    with pytest.raises(SynposeError, match="no annolist"):
        read_images(path)
    with h5py.File(path, "w", userblock_size=512) as file:
        file.create_group("RELEASE")
    with pytest.raises(SynposeError, match="struct in a v7.3 file"):
        read_images(path)
    write(path, {})
    with pytest.raises(SynposeError, match="nobody in it is annotated"):
        prepare(tmp_path, tmp_path / "data")


def test_list_that_names_no_image(tmp_path):
    write_people(tmp_path / mpii.FILE, some_people(2))
    (tmp_path / "valid_images.txt").write_text("a.jpg\nb.jpg\n")
    with pytest.raises(SynposeError, match="names none of the 2 annotated images"):
        prepare(tmp_path, tmp_path / "data")


@pytest.mark.parametrize("compressed", [True, False])
def test_damaged_bytes(tmp_path, compressed):
    people = some_people(6)
    path = write_people(tmp_path / mpii.FILE, people, "character", do_compression=compressed)
    intact, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for variant in range(60):
        damaged = bytearray(intact)
        if variant % 3 == 0:
            damaged = damaged[: rng.integers(len(damaged))]
        else:
            for at in rng.integers(128, len(damaged), 4):
                damaged[at] = rng.integers(256)
        path.write_bytes(damaged)
        try:
            images = read_images(path)
        except SynposeError as error:
            refused += str(path) in str(error)
            continue
        # A file without compression has no checksum: another position can pass for one.
        assert not compressed or damaged == intact
        for image in images:
            assert np.isfinite(image.points).all()
            assert np.isin(image.confidence, (0, OCCLUDED, VISIBLE)).all()
    assert refused >= (59 if compressed else 20)
