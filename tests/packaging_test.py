"""What gets installed: declared once in setup.cfg, checked here against the checkout."""

import ast
import configparser
import importlib.metadata
import pathlib
import shutil
import subprocess
import sys
import zipfile

import pytest
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from synpose_tf.export.web import bundle

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {
    "synpose_tf": "synpose_tf",
    "datasets": "synpose_tf.datasets",
    "export": "synpose_tf.export",
}


@pytest.fixture(scope="module")
def setup_cfg():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """Names of the files in a wheel built from a copy of the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "checkout"
    copy.mkdir()
    for name in FOLDERS:
        ignored = shutil.ignore_patterns("__pycache__", "node_modules", "built")
        shutil.copytree(ROOT / name, copy / name, ignore=ignored)
    for name in ("setup.cfg", "setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, copy]
    finished = subprocess.run(build, capture_output=True, text=True, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path).namelist()


def lines(text):
    return [line.strip() for line in text.strip().splitlines()]


def is_for_tests(path):
    return path.name.endswith("_test.py") or path.name in ("conftest.py", "testing.py")


def packages():
    """Dotted name to folder of every folder with an `__init__.py`."""
    found = {}
    for folder, package in FOLDERS.items():
        for init in (ROOT / folder).rglob("__init__.py"):
            inner = init.parent.relative_to(ROOT / folder).parts
            found[".".join((package, *inner))] = init.parent
    return found


def test_every_package_is_listed(setup_cfg):
    assert lines(setup_cfg["options"]["packages"]) == sorted(packages())


def test_every_module_lies_in_a_package():
    folders = set(packages().values())
    for folder in FOLDERS:
        for path in (ROOT / folder).rglob("*.py"):
            assert path.parent in folders, f"{path.parent} has no __init__.py"


def test_the_wheel_holds_the_packages_and_nothing_else(wheel):
    expected = {
        f"{name.replace('.', '/')}/{path.name}"
        for name, folder in packages().items()
        for path in folder.iterdir()
        if path.is_file() and not is_for_tests(path)
    }
    package = ROOT / "synpose_tf"
    weights = (path for path in (package / "weights").rglob("*") if path.is_file())
    expected |= {f"synpose_tf/{path.relative_to(package).as_posix()}" for path in weights}
    page = "synpose_tf/export/web/page"  # Sources, which are built where they are installed.
    sources = (path for path in bundle.source_files() if path.parts[0] != "test")
    expected |= {f"{page}/{path.as_posix()}" for path in sources}
    installed = {name for name in wheel if ".dist-info/" not in name}
    assert installed == expected
    assert any(name.endswith("h36m_cameras.json") for name in installed)
    assert "synpose_tf/py.typed" in installed


def test_the_wheel_holds_no_tests(wheel):
    """By what they import: a test under any other name would be found."""
    folders = {name.replace(".", "/"): folder for name, folder in packages().items()}
    for name in wheel:
        package, _, file = name.rpartition("/")
        if name.endswith(".py"):
            assert "pytest" not in imported(folders[package] / file), name


def test_the_wheel_holds_the_licence(wheel):
    assert [name for name in wheel if name.endswith(".dist-info/licenses/LICENSE")]
    assert (ROOT / "LICENSE").read_text().lstrip().startswith("Apache License")


@pytest.mark.parametrize("name", ["datasets", "export"])
def test_no_folder_leaks_to_the_top_level(name, tmp_path):
    """Another installed package may have the name; it must not be ours."""
    code = f"import importlib.util as u; s = u.find_spec({name!r}); print(s and s.origin)"
    origin = subprocess.check_output([sys.executable, "-c", code], cwd=tmp_path, text=True).strip()
    assert str(ROOT) not in origin
    assert "synpose" not in origin


@pytest.mark.parametrize("name", ["datasets", "export"])
def test_a_regular_install_works_inside_the_checkout_too(name):
    """There the folder synpose_tf hides the installed package. `-S`: as if nothing is installed."""
    code = f"import importlib.util as u; print(u.find_spec('synpose_tf.{name}').origin)"
    command = [sys.executable, "-S", "-c", code]
    origin = subprocess.check_output(command, cwd=ROOT, text=True).strip()
    assert pathlib.Path(origin).samefile(ROOT / name / "__init__.py")


def test_the_metadata():
    metadata = importlib.metadata.metadata("synpose_tf")
    assert {"test", "dev"} <= set(metadata.get_all("Provides-Extra"))
    python = SpecifierSet(metadata["Requires-Python"])
    assert all(version in python for version in ("3.10", "3.11", "3.12", "3.13"))
    assert "3.9" not in python


def test_every_dependency_has_a_range(setup_cfg):
    for line in lines(setup_cfg["options"]["install_requires"]):
        operators = {specifier.operator for specifier in Requirement(line).specifier}
        assert ">=" in operators, f"{line}: no lower bound"
        assert operators & {"<", "<="}, f"{line}: no upper bound"


def test_every_import_is_a_dependency(setup_cfg):
    """A package that only comes along with another may stop coming."""
    required = setup_cfg["options"]["install_requires"]
    for extra in ("beam", "export", "output", "rtmpose", "video"):
        required += setup_cfg["options.extras_require"][extra]
    declared = {Requirement(line).name.lower().replace("_", "-") for line in lines(required)}
    distributions = importlib.metadata.packages_distributions()
    for path in (path for folder in packages().values() for path in folder.glob("*.py")):
        if is_for_tests(path):
            continue
        for module in imported(path) - sys.stdlib_module_names - {"synpose_tf"}:
            # What an extra brings may not be installed here; there the names agree.
            found = distributions.get(module, [module])
            names = {name.lower().replace("_", "-") for name in found}
            if module == "cv2":  # Of OpenCV there are four distributions, of the same modules.
                names.add("opencv-contrib-python")
            assert names & declared, f"{path}: {module}"


def imported(path):
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module.split(".")[0])
    return modules
