"""The model card that travels with an export: README.md and model_card.json."""

import dataclasses
import json
import pathlib

import synpose_tf.datasets
from synpose_tf.export import report
from synpose_tf.export.formats import Format
from synpose_tf.export.trained import TrainedLifter
from synpose_tf.export.verification import Measurement
from synpose_tf.geometry import camera
from synpose_tf.io import files
from synpose_tf.structures.skeleton import H36M_17
from synpose_tf.version import __version__

KEYPOINTS = (
    "2D joints in the order below, pixels, x right, y down, as the camera took them: lens "
    "distortion included."
)
INTRINSICS = (
    f"{', '.join(camera.INTRINSICS)}: focal length and principal point in pixels, distortion "
    "coefficients as OpenCV defines them, 0 for none."
)
POSES = (
    "3D joints in the same order, root-relative (the hip is the origin), camera frame: x right, y "
    "down, z forward. No metric scale: the unit is about the mean distance of the joints from the "
    "hip, as the camera sees it. Multiply by a known body's size to get millimetres."
)
METHOD = (
    "Deng, Sun, Sun, Zhu: 3D Human Pose Estimation Based on 2D-3D Consistency with Synchronized "
    "Adversarial Training."
)
LICENCE = (
    "synpose_tf is licensed under Apache-2.0. The weights were trained on the data above; its "
    "terms say what they may be used for."
)
TASK = (
    "Lifts the 2D joints of one person to a 3D pose: where the joints are relative to the hip, not "
    "where the person stands. It was not made to identify people, and does not say how sure it is."
)


def write(
    folder: pathlib.Path, format: Format, trained: TrainedLifter, measured: Measurement
) -> None:
    """Writes the card into an export's folder.

    Raises:
        SynposeError: it can't be written.
    """
    card = content(format, trained, measured)
    files.write_text(folder / "model_card.json", json.dumps(card, indent=2) + "\n")
    table = report.Report(trained.origin, report.reference(trained), (measured,))
    files.write_text(folder / "README.md", _markdown(card, format, table))


def content(format: Format, trained: TrainedLifter, measured: Measurement) -> dict:
    """The card as a tree that JSON can hold."""
    many = [None] * trained.leading  # Axes of any length.
    inputs = {"keypoints": {"shape": [*many, len(H36M_17), 2], "description": KEYPOINTS}}
    if trained.mode == "camera":
        inputs["intrinsics"] = {
            "shape": [None, len(camera.INTRINSICS)],
            "description": INTRINSICS,
        }
    poses = {"shape": [*many, len(H36M_17), 3], "description": POSES}
    return {
        "task": TASK,
        "format": format.name,
        "format_description": format.description,
        "synpose_tf": __version__,
        "weights": trained.origin,
        "parameters": int(trained.model.averaged_generator.count_params()),
        "normalization": trained.mode,
        "assumed_distance": trained.model.distance if trained.mode == "paper" else None,
        "inputs": inputs,
        "outputs": {"poses": poses},
        "joints": list(H36M_17.joints),
        "parents": list(H36M_17.parents),
        "training": trained.run.get("config"),
        "training_data": [_about(name) for name in _training_sets(trained.run)],
        "evaluation": {
            "data": trained.builder.info.full_name,
            "split": "test",
            "poses": len(trained.test["keypoints_2d"]),
            "keras": report.reference(trained),
            "export": dataclasses.asdict(measured),
            "note": report.CAPTION,
        },
        "limits": trained.run.get("limits", ""),
        "licence": LICENCE,
        "credit": METHOD,
    }


def _training_sets(run):
    """Full names of the data sets that a run was trained on, the main one first."""
    return [run["dataset"], *run.get("mixed_with", ())]


def _about(full_name):
    """What the data set's folder says of it: its first paragraph and its citation."""
    builder = synpose_tf.datasets.BUILDERS.get(full_name.split("/")[0])
    if builder is None:
        return {"name": full_name, "description": "", "citation": ""}
    paragraphs = (builder.pkg_dir_path / "README.md").read_text(encoding="utf-8").split("\n\n")
    first = next(p for p in paragraphs if not p.startswith("#"))
    citation = (builder.pkg_dir_path / "CITATIONS.bib").read_text(encoding="utf-8").strip()
    return {"name": full_name, "description": " ".join(first.split()), "citation": citation}


def _markdown(card, format, table):
    joints = ", ".join(f"{i} {name}" for i, name in enumerate(card["joints"]))
    data = "\n\n".join(
        f"**{about['name']}.** {about['description']}\n\n```bibtex\n{about['citation']}\n```"
        for about in card["training_data"]
    )
    evaluated = card["evaluation"]
    return f"""# 2D to 3D human pose lifter

{card["task"]} {card["limits"]}

{card["format_description"]}. Weights: {card["weights"]}; {card["parameters"] / 1e6:.2f} M
parameters, `{card["normalization"]}` normalisation, written by synpose_tf {card["synpose_tf"]}.

## Inputs and outputs

{_tensors(card["inputs"])}

{_tensors(card["outputs"])}

Joints: {joints}. Left and right are the person's own.

{format.usage}
## Training data

{data}

## Evaluation

{evaluated["poses"]:,} test poses of {evaluated["data"]}. MPJPE (protocol 1) is taken with the true
mean root distance as scale, P-MPJPE (protocol 2) after Procrustes alignment.

{table.markdown()}
## Licence and credit

{card["licence"]}

{card["credit"]}
"""


def _tensors(tensors):
    lines = []
    for name, about in tensors.items():
        many = iter(("batch", "frames"))
        shape = ", ".join(next(many) if size is None else str(size) for size in about["shape"])
        lines.append(f"- `{name}` ({shape}), float32. {about['description']}")
    return "\n".join(lines)
