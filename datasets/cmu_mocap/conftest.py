"""Small files in CMU's formats, made up for the tests: a skeleton, and motions of it."""

import json
import shutil

import numpy as np
import pytest

from synpose_tf.structures.skeleton import CMU_ASF, CMU_BONES

LENGTH = 5.0  # of every bone, in the file's units: 5 / 0.45 inches
DOFS = {
    "lowerback": "rx ry rz", "head": "rx ry rz",
    "lfemur": "rx ry rz", "ltibia": "rx", "lhumerus": "rx ry rz", "lradius": "rx",
    "rfemur": "rx ry rz", "rtibia": "rx", "rhumerus": "rx ry rz", "rradius": "rx",
}  # fmt: skip


def rest_direction(bone):
    """Legs down, trunk up, arms out, feet forward (+z); the left side is +x."""
    side = 1.0 if bone.startswith("l") else -1.0
    if bone.endswith("hipjoint"):
        return (0.8 * side, -0.6, 0.0)
    if bone.endswith(("femur", "tibia")):
        return (0.0, -1.0, 0.0)
    if bone.endswith(("foot", "toes")):
        return (0.0, 0.0, 1.0)
    if bone in ("lowerback", "upperback", "thorax", "lowerneck", "upperneck", "head"):
        return (0.0, 1.0, 0.0)
    return (side, 0.0, 0.0)


def asf_text():
    bones = [
        f"  begin\n    id {i}\n    name {bone}\n"
        f"    direction {' '.join(map(str, rest_direction(bone)))}\n    length {LENGTH}\n"
        f"    axis 0 10 {20 if 'femur' in bone else 0} XYZ\n"
        + (f"   dof {DOFS[bone]}\n   limits (-180 180)\n" if bone in DOFS else "")
        + "  end\n"
        for i, bone in enumerate(CMU_BONES)
        if i
    ]
    hierarchy = [f"    {CMU_BONES[parent]} {CMU_BONES[child]}\n" for child, parent in CMU_ASF.bones]
    return (
        "# a comment\n:version 1.10\n:name TEST\n:units\n  mass 1.0\n  length 0.45\n  angle deg\n"
        ":documentation\n  made for a test\n:root\n  order TX TY TZ RX RY RZ\n  axis XYZ\n"
        "  position 0 0 0\n  orientation 0 0 0\n:bonedata\n"
        + "".join(bones)
        + ":hierarchy\n  begin\n"
        + "".join(hierarchy)
        + "  end\n"
    )


def amc_text(frames, seed):
    """A body that sways and walks 6 m along x, in CMU's layout and line ends."""
    rng = np.random.default_rng(seed)
    lines = ["#!OML:ASF test.ASF", ":FULLY-SPECIFIED", ":DEGREES"]
    swing = rng.uniform(-40.0, 40.0, size=(len(DOFS), 3))
    for frame in range(frames):
        phase = frame / frames
        root = [106.3 * phase, 16.0, 3.0, 5.0 * phase, 90.0, 2.0]
        lines += [str(frame + 1), "root " + " ".join(f"{value:.6g}" for value in root)]
        for (bone, dof), angles in zip(DOFS.items(), swing, strict=True):
            values = np.sin(6.0 * phase + angles)[: len(dof.split())] * angles[: len(dof.split())]
            lines.append(f"{bone} " + " ".join(f"{value:.6g}" for value in values))
    return "\r\n".join(lines) + "\r\n"


@pytest.fixture
def asf(tmp_path):
    path = tmp_path / "07.asf"
    path.write_text(asf_text())
    return path


@pytest.fixture
def amc(tmp_path):
    path = tmp_path / "07_01.amc"
    path.write_text(amc_text(frames=9, seed=1))
    return path


@pytest.fixture
def official(tmp_path):
    """A folder with the official tree: two clips of subject 01 and one of 02."""
    folder = tmp_path / "official"
    for seed, (subject, clip, frames) in enumerate(
        [("01", "01_01", 41), ("01", "01_02", 22), ("02", "02_01", 30)]
    ):
        place = folder / "all_asfamc" / "subjects" / subject
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{subject}.asf").write_text(asf_text())
        (place / f"{clip}.amc").write_text(amc_text(frames, seed))
    return folder


@pytest.fixture
def zipped(tmp_path, official):
    """A folder with the official archive alone."""
    (tmp_path / "zipped").mkdir()
    shutil.make_archive(tmp_path / "zipped" / "allasfamc", "zip", official, "all_asfamc")
    return tmp_path / "zipped"


@pytest.fixture
def split():
    return {"train": ["subject_01/01_01", "subject_01/01_02"], "test": ["subject_02/02_01"]}


@pytest.fixture
def archive(tmp_path, split):
    """A folder with an .npz archive of 12-frame clips of one trembling body."""
    rng = np.random.default_rng(0)
    body = rng.uniform([-0.3, -0.2, 0.0], [0.3, 0.2, 1.8], size=(17, 3))
    clips = {key: body + rng.normal(0.0, 0.01, (12, 17, 3)) for key in sum(split.values(), [])}
    folder = tmp_path / "archive"
    folder.mkdir()
    np.savez(folder / "positions.npz", **clips)
    (folder / "split.json").write_text(json.dumps(split))
    return folder
