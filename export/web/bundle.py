"""The page's built files, from its sources by npm, once for each version of the sources.

The sources lie in `page/` with a lock file, the packages they need come from npm, and what is built
is kept in the user's cache: neither a checkout nor an installation is written to.
"""

import hashlib
import os
import pathlib
import shutil
import subprocess
import sys
from collections.abc import Sequence

from synpose_tf.errors import SynposeError
from synpose_tf.io import files
from synpose_tf.io.cache import cache_folder

SOURCES = pathlib.Path(__file__).parent / "page"
SITE, NODE = "site", "node"  # Folders of what is built: for browsers, for Node.js.
_NOT_SOURCES = ("node_modules", "built")
_INSTALL = ("ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund")
_OLDEST = 20  # Of Node.js, its major version.


def built() -> pathlib.Path:
    """The folder of built files, built if it is not there.

    Raises:
        SynposeError: npm is missing, fails, or can't reach its registry.
    """
    target = cache_folder() / f"web-{_digest()}"
    if not target.exists():
        npm, node = check_npm()
        try:
            with files.new_folder(target) as folder:
                _build(npm, node, folder)
        except SynposeError:
            if not target.exists():  # Another process may have been faster.
                raise
    return target


def check() -> None:
    """Whether `built` can be asked for, without building.

    Raises:
        SynposeError: nothing is built, and npm or Node.js is missing or too old.
    """
    if find("node") is None or not (cache_folder() / f"web-{_digest()}").exists():
        check_npm()


def check_npm() -> tuple[str, str]:
    """The paths of npm and of Node.js.

    Raises:
        SynposeError: npm or Node.js is missing or too old.
    """
    npm, node = find("npm"), find("node")
    if npm is None or node is None:
        raise SynposeError(
            "--formats=web builds the page with npm, which is not there. Install Node.js "
            f"{_OLDEST} or later (https://nodejs.org), or pip install 'synpose_tf[web]'."
        )
    version = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    major = version.stdout.strip().lstrip("v").partition(".")[0]
    if not major.isdecimal() or int(major) < _OLDEST:
        raise SynposeError(
            f"{node}: is Node.js {version.stdout.strip() or 'of unknown version'}, expected "
            f"{_OLDEST} or later. pip install 'synpose_tf[web]' brings one."
        )
    return npm, node


def find(program: str) -> str | None:
    """Where `node` or `npm` is: beside Python, as pip installs it, or on the PATH."""
    beside = pathlib.Path(sys.executable).parent
    return shutil.which(program, path=str(beside)) or shutil.which(program)


def source_files() -> list[pathlib.Path]:
    """Every file that the page is built from, below `SOURCES`."""
    found = (path.relative_to(SOURCES) for path in SOURCES.rglob("*") if path.is_file())
    return sorted(path for path in found if path.parts[0] not in _NOT_SOURCES)


def _digest():
    digest = hashlib.sha256()
    for path in source_files():
        digest.update(path.as_posix().encode() + b"\0" + (SOURCES / path).read_bytes())
    return digest.hexdigest()[:16]


def _ignored(folder, names):
    return set(names) & set(_NOT_SOURCES) if pathlib.Path(folder) == SOURCES else ()


def _build(npm, node, folder):
    work = folder / "work"
    shutil.copytree(SOURCES, work, ignore=_ignored)
    _run([npm, *_INSTALL], work, "its registry, by default https://registry.npmjs.org")
    _run([node, "build.mjs"], work, "the packages that its lock file names")
    for name in (SITE, NODE):
        (work / "built" / name).rename(folder / name)
    shutil.rmtree(work)


def _run(command: Sequence[str], folder: pathlib.Path, needs: str) -> None:
    # npm finds its Node.js on the PATH.
    path = os.pathsep.join([str(pathlib.Path(command[0]).parent), os.environ.get("PATH", "")])
    finished = subprocess.run(
        command,
        cwd=folder,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    if finished.returncode:
        lines = [line for line in finished.stderr.splitlines() if "rror" in line]
        raise SynposeError(
            f"--formats=web: {pathlib.Path(command[0]).stem} {command[1]} failed "
            f"({' / '.join(lines[:3])[:300]}). It needs {needs}."
        )
