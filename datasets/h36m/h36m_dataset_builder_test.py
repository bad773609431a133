"""Human3.6M in each form: what was written into the files comes out as examples."""

import numpy as np
import pytest
import tensorflow_datasets as tfds

from synpose_tf.datasets.cmu_mocap import asf_amc
from synpose_tf.datasets.h36m import h36m_dataset_builder as h36m
from synpose_tf.datasets.h36m import join, sources, survey, takes, testing
from synpose_tf.errors import SynposeError
from synpose_tf.geometry.camera import h36m_cameras
from synpose_tf.keypoints.layouts import COCO_17, HALPE_26
from synpose_tf.structures.skeleton import H36M_17, H36M_32, MPII_16, joint_map, select_joints

FORMS = {
    "packed official": lambda folder, poses, _: testing.write_official(folder, poses),
    "unpacked official": lambda folder, poses, _: testing.write_official(folder, poses, False),
    "VideoPose3D": testing.write_videopose3d,
    "packed Martinez": testing.write_martinez,
    "unpacked Martinez": lambda folder, poses, found: testing.write_martinez(
        folder, poses, found, packed=False
    ),
}


@pytest.fixture(autouse=True)
def _no_progress_bar():
    tfds.disable_progress_bar()


@pytest.fixture(params=["real", "synthetic"])
def poses(request):
    """A few takes: CMU's motion by its own forward kinematics, or a synthetic body's."""
    keys = [("S1", "Walking 1"), ("S1", "Sitting"), ("S1", "SittingDown"), ("S9", "Photo")]
    if request.param == "synthetic":
        return {key: testing.motion(40 + 30 * i, seed=i) for i, key in enumerate(keys)}
    folder = request.getfixturevalue("shared_data") / "cmu_asfamc" / "subjects" / "02"
    skeleton = asf_amc.read_asf(folder / "02.asf")
    motions = {}
    for key, clip in zip(keys, ("02_01", "02_02", "02_03", "02_04"), strict=True):
        motion = asf_amc.read_amc(folder / f"{clip}.amc", skeleton)[::4]
        points = 1000.0 * asf_amc.h36m_17(skeleton, motion)
        points[..., :2] -= points[:, 0, :2].mean(0)
        motions[key] = testing.from_17(points)
    return motions


def project(poses, joints=H36M_17, noise=0.0, extra=0):
    """Detections of poses by (subject, take, camera); the derived joints of MPII are real ones."""
    rng = np.random.default_rng(0)
    found = {}
    for (subject, take), points in poses.items():
        points = select_joints(points, H36M_32, H36M_17)
        for name, camera in h36m_cameras()[subject].items():
            pixels = camera.project(camera.to_camera(points))
            order = [i or 0 for i in joint_map(H36M_17, joints)]
            pixels = pixels[:, order] + rng.normal(0, noise, (len(pixels), len(order), 2))
            found[subject, take, name] = np.concatenate([pixels, pixels[:extra]])
    return found


def load(name, manual_dir, data_dir):
    """{split: {(subject, take, camera): examples in order of frame}}, and the builder's info."""
    config = tfds.download.DownloadConfig(manual_dir=manual_dir)
    builder = tfds.builder(f"h36m/{name}", data_dir=data_dir)
    builder.download_and_prepare(download_config=config)
    splits = {}
    for split in builder.info.splits:
        views = splits.setdefault(split, {})
        in_order = tfds.ReadConfig(interleave_cycle_length=1)
        data = builder.as_dataset(split=split, read_config=in_order)
        for example in data.as_numpy_iterator():
            key = tuple(example[k].decode() for k in ("subject", "action", "camera"))
            views.setdefault(key, []).append(example)
    return splits, builder.info


def stack(examples, key):
    return np.stack([example[key] for example in examples])


@pytest.mark.parametrize("form", FORMS)
def test_every_form_gives_back_the_same_joints(form, poses, tmp_path):
    (tmp_path / "files").mkdir()
    FORMS[form](tmp_path / "files", poses, project(poses))
    splits, _ = load("gt", tmp_path / "files", tmp_path)
    assert {key[0] for key in splits["train"]} == {"S1"}
    assert {key[0] for key in splits["test"]} == {"S9"}
    views = splits["train"] | splits["test"]
    assert len(views) == 4 * len(poses)
    for (subject, take, name), examples in views.items():
        camera = h36m_cameras()[subject][name]
        wanted = select_joints(poses[subject, take], H36M_32, H36M_17)
        np.testing.assert_array_equal(stack(examples, "frame"), np.arange(len(wanted)))
        world = camera.to_world(stack(examples, "keypoints_3d").astype(np.float64))
        np.testing.assert_allclose(world, wanted, atol=1e-3, rtol=0)
        pixels = camera.project(camera.to_camera(wanted))
        np.testing.assert_allclose(stack(examples, "keypoints_2d"), pixels, atol=1e-3, rtol=0)
        np.testing.assert_allclose(examples[0]["intrinsics"], camera.intrinsics, rtol=1e-6)
        np.testing.assert_allclose(examples[0]["up"], camera.up, rtol=1e-6)
        assert "confidence" not in examples[0]


def test_detections_join_by_subject_take_camera_and_frame(poses, tmp_path):
    testing.write_videopose3d(tmp_path, poses, project(poses, noise=3.0, extra=2))
    splits, info = load("cpn", tmp_path, tmp_path)
    assert info.metadata["detections"] == "cpn_ft_h36m_dbb"
    assert any("cut to the shorter" in note for note in info.metadata["notes"])
    wanted = project(poses, noise=3.0)
    for key, examples in (splits["train"] | splits["test"]).items():
        pixels = stack(examples, "keypoints_2d")
        np.testing.assert_allclose(pixels, wanted[key][: len(pixels)], atol=1e-3, rtol=0)
        assert len(examples) == len(poses[key[:2]])
        assert (stack(examples, "confidence") == 1).all()


@pytest.mark.parametrize("packed", [True, False])
def test_mpii_detections_are_mapped_by_name(packed, tmp_path):
    poses = {("S5", "Eating 2"): testing.motion(30)}
    detected = project(poses, MPII_16)
    testing.write_martinez(tmp_path, poses, detected, packed)
    splits, _ = load("sh", tmp_path, tmp_path)
    truth = project(poses)
    derived = [H36M_17.index(joint) for joint in ("Spine", "Nose")]
    for key, examples in splits["train"].items():
        pixels, confidence = stack(examples, "keypoints_2d"), stack(examples, "confidence")
        given = np.setdiff1d(np.arange(17), derived)
        np.testing.assert_allclose(pixels[:, given], truth[key][:, given], atol=1e-3, rtol=0)
        assert (confidence[:, given] == 1).all()
        assert (confidence[:, derived] == 0).all()
        hip, thorax = (detected[key][:, MPII_16.index(j)] for j in ("Hip", "Thorax"))
        np.testing.assert_allclose(pixels[:, derived[0]], (hip + thorax) / 2, atol=1e-3)


def test_coco_detections_are_mapped_by_name(tmp_path):
    """VideoPose3D's `detectron_pt_coco`: what the survey names is what the builder prepares."""
    poses = {("S5", "Eating 2"): testing.motion(30), ("S9", "Eating"): testing.motion(30, 1)}
    detected = project(poses, COCO_17)
    testing.write_videopose3d(tmp_path, poses, detected, "detectron_pt_coco", COCO_17)
    testing.write_videopose3d(tmp_path, {}, project(poses), "dance", HALPE_26)
    found = survey.survey(tmp_path)
    names = [ready.name for ready in found.ready]
    assert names == ["h36m/gt", "h36m/detectron_pt_coco"]
    assert any("h36m/dance can't be prepared" in note for note in found.notes)
    splits, _ = load("detectron_pt_coco", tmp_path, tmp_path)
    truth = project(poses)
    derived = [H36M_17.index(joint) for joint in ("Hip", "Spine", "Thorax", "Head")]
    for key, examples in (splits["train"] | splits["test"]).items():
        pixels, confidence = stack(examples, "keypoints_2d"), stack(examples, "confidence")
        given = np.setdiff1d(np.arange(17), derived)
        np.testing.assert_allclose(pixels[:, given], truth[key][:, given], atol=1e-3, rtol=0)
        assert (confidence[:, given] == 1).all()
        assert (confidence[:, derived] == 0).all()
        seen = {name: detected[key][:, i] for i, name in enumerate(COCO_17.joints)}
        hip, thorax = (seen[f"L{j}"] / 2 + seen[f"R{j}"] / 2 for j in ("Hip", "Shoulder"))
        for joint, place in zip(derived, (hip, (hip + thorax) / 2, thorax), strict=False):
            np.testing.assert_allclose(pixels[:, joint], place, atol=1e-3)
        np.testing.assert_allclose(pixels[:, derived[3]], seen["Nose"], atol=1e-3)
    with pytest.raises(SynposeError, match=r"data_2d_h36m_dance.npz: left joints.*COCO-17"):
        load("dance", tmp_path, tmp_path)


@pytest.mark.parametrize("form", FORMS)
def test_hidden_files_of_macos_are_passed_by(form, tmp_path):
    poses = {("S5", "Eating 2"): testing.motion(30)}
    FORMS[form](tmp_path, poses, project(poses, MPII_16))
    for path in [path for path in tmp_path.rglob("*") if path.is_file()]:
        path.with_name(f"._{path.name}").write_bytes(b"\0\5\x16\7\0\2\0\0Mac OS X")
    found = sources.find(tmp_path)
    assert list(sources.read_positions(found, ["S5"])) == [("S5", "Eating 2")]
    assert all(len(sources.read_detections(found, k, ["S5"])) == 4 for k in sources.kinds(found))


def test_forms_lie_together(tmp_path):
    """Official poses, two detectors' .npz and another's .h5 in one folder, S1 packed."""
    poses = {("S1", "WalkDog"): testing.motion(30, 1), ("S9", "WalkDog 1"): testing.motion(30, 2)}
    testing.write_official(tmp_path, {("S1", "WalkingDog"): poses["S1", "WalkDog"]})
    testing.write_official(tmp_path, {("S9", "WalkingDog 1"): poses["S9", "WalkDog 1"]}, False)
    testing.write_videopose3d(tmp_path, {}, project(poses, MPII_16), "sh_ft_h36m")
    testing.write_videopose3d(tmp_path, {}, project(poses), "hrnet")
    testing.write_martinez(tmp_path, {}, project(poses, MPII_16))
    found = sources.find(tmp_path)
    assert sources.kinds(found) == ["hrnet", "sh_ft_h36m", "sh_pt_mpii"]
    for name in ("gt", "hrnet", "sh_pt_mpii"):
        splits, _ = load(name, tmp_path, tmp_path / "data")
        assert {key[:2] for key in splits["train"]} == {("S1", "WalkDog")}
        assert {key[:2] for key in splits["test"]} == {("S9", "WalkDog 1")}
    with pytest.raises(
        SynposeError, match="found several such.*h36m/sh_ft_h36m or h36m/sh_pt_mpii"
    ):
        load("sh", tmp_path, tmp_path / "data")
    with pytest.raises(SynposeError, match="'cpn': none found.*hrnet, sh_ft_h36m, sh_pt_mpii"):
        load("cpn", tmp_path, tmp_path / "data")


def test_real_hourglass_files_are_read(shared_data, tmp_path):
    detected = sources.read_detections(sources.find(shared_data / "h36m_sh"), "sh", ["S9"])
    assert {key[1] for key in detected} == {"Sitting", "Walking"}
    assert {key[2] for key in detected} == set(takes.CAMERAS)
    assert {len(found.points) for found in detected.values()} == {2962, 1612}
    walking = detected["S9", "Walking", "54138969"].points
    hip, head, ankle = (
        np.median(walking[:, H36M_17.index(j), 1]) for j in ("Hip", "Head", "RAnkle")
    )
    assert head < hip < ankle  # y is down
    # With poses of the same lengths they make a data set.
    (tmp_path / "S9").symlink_to(shared_data / "h36m_sh" / "S9")
    testing.write_official(
        tmp_path / "poses", {("S9", "Walking"): testing.motion(1612)}, packed=False
    )
    splits, _ = load("sh-every64", tmp_path, tmp_path / "data")
    read = stack(splits["test"]["S9", "Walking", "54138969"], "keypoints_2d")
    np.testing.assert_array_equal(read, walking[::64])


def test_options_choose_subjects_actions_cameras_and_rate(tmp_path):
    names = [("S1", "Sitting"), ("S1", "SittingDown"), ("S1", "Walking"), ("S7", "Sitting 2")]
    poses = {key: testing.motion(70, i) for i, key in enumerate(names)}
    testing.write_videopose3d(tmp_path, poses)
    name = "gt-every5-train.S1-test.S7-actions.Sitting.Walking-cameras.58860488"
    splits, _ = load(name, tmp_path, tmp_path)
    assert set(splits["train"]) == {("S1", take, "58860488") for take in ("Sitting", "Walking")}
    assert set(splits["test"]) == {("S7", "Sitting 2", "58860488")}
    frames = stack(splits["test"]["S7", "Sitting 2", "58860488"], "frame")
    np.testing.assert_array_equal(frames, np.arange(0, 70, 5))
    again, info = load(name, tmp_path, tmp_path)  # Now from the prepared files.
    assert info.full_name == f"h36m/{name}/1.0.0"
    assert again["test"].keys() == splits["test"].keys()


def test_links_are_followed_and_circles_end(tmp_path):
    testing.write_videopose3d(tmp_path, {("S9", "Posing 1"): testing.motion(20)})
    (tmp_path / "files" / "below").mkdir(parents=True)
    (tmp_path / "files" / "link").symlink_to(tmp_path)
    (tmp_path / "files" / "below" / "up").symlink_to(tmp_path / "files")
    poses = sources.read_positions(sources.find(tmp_path / "files"), ["S9"])
    assert list(poses) == [("S9", "Posing 1")]


def test_directions_of_s11_is_left_out_and_said(tmp_path):
    names = [("S11", "Directions"), ("S11", "Directions 1"), ("S9", "Directions")]
    testing.write_videopose3d(tmp_path, {key: testing.motion(20, 1) for key in names})
    splits, info = load("gt", tmp_path, tmp_path)
    assert {key[:2] for key in splits["test"]} == {("S11", "Directions 1"), ("S9", "Directions")}
    notes = " ".join(info.metadata["notes"])
    assert "S11 Directions (the take without a number) is left out" in notes
    assert "S9's Greeting, SittingDown, Waiting are kept" in notes
    assert "No poses of S1, S5, S6, S7, S8 were found" in notes
    assert "train" not in splits


def test_takes_lie_in_the_order_of_the_tables(tmp_path):
    names = [(s, f"{action} 1") for s in ("S11", "S9") for action in sorted(takes.ACTIONS)]
    testing.write_videopose3d(tmp_path, {key: testing.motion(8, 1) for key in names})
    splits, _ = load("gt", tmp_path, tmp_path)
    order = [(subject, takes.action_of(take)) for subject, take, _ in splits["test"]]
    assert order[::4] == [(s, action) for s in ("S9", "S11") for action in takes.ACTIONS]


def test_lengths_may_differ_a_little_and_no_more(tmp_path):
    poses = {("S9", "Posing 1"): testing.motion(200)}
    for difference in (join.MAX_DIFFERENCE, -join.MAX_DIFFERENCE):
        detected = {k: v[: 200 + difference] for k, v in project(poses, extra=100).items()}
        folder = tmp_path / str(difference)
        folder.mkdir()
        testing.write_videopose3d(folder, poses, detected)
        splits, _ = load("cpn", folder, folder)
        assert {len(examples) for examples in splits["test"].values()} == {
            min(200, 200 + difference)
        }
    testing.write_videopose3d(tmp_path, poses, project(poses, extra=join.MAX_DIFFERENCE + 1))
    match = (
        r"cpn_ft_h36m_dbb.npz: S9 Posing 1 camera 54138969: 251 frames, but 200 in .*S9 Posing 1"
    )
    with pytest.raises(SynposeError, match=match):
        load("cpn", tmp_path, tmp_path)


def test_detections_of_some_takes_only(tmp_path):
    poses = {("S1", "Eating"): testing.motion(20), ("S9", "Eating"): testing.motion(20)}
    detected = {key: found for key, found in project(poses).items() if key[0] == "S9"}
    testing.write_videopose3d(tmp_path, poses, detected)
    splits, info = load("cpn", tmp_path, tmp_path)
    assert list(splits) == ["test"]
    assert any("for all or some cameras: 1 of S1." in note for note in info.metadata["notes"])
    with pytest.raises(SynposeError, match="(?s)nothing remains of 1 takes.*1 of S1"):
        load("cpn-test.S11", tmp_path, tmp_path)


def test_a_pose_behind_the_camera_names_its_file(tmp_path):
    poses = {("S1", "Eating"): testing.motion(20) + np.array([0, 9000, 0])}
    testing.write_official(tmp_path, poses, packed=False)
    with pytest.raises(SynposeError, match=r"Eating\.cdf: a joint lies behind camera 54138969"):
        load("gt", tmp_path, tmp_path)


def test_empty_folder_and_folder_of_other_files_repeat_the_instructions(tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "holiday.jpg").write_bytes(b"x")
    for name in ("empty", "other", "absent"):
        with pytest.raises(SynposeError, match=f"(?s){name}.*Poses_D3_Positions_S1.tgz"):
            load("gt", tmp_path / name, tmp_path)


def test_detections_without_poses_say_what_is_missing(tmp_path):
    poses = {("S9", "Posing 1"): testing.motion(20)}
    testing.write_videopose3d(tmp_path, {}, project(poses))
    with pytest.raises(SynposeError, match="There are no poses of S1, .*VideoPose3D"):
        load("cpn", tmp_path, tmp_path)


def test_a_failed_build_leaves_no_data_set(tmp_path):
    poses = {("S1", "Eating"): testing.motion(20), ("S9", "Eating"): testing.motion(20)}
    poses["S9", "Eating"][7, 3, 1] = np.nan
    testing.write_videopose3d(tmp_path, poses)
    with pytest.raises(SynposeError, match="S9 Eating: a coordinate that is not finite .*frame 7"):
        load("gt", tmp_path, tmp_path / "data")
    assert not list((tmp_path / "data" / "h36m" / "gt").iterdir())
    poses["S9", "Eating"] = testing.motion(20)
    testing.write_videopose3d(tmp_path, poses)
    splits, _ = load("gt", tmp_path, tmp_path / "data")
    assert len(splits["test"]) == 4


def test_builder_accepts_configs_by_name_and_by_options(tmp_path):
    by_name = h36m.Builder(config="gt-every64-test.S9", data_dir=tmp_path)
    options = h36m.H36mConfig(every=64, test_subjects=("S9",))
    by_options = h36m.Builder(config=options, data_dir=tmp_path)
    assert by_name.info.full_name == by_options.info.full_name == "h36m/gt-every64-test.S9/1.0.0"
    default = h36m.Builder(config=h36m.H36mConfig(detections="sh_ft_h36m"), data_dir=tmp_path)
    assert default.info.full_name == "h36m/sh_ft_h36m/1.0.0"
    assert "confidence" in default.info.features
    assert h36m.Builder(data_dir=tmp_path).info.full_name == "h36m/gt/1.0.0"
    assert h36m.Builder(data_dir=tmp_path).info.citation.startswith("@article{h36m_pami")
