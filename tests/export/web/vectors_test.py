"""Test vectors: they are what Python computes, and the page's code computes the same in Node.js."""

import json
import os
import re
import subprocess

import numpy as np
import pytest
import write_vectors

from synpose_tf.errors import SynposeError
from synpose_tf.export.web import bundle, completion_files

FOLDER = write_vectors.FOLDER


@pytest.fixture(scope="module")
def built():
    """The page's built files; the test skips where npm can't build them."""
    try:
        return bundle.built()
    except SynposeError as error:
        pytest.skip(str(error))


def assert_near(found, expected, where):
    """Trees are equal but for the last digits of numbers, which machines compute otherwise."""
    assert type(found) is type(expected), where
    if isinstance(found, dict):
        assert found.keys() == expected.keys(), where
        for key in found:
            assert_near(found[key], expected[key], f"{where}.{key}")
    elif isinstance(found, list):
        assert len(found) == len(expected), where
        for index, pair in enumerate(zip(found, expected, strict=True)):
            assert_near(*pair, f"{where}[{index}]")
    elif isinstance(found, float):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=2e-4, err_msg=where)
    else:
        assert found == expected, where


def test_the_vectors_are_what_python_computes(tmp_path):
    computed = write_vectors.vectors(tmp_path)
    assert {path.stem for path in FOLDER.glob("*.json")} == set(computed)
    for name, tree in computed.items():
        written = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
        if name == "bvh":  # Its lines are compared as numbers by whoever follows them.
            tree, written = tree["people"], written["people"]
        assert_near(json.loads(write_vectors.text(tree)), written, name)


def test_the_vectors_hold_what_is_rare():
    """A head on a foot, joints that are missed, a frame without a pose."""
    completion = json.loads((FOLDER / "completion.json").read_text(encoding="utf-8"))
    assert any(any(case["outliers"]) for case in completion["cases"])
    assert any(None in case["pixels"] for case in completion["cases"])
    bvh = json.loads((FOLDER / "bvh.json").read_text(encoding="utf-8"))
    assert None in bvh["people"][1]["poses"]


def test_the_page_follows_the_vectors(built, tmp_path):
    completion_files.write(tmp_path)
    finished = subprocess.run(
        [bundle.find("node"), "--test", built / bundle.NODE / "vectors.test.mjs"],
        env=os.environ | {"SYNPOSE_VECTORS": str(FOLDER), "SYNPOSE_COMPLETION": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert finished.returncode == 0, finished.stdout
    assert re.search(r"pass [1-9]", finished.stdout)
    assert "fail 0" in finished.stdout


def test_the_types_are_right():
    """Where the developer has run `npm ci` in the page's folder."""
    compiler = bundle.SOURCES / "node_modules" / ".bin" / "tsc"
    if not compiler.exists():
        pytest.skip(f"no TypeScript: npm ci in {bundle.SOURCES}")
    finished = subprocess.run(
        [compiler, "--noEmit"], cwd=bundle.SOURCES, capture_output=True, text=True, check=False
    )
    assert finished.returncode == 0, finished.stdout


def test_without_npm_there_is_a_sentence(monkeypatch, tmp_path):
    monkeypatch.setattr(bundle, "cache_folder", lambda: tmp_path)
    monkeypatch.setattr(bundle, "find", lambda program: None)
    with pytest.raises(SynposeError, match=r"Install Node.js 20 or later .* 'synpose_tf\[web\]'"):
        bundle.built()


def test_an_npm_that_fails_leaves_nothing(monkeypatch, tmp_path, built):
    monkeypatch.setattr(bundle, "cache_folder", lambda: tmp_path / "cache")
    monkeypatch.setenv("npm_config_registry", "http://127.0.0.1:9/")
    monkeypatch.setenv("npm_config_cache", str(tmp_path / "npm"))
    monkeypatch.setenv("npm_config_fetch_retries", "0")
    with pytest.raises(SynposeError, match="npm ci failed .* registry"):
        bundle.built()
    assert list((tmp_path / "cache").iterdir()) == []
