"""What people import: the names that the package and its sub-packages list."""

import ast
import importlib.util
import pathlib
import subprocess
import sys

import pytest

import synpose_tf
from synpose_tf.config import config_names

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {"synpose_tf": ROOT / "synpose_tf"} | {
    f"synpose_tf.{name}": ROOT / name for name in ("datasets", "export")
}
# Seconds to import, and not needed to lift.
HEAVY = ("tensorflow", "keras", "tensorflow_datasets", "matplotlib")


def packages():
    """Dotted name of every package but those of single data sets, which list nothing."""
    for package, folder in FOLDERS.items():
        for init in folder.rglob("__init__.py"):
            if ast.parse(init.read_text(encoding="utf-8")).body:
                yield ".".join((package, *init.parent.relative_to(folder).parts))


@pytest.mark.parametrize("package", sorted(packages()))
def test_every_listed_name_resolves(package):
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)
    for name in module.__all__:
        # A listed module that is not imported yet is found by `from package import name`.
        assert hasattr(module, name) or importlib.util.find_spec(f"{package}.{name}"), name


def public_functions(node, prefix=""):
    """Public functions and constructors of a module or class, by dotted name; no nested ones."""
    for inner in ast.iter_child_nodes(node):
        if isinstance(inner, ast.ClassDef) and not inner.name.startswith("_"):
            yield from public_functions(inner, f"{prefix}{inner.name}.")
        elif isinstance(inner, ast.If | ast.Try):
            yield from public_functions(inner, prefix)
        elif isinstance(inner, ast.FunctionDef) and (
            inner.name in ("__init__", "__call__") or not inner.name.startswith("_")
        ):
            yield f"{prefix}{inner.name}", inner


def lacks_hints(function):
    given = function.args
    some = [*given.posonlyargs, *given.args, *given.kwonlyargs, given.vararg, given.kwarg]
    bare = [arg for arg in some if arg and not arg.annotation and arg.arg not in ("self", "cls")]
    return bare or (function.returns is None and function.name != "__init__")


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_public_functions_have_type_hints(folder):
    """mypy checks those hints; it has no rule that asks for them of public functions alone."""
    lacking, count = [], 0
    for path in sorted(folder.rglob("*.py")):
        if path.stem != "conftest" and not path.stem.endswith("_test"):
            for name, function in public_functions(ast.parse(path.read_text(encoding="utf-8"))):
                count += 1
                if lacks_hints(function):
                    lacking.append(f"{path.relative_to(ROOT)}:{function.lineno}: {name}")
    assert count > 20
    assert not lacking, "\n".join(lacking)


def test_the_names_at_the_top():
    assert synpose_tf.skeletons.H36M_17.name == "Human3.6M-17"
    assert synpose_tf.metrics is importlib.import_module("synpose_tf.evaluation.metrics")
    assert synpose_tf.keypoints.read
    assert synpose_tf.output.FORMATS
    assert synpose_tf.TrainConfig(steps=3).steps == 3
    assert issubclass(synpose_tf.SynposeError, Exception)
    assert set(synpose_tf.__all__) <= set(dir(synpose_tf))
    with pytest.raises(AttributeError, match="has no attribute 'lifter_of_everything'"):
        synpose_tf.lifter_of_everything  # noqa: B018


def test_the_listed_configurations_are_all():
    assert importlib.import_module("synpose_tf.configs").__all__ == config_names()


def test_the_listed_formats_are_all():
    folder = FOLDERS["synpose_tf"] / "keypoints/formats"
    modules = sorted(path.stem for path in folder.glob("*.py") if path.stem != "__init__")
    assert importlib.import_module("synpose_tf.keypoints.formats").__all__ == modules


def loaded_after(code):
    code = f"{code}; import sys; print(*(name.partition('.')[0] for name in sys.modules))"
    return set(subprocess.check_output([sys.executable, "-c", code], text=True).split())


def test_the_package_alone_imports_no_library():
    assert not loaded_after("import synpose_tf") & {"numpy", *HEAVY}


def test_lifting_imports_neither_tensorflow_nor_keras():
    code = """
import numpy, synpose_tf
from synpose_tf import *
lifted = synpose_tf.Lifter.from_pretrained().lift(numpy.random.rand(2, 17, 2) * 500)
assert lifted.poses.shape == (2, 17, 3)
"""
    assert not loaded_after(code.strip().replace("\n", ";")) & set(HEAVY)
