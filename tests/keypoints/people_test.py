"""Who is who, and who is nobody: points, passers-by, cuts, and frames in which nobody is seen."""

import numpy as np
import pytest
from field_recordings import entries, lifted, read, walker
from keypoint_files import IMAGE, LAYOUT, walk, write

from synpose_tf import keypoints
from synpose_tf.keypoints.cuts import NO_FILM
from synpose_tf.keypoints.layouts import COCO_17, MEDIAPIPE_33
from synpose_tf.structures.skeleton import MPII_16

# Formats of one person at a time, whom nobody followed.
ALONE = ("npy", "npz", "hourglass", "videopose3d", "deeplabcut", "deeplabcut_hdf5")
RATES = {"npz": 25, "hourglass": 50, "videopose3d": 50}


def on_a_line(pose):
    return np.stack([pose[:, 0], np.full(len(pose), 300.0), pose[:, 2]], axis=-1)


NOBODY = {
    "a point": lambda pose: np.stack([*np.full((2, 17), 700.0), pose[:, 2]], axis=-1),
    "a corner": lambda pose: np.stack([*np.full((2, 17), -1.0), pose[:, 2]], axis=-1),
    "nearly a point": lambda pose: np.stack([*(500.0 + pose[:, :2].T / 200), pose[:, 2]], axis=-1),
    "a line": on_a_line,
    "all zero": lambda pose: 0.0 * pose,
}


@pytest.mark.parametrize("numbered", [True, False])
@pytest.mark.parametrize("kind", NOBODY)
def test_what_is_no_person_is_left_out_and_marked(kind, numbered, tmp_path):
    joints = walker()
    more = {"idx": 1} if numbered else {}
    clean = read(tmp_path, entries(joints, **more)).tracks[0]
    joints[10] = NOBODY[kind](joints[10])
    recording = read(tmp_path, entries(joints, **more))
    (track,) = recording.tracks
    assert track.frames.tolist() == list(range(30))
    assert np.isnan(track.keypoints[10]).all()
    assert (track.confidence[10] == 0).all()
    poses, others = lifted(track), np.arange(30) != 10
    assert np.isnan(poses[10]).all()
    np.testing.assert_array_equal(poses[others], lifted(clean)[others])
    assert any("1 poses are too small or too flat" in n or "1 frames" in n for n in recording.notes)


def test_a_number_that_stands_twice_in_a_frame_is_no_track(tmp_path):
    joints, passer_by = walker(), walker(shift=(600.0, -80.0))[12:13]
    untracked = entries(joints) + entries(passer_by, [12])
    numbered = entries(joints, idx=[0.0]) + entries(passer_by, [12], idx=[0.0])
    recording = read(tmp_path, numbered)
    assert "the detector's number 0 stands for two people" in recording.notes[0]
    for track, other in zip(recording.tracks, read(tmp_path, untracked).tracks, strict=True):
        assert track.name == other.name
        np.testing.assert_array_equal(track.keypoints, other.keypoints)
    assert [len(track.frames) for track in recording.tracks] == [30, 1]


def test_other_numbers_stay_tracks(tmp_path):
    people = [walker(seed=s, shift=(400.0 * s, 0.0)) for s in range(3)]
    numbers = [5, 5, 8]
    tree = [e for p, n in zip(people, numbers, strict=True) for e in entries(p, idx=n)]
    tracks = read(tmp_path, tree).tracks
    assert sorted(track.name for track in tracks) == ["person 1", "person 2", "track 8"]


def test_a_cut_ends_a_track(tmp_path):
    one = walker()
    other = walker(seed=1)
    other[..., :2] += one[29, 11, :2] + (250.0, 0.0) - other[0, 11, :2]
    recording = read(tmp_path, entries(np.concatenate([one, other])))
    assert [track.frames[0] for track in recording.tracks] == [0, 30]
    assert "a jump that no person makes ends a track: another begins in frame 30" in str(
        recording.notes
    )


def test_a_cut_in_fractions_of_the_image(tmp_path):
    """Half of a wide picture is little, as a fraction of it."""
    people = [walk(MEDIAPIPE_33, 20, seed=1), walk(MEDIAPIPE_33, 20, 2, place=(800.0, 420.0))]
    path = write("mediapipe", tmp_path, [np.concatenate(people)])
    assert [len(track.frames) for track in keypoints.read([path]).tracks] == [20, 20]
    people = [entries(p / (*IMAGE, 1.0), idx=0) for p in (walker(), walker(shift=(500.0, 0.0)))]
    tracks = read(tmp_path, people[0] + people[1], image_size=IMAGE).tracks
    assert [len(track.frames) for track in tracks] == [30, 30]


@pytest.mark.parametrize("form", ALONE)
def test_a_cut_in_a_recording_of_one_at_a_time(form, tmp_path):
    """Numbers of frames and times go with the tracks; a recording without a cut stays one."""
    layout = LAYOUT[form]
    people = walk(layout, 20), walk(layout, 30, seed=1, place=(700.0, 420.0))
    whole = keypoints.read([write(form, tmp_path, people[:1])])
    assert [len(track.frames) for track in whole.tracks] == [20]
    recording = keypoints.read([write(form, tmp_path, [np.concatenate(people)])])
    assert [track.frames.tolist() for track in recording.tracks] == [
        list(range(20, 50)),
        list(range(20)),
    ]
    assert "a jump that no person makes ends a track: another begins in frame 20" in str(
        recording.notes
    )
    names = ["S1 Walking person 2", "S1 Walking person 1"]
    names = names if form == "videopose3d" else [name[-8:] for name in names]
    assert [track.name for track in recording.tracks] == names
    for track, person in zip(recording.tracks, reversed(people), strict=True):
        seen = np.isfinite(track.keypoints).all(-1)
        np.testing.assert_allclose(track.keypoints[seen], person[..., :2][seen], atol=1e-3)
        assert track.times[0] == pytest.approx(track.frames[0] / RATES.get(form, 30))


def test_frames_without_anybody_stay_in_a_recording_of_one(tmp_path):
    joints = walker()
    joints[:3] = joints[10:13] = joints[27:] = np.nan
    np.savez(tmp_path / "a.npz", keypoints=joints, frames=100 + 2 * np.arange(30))
    (track,) = keypoints.read([tmp_path / "a.npz"], layout="coco").tracks
    assert track.frames.tolist() == list(range(100, 160, 2))
    assert np.flatnonzero(np.isnan(track.keypoints).all((1, 2))).tolist() == [
        *range(3), *range(10, 13), *range(27, 30),
    ]  # fmt: skip


def test_who_is_tracked_stays_tracked(tmp_path):
    """By SLEAP, and by whoever gives people an axis of their own."""
    jumping = np.concatenate([walk(COCO_17, 20), walk(COCO_17, 20, place=(700.0, 420.0))])
    tracks = keypoints.read([write("sleap", tmp_path, [jumping])]).tracks
    assert [track.name for track in tracks] == ["track_0"]
    np.save(tmp_path / "two.npy", np.stack([jumping, jumping + (50.0, 0.0, 0.0)]))
    assert len(keypoints.read([tmp_path / "two.npy"], layout="coco").tracks) == 2


def test_head_taken_for_feet_is_no_jump(tmp_path):
    """The joints jump, but onto each other."""
    joints = walk(MPII_16, 40)
    middle = joints[20, :, :2].mean(0)
    joints[20:, :, :2] = 2 * middle - joints[20:, :, :2]
    joints[:, 8:] = joints[:, :8]  # Each joint has another where it jumps to.
    joints[:, 8:, :2] = 2 * middle - joints[:, 8:, :2]
    recording = keypoints.read([write("hourglass", tmp_path, [joints])])
    assert [len(track.frames) for track in recording.tracks] == [40]
    assert "jump" not in str(recording.notes)


def test_somebody_leaves_and_another_comes(tmp_path):
    frames = [*range(20), *range(50, 80)]
    joints = np.concatenate([walker()[:20], walker(seed=1, shift=(-450.0, 0.0))])
    tracks = read(tmp_path, entries(joints, frames)).tracks
    assert [track.frames[0] for track in tracks] == [50, 0]


def test_another_who_is_much_smaller_is_another(tmp_path):
    small = walker() * (0.3, 0.3, 1.0)
    small[..., :2] += (walker() - small)[29, 11, :2]
    small[small[..., 2] == 0] = 0.0
    tracks = read(tmp_path, entries(np.concatenate([walker(), small]))).tracks
    assert [len(track.frames) for track in tracks] == [30, 30]


def test_a_blink_of_the_detector_is_left_out(tmp_path):
    joints = walker()
    joints[14, :, :2] += 700.0
    recording = read(tmp_path, entries(joints))
    (track,) = recording.tracks
    assert track.frames.tolist() == list(range(30))
    assert np.flatnonzero(np.isnan(track.keypoints).all((1, 2))).tolist() == [14]
    assert "1 poses jump to another place and back" in str(recording.notes)


@pytest.mark.parametrize("motion", ["walking", "turning", "sitting"])
@pytest.mark.parametrize("step", [1, 6])
def test_who_moves_as_people_do_stays_one(motion, step, tmp_path):
    joints = walker(frames=150, motion=motion)[::step]
    recording = read(tmp_path, entries(joints))
    assert len(recording.tracks) == 1
    assert recording.notes == []


def test_separate_pictures_stay_together(tmp_path):
    pictures = np.concatenate([walker(1, seed=s, shift=(90.0 * s % 700, 0)) for s in range(12)])
    recording = read(tmp_path, entries(pictures))
    assert [len(track.frames) for track in recording.tracks] == [12]
    assert NO_FILM in recording.notes


@pytest.mark.parametrize("form", ["openpose", "mmpose", "mmpose_list", "mediapipe"])
def test_frames_in_which_nobody_was_seen_stay(form, tmp_path):
    joints = walk(LAYOUT[form], 8)
    path = write(form, tmp_path, [joints])
    text = (path if path.is_file() else path / "video_000000000004_keypoints.json").read_text()
    _without_people(form, path)
    recording = keypoints.read([path])
    (track,) = recording.tracks
    assert track.frames.tolist() == list(range(8))
    assert np.flatnonzero(np.isnan(track.keypoints).all((1, 2))).tolist() == [4]
    assert "1 frames without a joint; they stay without a pose" in recording.notes
    assert text


def _without_people(form, path):
    import json

    if form == "openpose":
        path = path / "video_000000000004_keypoints.json"
    tree = json.loads(path.read_text())
    if form == "openpose":
        tree["people"] = []
    elif form == "mediapipe":
        tree["frames"][4]["people"] = []
    else:
        (tree if form == "mmpose_list" else tree["instance_info"])[4]["instances"] = []
    path.write_text(json.dumps(tree))


def test_frames_without_anybody_go_to_the_track_around_them(tmp_path):
    path = write("openpose", tmp_path, [walk(LAYOUT["openpose"], 12)])
    for frame in (0, 5, 11):
        (path / f"video_{frame:012d}_keypoints.json").write_text('{"version": 1.3, "people": []}')
    (track,) = keypoints.read([path]).tracks
    assert track.frames.tolist() == list(range(12))


def test_reports_from_the_field(shared_data):
    folder = shared_data / "field_reports"
    (track,) = keypoints.read([folder / "01_one_point.json"]).tracks
    assert np.isnan(lifted(track)).all((1, 2)).sum() == 1
    tracks = keypoints.read([folder / "02_passerby_idx0.json"]).tracks
    expected = keypoints.read([folder / "02_passerby_noidx.json"]).tracks
    assert [t.frames.tolist() for t in tracks] == [t.frames.tolist() for t in expected]


@pytest.mark.parametrize("kind", ["html", "bvh"])
def test_no_output_is_ruined_by_one_frame(kind, tmp_path):
    """A motion in which one frame is a point is written as the one in which it is empty."""
    from synpose_tf import output
    from synpose_tf.inference.lifter import Lifter

    lifter, written = Lifter.from_pretrained("camera"), []
    intrinsics = np.array([1145.0, 1143.0, 512.0, 515.0, 0, 0, 0, 0, 0])
    for broken in ("a corner", "all zero"):
        joints = walker()
        joints[10] = NOBODY[broken](joints[10])
        (track,) = read(tmp_path, entries(joints)).tracks
        (path,) = output.write([lifter.lift_track(track, intrinsics)], tmp_path / f"a.{kind}")
        written.append(path.read_bytes())
    assert written[0] == written[1]
