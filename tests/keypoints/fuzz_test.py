"""Broken files of every format: an error that a user understands, or tracks that are sound.

200 or 300 broken inputs a format from a fixed seed: bytes flipped, cut, doubled, filled in; and, of
JSON, values of the parsed tree replaced by nonsense, removed and nested.
"""

import copy
import json
import random

import numpy as np
import pytest
from keypoint_files import LAYOUT, walk, write

from synpose_tf import keypoints
from synpose_tf.errors import SynposeError

OLD = ("results", "coco_annotations", "alphapose", "openpose", "mmpose", "mmpose_list")
OLD += ("mmpose_images", "mediapipe", "npy", "npz", "videopose3d", "hourglass")
COUNT = {form: 200 if form in OLD else 300 for form in LAYOUT}
NONSENSE = [
    None, True, "", "12", "NaN", [], {}, [[]], [None], -1, 0, 1e308, -1e308, 10**18, -(10**25),
    float("nan"), float("inf"), [1, "2", {}], {"keypoints": [1, 2]}, "x" * 5000, "\ud800", "\x00",
    [[[[[[1]]]]]], list(range(51)), [0.5] * 78,
]  # fmt: skip


def broken_bytes(content, rng):
    content = bytearray(content)
    for _ in range(rng.choice([1, 1, 3, 20])):
        place = rng.randrange(max(len(content), 1))
        end = min(len(content), place + rng.choice([1, 2, 8, 200]))
        match rng.randrange(6):
            case 0:
                content[place:end] = bytes(rng.randrange(256) for _ in range(place, end))
            case 1:
                content[place:end] = bytes([b ^ 1 << rng.randrange(8) for b in content[place:end]])
            case 2:
                del content[place:end]
            case 3:
                content[place:place] = content[place:end]
            case 4:
                content[place:place] = rng.choice(
                    [b"[" * 300, b"{", b"]", b'"', b",", b"\xff", b"0"]
                )
            case 5 if rng.random() < 0.3:
                del content[place:]
    return bytes(content)


def broken_tree(tree, rng):
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice([1, 1, 2, 5])):
        parent, key = tree, None
        while isinstance(parent, list | dict) and parent:
            key = rng.choice(list(parent) if isinstance(parent, dict) else range(len(parent)))
            if not isinstance(parent[key], list | dict) or not parent[key] or rng.random() < 0.2:
                break
            parent = parent[key]
        if not isinstance(parent, list | dict) or not parent:
            return copy.deepcopy(rng.choice(NONSENSE))
        match rng.randrange(5):
            case 0 | 1:
                parent[key] = copy.deepcopy(rng.choice(NONSENSE))
            case 2:
                del parent[key]
            case 3:
                parent[key] = [parent[key]] * rng.choice([1, 2, 40])
            case 4 if isinstance(parent, dict):
                parent[rng.choice(["people", "frames", "item", "idx", "x"])] = parent.pop(key)
    return tree


def check(track):
    count, joints = track.keypoints.shape[:2]
    assert joints == len(track.layout)
    assert track.keypoints.shape == (count, joints, 2)
    assert track.confidence.shape == (count, joints)
    assert track.frames.shape == track.times.shape == (count,)
    assert count > 0
    missed = np.isnan(track.keypoints)
    assert (missed.all(-1) == missed.any(-1)).all()
    assert np.isfinite(track.keypoints[~missed]).all()
    assert np.isfinite(track.confidence).all()
    assert ((track.confidence >= 0) & (track.confidence <= 1)).all()
    assert ((track.confidence == 0) == missed.any(-1)).all()
    assert np.isfinite(track.times).all()
    assert (np.diff(track.frames) > 0).all()
    assert (np.diff(track.times) > 0).all()


@pytest.mark.parametrize("form", LAYOUT)
def test_broken_files(form, tmp_path):
    layout = LAYOUT[form]
    people = [walk(layout, 4, seed=1), walk(layout, 4, seed=2, place=(700.0, 500.0))]
    path = write(form, tmp_path, people)
    broken = sorted(path.iterdir())[1] if path.is_dir() else path
    good = broken.read_bytes()
    rng = random.Random(form)
    read, messages = 0, []
    for case in range(COUNT[form]):
        if broken.suffix == ".json" and case % 2:
            text = json.dumps(broken_tree(json.loads(good), rng))
            broken.write_bytes(text.encode("utf-8", "replace"))
        else:
            broken.write_bytes(broken_bytes(good, rng))
        try:
            recording = keypoints.read([path])
        except SynposeError as error:
            messages.append(str(error))
        else:
            assert recording.tracks
            assert len({track.name for track in recording.tracks}) == len(recording.tracks)
            for track in recording.tracks:
                check(track)
            read += 1
    assert read + len(messages) == COUNT[form]
    assert len(messages) > COUNT[form] / 10
    assert all(tmp_path.name in message for message in messages)  # The file is named.
    assert max(map(len, messages)) < 1000
