"""What the documentation says of the checkout: its links, its first example, its commands."""

import functools
import pathlib
import re

import numpy as np
import pytest

from synpose_tf.structures.skeleton import H36M_17

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGES = sorted(
    path.relative_to(ROOT)
    for pattern in ("*.md", "docs/*.md", "datasets/*/README.md")
    for path in ROOT.glob(pattern)
)
FENCE = re.compile(r"^```(?P<language>\w*)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<target>[^)\s]+)\)")
MODULE = re.compile(r"python -m (synpose_tf[\w.]*)")
SCRIPT = re.compile(r"(?:benchmarks|examples|tests)/[\w/]+\.(?:py|sh)")
every_page = pytest.mark.parametrize("page", PAGES, ids=str)


def text_of(page):
    return (ROOT / page).read_text(encoding="utf-8")


@functools.cache
def anchors(page):
    """What a page's headings are called in links, as GitHub and MkDocs have it."""
    headings = re.findall(r"^#+ (.*)$", FENCE.sub("", text_of(page)), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.strip().replace(" ", "-") for word in words}


@every_page
def test_links_resolve(page):
    for match in LINK.finditer(FENCE.sub("", text_of(page))):
        target, _, anchor = match["target"].partition("#")
        if "://" in target:
            continue
        path = (ROOT / page.parent / target).resolve() if target else ROOT / page
        assert path.exists(), f"{page}: {match[0]}"
        assert path.is_relative_to(ROOT), f"{page}: {match[0]} leaves the checkout"
        if anchor:
            assert anchor in anchors(path.relative_to(ROOT)), f"{page}: {match[0]}"


@every_page
def test_named_commands_and_scripts_exist(page):
    for name in MODULE.findall(text_of(page)):
        parts = name.rstrip(".").split(".")[1:]
        base = ROOT / (parts[0] if parts[0] in ("datasets", "export") else "synpose_tf")
        inner = base.joinpath(*parts[1:] if base.name != "synpose_tf" else parts)
        found = inner.with_suffix(".py").is_file() or (inner / "__main__.py").is_file()
        assert found, f"{page}: python -m {name}"
    for name in SCRIPT.findall(text_of(page)):
        assert (ROOT / name).is_file(), f"{page}: {name}"


def test_every_data_set_has_its_page():
    names = {path.parent.name for path in ROOT.glob("datasets/*/*_dataset_builder.py")}
    for page in ("README.md", "docs/train.md"):
        assert set(re.findall(r"datasets/(\w+)/README\.md", text_of(page))) == names
    site = re.findall(r"datasets/(\w+)\.md", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    assert set(site) == names


def test_the_example_in_python_runs():
    (code,) = [m["code"] for m in FENCE.finditer(text_of("README.md")) if m["language"] == "python"]
    keypoints = np.random.default_rng(0).uniform(300.0, 700.0, (3, len(H36M_17), 2))
    keypoints[1, H36M_17.index("Nose")] = np.nan
    names = {"keypoints": keypoints}
    exec(compile(code, "README.md", "exec"), names)
    assert names["poses"].shape == (3, len(H36M_17), 3)
    assert np.isfinite(names["poses"]).all()
