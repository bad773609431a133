"""Pictures of poses: written as PNG, with a panel for each pose, bones in their places."""

import cv2
import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.visualization import plotting
from synpose_tf.visualization.colours import LEFT, MIDDLE, RIGHT


@pytest.fixture(scope="module")
def grid(synthetic_views):
    """Arguments of `lifting_grid` for three poses."""
    keypoints, points = (synthetic_views[f"keypoints_{d}d"][::1500] for d in (2, 3))
    return keypoints, points / 500, points - points[:, :1]


def bones(axes):
    """(bones, 2, d) ends of the drawn bones, and their colours."""
    ends = [getattr(line, "get_data_3d", line.get_data)() for line in axes.lines]
    return np.moveaxis(np.array(ends), 1, 2), [to_hex(line.get_color()) for line in axes.lines]


@pytest.mark.parametrize(("truth", "rows"), [(True, 3), (False, 2)])
def test_grid_has_a_column_a_pose(grid, truth, rows):
    keypoints, lifted, true = grid
    titles = ["61 mm", "72 mm", "83 mm"]
    figure = plotting.lifting_grid(keypoints, lifted, true if truth else None, titles)
    assert len(figure.axes) == 3 * rows
    assert [axes.get_title() for axes in figure.axes[:3]] == titles
    texts = [text.get_text() for axes in figure.axes for text in axes.texts]
    assert texts == (["2D input", "true 3D", "lifted 3D"] if truth else ["2D input", "lifted 3D"])


def test_poses_that_do_not_fit_beside_go_below(grid):
    keypoints, lifted, _ = grid
    figure = plotting.lifting_grid(keypoints, lifted, titles=["a", "b", "c"], columns=2)
    cells = {axes.get_subplotspec().get_geometry()[2] for axes in figure.axes}
    assert cells == {0, 1, 2, 3, 4, 6}  # of 4 rows of 2: the third pose stands below the first
    assert {axes.get_subplotspec().get_geometry()[:2] for axes in figure.axes} == {(4, 2)}
    third = [axes for axes in figure.axes if axes.get_title() == "c"]
    np.testing.assert_allclose(bones(third[0])[0], keypoints[2][np.array(H36M_17.bones)])


def test_picture_is_a_png(grid, tmp_path):
    path = tmp_path / "pictures" / "step_100.png"
    plotting.save_figure(plotting.lifting_grid(*grid), path)
    assert path.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    picture = cv2.imread(str(path))
    height, width = picture.shape[:2]
    assert width > 500
    assert height > 500
    assert [entry.name for entry in path.parent.iterdir()] == ["step_100.png"]
    for column in np.array_split(picture, 3, axis=1):
        for panel in np.array_split(column, 3, axis=0):
            assert (panel < 128).any(axis=-1).sum() > 100  # something is drawn in each


def test_bones_are_drawn_where_the_joints_are(grid):
    keypoints, lifted, _ = grid
    figure = Figure()
    flat, deep = figure.add_subplot(1, 2, 1), figure.add_subplot(1, 2, 2, projection="3d")
    plotting.draw_2d(flat, keypoints[0])
    plotting.draw_3d(deep, lifted[0])
    children_and_parents = np.array(H36M_17.bones)
    ends, colours = bones(flat)
    np.testing.assert_allclose(ends, keypoints[0][children_and_parents])
    assert flat.yaxis_inverted()  # image y points down
    ends, colours_3d = bones(deep)
    x, y, z = np.moveaxis(lifted[0][children_and_parents], -1, 0)
    np.testing.assert_allclose(ends, np.stack([x, z, -y], axis=-1))
    sides = {LEFT: "L", RIGHT: "R", MIDDLE: ""}
    left, right = ({pair[i] for pair in H36M_17.left_right} for i in (0, 1))
    for (child, _), colour in zip(H36M_17.bones, colours, strict=True):
        assert sides[colour] == ("L" if child in left else "R" if child in right else "")
    assert colours_3d == colours
