"""The Kotlin and the Swift of the examples against the test vectors, where their compilers are."""

import json
import pathlib
import shutil
import subprocess

import numpy as np
import pytest
import write_vectors

ROOT = pathlib.Path(__file__).resolve().parent.parent
PURE = ("Joints", "Normalization")  # Of three files; the third needs a phone's LiteRT.


def kotlin(folder):
    """A command that runs `Check.kt` with the example's files."""
    compiler = shutil.which("kotlinc")
    if compiler is None or shutil.which("java") is None:
        pytest.skip("no Kotlin: apt-get install kotlin")
    sources = [ROOT / "examples" / "android" / f"{name}.kt" for name in PURE]
    jar = folder / "check.jar"
    files = [*sources, ROOT / "tests" / "phones" / "Check.kt"]
    compile_with([compiler, *files, "-include-runtime", "-d", jar])
    return ["java", "-jar", jar]


def swift(folder):
    """A command that runs `main.swift` with the example's files."""
    compiler = shutil.which("swiftc")
    if compiler is None:
        pytest.skip("no Swift: apt-get install swiftlang")
    sources = [ROOT / "examples" / "ios" / f"{name}.swift" for name in PURE]
    compile_with([compiler, *sources, ROOT / "tests" / "phones" / "main.swift", "-o", folder / "c"])
    return [folder / "c"]


def compile_with(command):
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stderr


def read(name):
    return json.loads((write_vectors.FOLDER / f"{name}.json").read_text(encoding="utf-8"))


def line(word, *arrays):
    return " ".join([word, *(repr(float(v)) for a in arrays for v in np.ravel(a))])


@pytest.mark.slow
@pytest.mark.parametrize("language", [kotlin, swift], ids=lambda language: language.__name__)
def test_the_examples_follow_the_vectors(language, tmp_path):
    joints = [case for case in read("joints")["cases"] if "derived" in case]
    lifting = read("normalization")
    height = lifting["body_height"]
    lifted = [case for case in lifting["cases"] if case["mode"] == "paper"]
    lines = [line(case["layout"], case["whole"]) for case in joints]
    lines += [line("lift", c["distance"], height, c["pixels"], c["depths"]) for c in lifted]
    expected = [np.ravel(case["derived"]) for case in joints]
    expected += [np.ravel(case["millimetres"]) for case in lifted]
    tolerances = [5e-4] * len(joints) + [1e-3] * len(lifted)  # Pixels, millimetres.
    run = language(tmp_path)
    finished = subprocess.run(
        run, input="\n".join(lines) + "\n", capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stderr
    found = [np.array(row.split(), float) for row in finished.stdout.splitlines()]
    for one, other, tolerance in zip(found, expected, tolerances, strict=True):
        np.testing.assert_allclose(one, other, rtol=0, atol=tolerance)
