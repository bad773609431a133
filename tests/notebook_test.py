"""The notebook, run as a reader runs it, from its first cell to its last."""

import json
import pathlib
import re

import pytest

pytestmark = pytest.mark.slow
NOTEBOOK = pathlib.Path(__file__).resolve().parent.parent / "examples" / "keypoints_to_3d.ipynb"


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The folder where the notebook ran, what its cells printed, and how many pictures it drew."""
    nbclient = pytest.importorskip("nbclient", reason="nbclient, which runs notebooks, is missing")
    pytest.importorskip("ipykernel", reason="ipykernel, in which notebooks run, is missing")
    import nbformat

    folder = tmp_path_factory.mktemp("notebook")
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    nbclient.NotebookClient(notebook, timeout=300, resources=resources).execute()
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    printed = "".join(
        output.get("text", "") for output in outputs if output.get("name") != "stderr"
    )
    return folder, printed, sum("image/png" in output.get("data", ()) for output in outputs)


def test_it_lifts_draws_and_writes_the_page(finished):
    folder, printed, pictures = finished
    assert "32 frames of Human3.6M-17" in printed
    assert "poses (32, 17, 3), 16 joints filled in" in printed
    assert pictures == 1
    assert "<canvas" in (folder / "walk.html").read_text(encoding="utf-8")


def test_the_pose_is_near_the_truth(finished):
    _, printed, _ = finished
    assert 5 < int(re.search(r"P-MPJPE (\d+) mm", printed)[1]) < 60


def test_no_output_is_kept():
    """It would change with every run, and be old in the next version."""
    cells = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
    for cell in (cell for cell in cells if cell["cell_type"] == "code"):
        assert not cell["outputs"]
        assert cell["execution_count"] is None
