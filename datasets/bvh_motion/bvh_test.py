"""BVH as other programs and bad disks write it: the same motion, or an error that says why."""

import dataclasses
import random

import numpy as np
import pytest

from synpose_tf.datasets.bvh_motion import bvh, sources, testing
from synpose_tf.errors import SynposeError

STYLE = testing.STYLES["LaFAN1"]


@pytest.fixture
def text():
    return testing.text(STYLE, testing.walk(8, STYLE.rate))


def positions(folder, content):
    path = folder / "one.bvh"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return sources.read_clip(folder, "clips/one", path).positions


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: text.replace("\n", "\r"),
        lambda text: text.rstrip(),
        lambda text: text + "\n\n \n",
        lambda text: "\n\n" + text,
        lambda text: text.replace("Frames: 8", "Frames:\t8"),
        lambda text: text.replace("Xrotation", "XROTATION").replace("Zposition", "zposition"),
        lambda text: text.encode("utf-16"),
        lambda text: text.encode("utf-8-sig"),
        lambda text: text.replace("Hips", "Häkchen").encode("latin-1"),
        lambda text: text.replace("JOINT ", "JOINT Bip01 ").replace("ROOT ", "ROOT Bip01 "),
        lambda text: text.replace("JOINT ", "JOINT rig:").replace("ROOT ", "ROOT rig:"),
        lambda text: text.replace("JOINT ", "JOINT Character1_"),
    ],
)
def test_the_same_in_other_words(change, text, tmp_path):
    np.testing.assert_allclose(positions(tmp_path, change(text)), positions(tmp_path, text))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("HIERARCHY", "HIERARCHIE", "is no BVH file, or cut off"),
        ("MOTION", "", "is no BVH file, or cut off"),
        ("Frames: 8", "Frames: 9", "has 8 lines of 66 numbers, its head promises 9 of 66"),
        ("Frames: 8", "Frames: 0", "holds no frame"),
        ("Time: 0.0333333", "Time: 33.3333", "Frame Time is 33.3333, expected seconds"),
        ("Time: 0.0333333", "Time: 0", "Frame Time is 0, expected seconds"),
        ("Time: 0.0333333", "Time: nan", "Frame Time is nan, expected seconds"),
        ("CHANNELS 3", "CHANNELS 4", "cannot be read .*Channel count mismatch"),
        ("Xrotation", "Wrotation", "cannot be read .*expected channels such as Xposition"),
        ("OFFSET 0.0", "OFFSET zero", "cannot be read .*numerics only"),
        ("3.000000 ", "nan ", "frame 0 holds a number that is not finite"),
        ("3.000000 ", "3,0 ", "cannot be read"),
        ("LeftUpLeg", "LeftThighs", r"follow no convention .* LHip \({side}upleg\)|LHip"),
    ],
)
def test_what_is_wrong_is_said(old, new, message, text, tmp_path):
    text = text.replace("300.000000 ", "3.000000 ")
    assert old in text
    with pytest.raises(SynposeError, match=f"one.bvh: .*{message}"):
        positions(tmp_path, text.replace(old, new, 1))


def test_damaged_files_are_refused_or_read_right(text, tmp_path):
    """Cut off, lines or words lost, words that are none: 300 ways."""
    chance = random.Random(0)
    good = positions(tmp_path, text)
    lines = text.splitlines(keepends=True)
    refused = 0
    for number in range(300):
        damage = number % 3
        if damage == 0:
            broken = text[: chance.randrange(text.rstrip().rfind(" "))]
        elif damage == 1:
            first = chance.randrange(len(lines))
            last = first + chance.choice([1, 1, 2, 5])
            broken = "".join(lines[:first] + lines[last:])
        else:
            line = chance.randrange(len(lines))
            words = lines[line].split(" ")
            words[chance.randrange(len(words))] = chance.choice(["", "x", "nan", "{", "1e999\n"])
            broken = "".join(lines[:line] + [" ".join(words)] + lines[line + 1 :])
        try:
            found = positions(tmp_path, broken)
        except SynposeError:
            refused += 1
        else:
            np.testing.assert_allclose(found, good, atol=1e-5, err_msg=broken)
    assert refused > 250


def test_parents_come_first(text, tmp_path):
    (tmp_path / "one.bvh").write_text(text)
    skeleton, frames, rate = bvh.read_skeleton(tmp_path / "one.bvh")
    assert all(parent < joint for joint, parent in enumerate(skeleton.parents))
    assert frames == 8
    assert rate == pytest.approx(30.0, abs=1e-4)
    names = [skeleton.names[parent] for parent in skeleton.parents[1:]]
    called = {STYLE.called[part]: above for part, (above, _) in testing.BODY.items() if above}
    for name, parent in zip(skeleton.names[1:], names, strict=True):
        assert parent == (
            name.removesuffix("_End") if name.endswith("_End") else STYLE.called[called[name]]
        )


def test_two_joints_of_one_name_are_not_taken_for_another(tmp_path):
    called = STYLE.called | {"LToe": STYLE.called["LKnee"]}
    style = dataclasses.replace(STYLE, called=called)
    with pytest.raises(SynposeError, match=r"follow no convention .* LKnee"):
        positions(tmp_path, testing.text(style, testing.walk(8, 30.0)))
