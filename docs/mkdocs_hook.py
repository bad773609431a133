"""Makes the site of what lies in the whole checkout; `mkdocs.yml` names it as a hook.

MkDocs reads docs/. This adds

- pages from elsewhere: the README, the data sets' READMEs, CONTRIBUTING.md and the like;
- the model cards of `synpose_tf/weights`;
- the reference, a page for each package. mkdocstrings reads the sources and imports nothing, so
  neither TensorFlow nor the package need be installed;
- every other file that a page links to, such as an example.

Links are written for people who read the checkout, relative to the file; here they are turned to
where the target is on the site.
"""

import ast
import atexit
import configparser
import json
import os
import pathlib
import posixpath
import re
import shutil
import tempfile

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Where pages from outside docs/ stand on the site. A folder stands for what is made of it.
PAGES = {
    "README.md": "index.md",
    "BUILD_NOTES.md": "build_notes.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "SECURITY.md": "security.md",
    "synpose_tf/weights": "model_cards.md",
} | {
    f"datasets/{readme.parent.name}/README.md": f"datasets/{readme.parent.name}.md"
    for readme in (ROOT / "datasets").glob("*/README.md")
}
SOURCES = "source"  # The site's folder of linked files that are no pages.
LINK = re.compile(r"(?P<start>!?\[[^\]]*\]\()(?P<target>[^)\s#]+)(?P<anchor>#[^)\s]*)?\)")
FENCE = re.compile(r"(^```.*?^```)", re.MULTILINE | re.DOTALL)


@event_priority(100)  # Before mkdocstrings reads where the sources are.
def on_config(config: MkDocsConfig) -> MkDocsConfig:
    handler = config.plugins["mkdocstrings"].config["handlers"]["python"]
    handler["paths"] = [str(_installed_layout())]
    reference = [{package: f"api/{package}.md"} for package in _packages()]
    config.nav = [*config.nav, {"Reference": reference}]
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = {
        uri: (ROOT / path).read_text(encoding="utf-8")
        for path, uri in PAGES.items()
        if (ROOT / path).is_file()
    }
    pages["model_cards.md"] = _model_cards(ROOT / "synpose_tf" / "weights")
    for path, uri in PAGES.items():
        if uri in pages and path.startswith("datasets/"):
            pages[uri] = _titled(pathlib.PurePath(uri).stem, pages[uri])
    pages |= {f"api/{name}.md": _reference(name, path) for name, path in _packages().items()}
    for uri, text in pages.items():
        files.append(File.generated(config, uri, content=text))
    for path in _linked_sources(files):
        source = ROOT / path
        files.append(File.generated(config, f"{SOURCES}/{path}", abs_src_path=str(source)))
    return files


def on_page_markdown(markdown: str, page, config: MkDocsConfig, files: Files) -> str:
    here = page.file.src_uri

    def turned(match):
        path = _repository_path(match["target"], here)
        if path is None:
            return match[0]
        target = posixpath.relpath(_site_uri(path), posixpath.dirname(here) or ".")
        return f"{match['start']}{target}{match['anchor'] or ''})"

    # Every second part is a block of code.
    parts = FENCE.split(markdown)
    parts[::2] = [LINK.sub(turned, part) for part in parts[::2]]
    return "".join(parts)


# === Links ===


def _repository_path(target, uri):
    """What a page's link names, relative to the checkout, or None for another site's page."""
    if "://" in target or target.startswith(("mailto:", "/")):
        return None
    origin = {there: path for path, there in PAGES.items()}.get(uri, f"docs/{uri}")
    return posixpath.normpath(posixpath.join(posixpath.dirname(origin), target))


def _site_uri(path):
    if path in PAGES:
        return PAGES[path]
    return path.removeprefix("docs/") if path.startswith("docs/") else f"{SOURCES}/{path}"


def _linked_sources(files):
    """The files outside docs/ that pages link to and that are no pages."""
    found = set()
    for page in files.documentation_pages():
        text = "".join(FENCE.split(page.content_string)[::2])
        paths = (_repository_path(match["target"], page.src_uri) for match in LINK.finditer(text))
        found |= {path for path in paths if path and _site_uri(path).startswith(f"{SOURCES}/")}
    return sorted(path for path in found if (ROOT / path).is_file())


# === Pages ===


def _titled(title, text):
    return text if text.startswith("# ") else f"# {title}\n\n{text}"


def _model_cards(folder):
    """The cards of the lifters that come with the package."""
    parts = [
        "# Model cards",
        "The lifters that come with the package, as `synpose_tf.Lifter.from_pretrained()` takes "
        "them. Errors are in millimetres, PCK and AUC in per cent.",
    ]
    for path in sorted(folder.glob("*.json")):
        card = json.loads(path.read_text(encoding="utf-8"))
        rows = [f"| {key} | {_cell(value)} |" for key, value in _leaves(card) if key != "name"]
        parts += [f"## {card.get('name', path.stem)}", "\n".join(["| | |", "| --- | --- |", *rows])]
    return "\n\n".join(parts) + "\n"


def _leaves(tree, above=""):
    for key, value in tree.items():
        name = f"{above}{key.replace('_', ' ')}"
        if isinstance(value, dict):
            yield from _leaves(value, f"{name}: ")
        else:
            yield name, value


def _cell(value):
    if isinstance(value, list):
        return ", ".join(map(_cell, value))
    text = f"{value:,}" if isinstance(value, int) and not isinstance(value, bool) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")


# === The reference ===


def _packages():
    """Folders of the packages by dotted name, as setup.cfg lists and places them."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    options = config["options"]
    places = dict(
        (part.strip() for part in line.split("="))
        for line in options["package_dir"].strip().splitlines()
    )
    found = {}
    for name in options["packages"].split():
        root = max((place for place in places if f"{name}.".startswith(f"{place}.")), key=len)
        found[name] = ROOT / places[root] / name.removeprefix(root).strip(".").replace(".", "/")
    return found


def _installed_layout():
    """A folder in which the packages' sources lie as they do where the package is installed."""
    top = pathlib.Path(tempfile.mkdtemp(prefix="synpose_tf_sources_"))
    atexit.register(shutil.rmtree, top, ignore_errors=True)
    for name, folder in _packages().items():
        target = top / name.replace(".", os.sep)
        target.mkdir(parents=True, exist_ok=True)
        for path in _modules(folder):
            shutil.copy(path, target)
    return top


def _modules(folder):
    return sorted(
        path
        for path in folder.glob("*.py")
        if path.name not in ("conftest.py", "testing.py") and not path.name.endswith("_test.py")
    )


def _reference(package, folder):
    """The page of a package: what its `__init__` says, then every documented module."""
    parts = [f"# {package}", f"::: {package}\n    options: {{show_root_heading: false}}"]
    for path in _modules(folder):
        documented = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))
        if documented and not path.name.startswith("__"):
            parts.append(f"::: {package}.{path.stem}")
    return "\n\n".join(parts) + "\n"
