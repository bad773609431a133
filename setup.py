"""What setup.cfg can't say: tests that lie beside a data set's builder are not installed."""

from setuptools import setup
from setuptools.command.build_py import build_py


class BuildWithoutTests(build_py):
    """Leaves the tests, and what only they use, in the checkout."""

    def find_package_modules(self, package, package_dir):
        found = super().find_package_modules(package, package_dir)
        return [entry for entry in found if not is_for_tests(entry[1])]


def is_for_tests(module: str) -> bool:
    """Whether a module, named without its package, serves tests alone."""
    return module in ("conftest", "testing") or module.endswith("_test")


setup(cmdclass={"build_py": BuildWithoutTests})
