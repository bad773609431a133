"""Where modules lie, and which of them may import which."""

import ast
import pathlib

import pytest

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDERS = {"synpose_tf": ROOT / "synpose_tf"} | {
    f"synpose_tf.{name}": ROOT / name for name in ("datasets", "export")
}
# A module imports from its own package and from the lines above its own.
LAYERS = (
    ("errors", "version"),
    ("cli",),
    ("io",),
    ("structures",),
    ("geometry", "visualization"),
    ("video",),
    ("detection",),
    ("keypoints", "output", "datasets", "models"),
    ("evaluation",),
    ("config",),
    ("configs",),
    ("completion",),
    ("training", "experiments"),
    ("inference",),
    ("reconstruction", "live"),
    ("export",),
)
LAYER = {part: number for number, layer in enumerate(LAYERS) for part in layer}
MOST_LINES = 400
# The one thing that is imported from above: `synpose_tf.Lifter`, when somebody asks for it.
FACADE = "synpose_tf"


def modules():
    """Dotted name to file of every module that is no test."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            if parts[-1] == "conftest" or parts[-1].endswith("_test"):
                continue
            inner = parts[:-1] if parts[-1] == "__init__" else parts
            found[".".join((package, *inner))] = path
    return found


MODULES = modules()


def imported(path):
    """Dotted names of the package's modules that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: a relative import"
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found |= {name if name in MODULES else node.module for name in names}
    return {name for name in found if name.partition(".")[0] == "synpose_tf"}


def part(module):
    """What a module belongs to: a package, or the module itself where it lies at the top."""
    return module.split(".")[1]


def is_command(module):
    """Whether a module is run by users, through `synpose_tf.cli`."""
    path = MODULES[module]
    runs = '__name__ == "__main__"' in path.read_text(encoding="utf-8")
    return runs and "synpose_tf.cli" in imported(path)


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_go_one_way(module):
    for other in imported(MODULES[module]) - {FACADE}:
        assert other in MODULES, f"{other} is no module"
        assert not is_command(other), f"{other} is a command"
        if module == FACADE or is_command(module) or part(module) == part(other):
            continue
        assert LAYER[part(other)] < LAYER[part(module)], f"{other} is no lower than {module}"


def test_every_module_has_a_layer():
    for module in sorted(MODULES):
        assert module == FACADE or is_command(module) or part(module) in LAYER


def test_few_modules_lie_at_the_top():
    assert len(list((ROOT / "synpose_tf").glob("*.py"))) <= 16


def test_no_file_is_long():
    """Of the checkout itself: not of what tools or people put beside it."""
    for folder in (
        *FOLDERS.values(),
        *(ROOT / name for name in ("tests", "benchmarks", "examples")),
    ):
        for path in folder.rglob("*.py"):
            lines = len(path.read_text(encoding="utf-8").splitlines())
            assert lines <= MOST_LINES, f"{path}: {lines} lines"


def test_no_file_is_a_link():
    """A checkout without symbolic links has text files in their place."""
    for name in (*(folder.name for folder in FOLDERS.values()), "tests", "benchmarks", "docs"):
        links = (path for path in (ROOT / name).rglob("*") if path.is_symlink())
        assert not [path for path in links if "node_modules" not in path.parts]
