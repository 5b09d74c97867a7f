"""The tests mirror the packages: ``batcher/aws/client.py`` has ``tests/aws/test_client.py``."""

import ast
from pathlib import Path

import pytest

from tests.laws.source import PACKAGE, dotted, files, imported, top_level, tree

NOTHING_TO_TEST = {
    "batcher.pages.plots": "records",
    "batcher.ports": "Protocols, and one record",
    "batcher.report.run_report": "records",
    "batcher.status.snapshot": "records",
    "batcher.version": "one constant",
}


@pytest.mark.parametrize("entry", top_level())
def test_a_module_is_imported_by_the_test_of_its_name(entry: str) -> None:
    missing = {
        dotted(module): f"{test} does not import it"
        for module in files(PACKAGE / entry)
        if not module.stem.startswith("__") and dotted(module) not in NOTHING_TO_TEST
        if not (_imports(test := _test_of(module), module) or _is_run_by(test, module))
    }
    assert not missing


def _test_of(module: Path) -> Path:
    return Path("tests", *module.parts[1:-1], f"test_{module.name}")


def _imports(test: Path, module: Path) -> bool:
    return test.exists() and dotted(module) in imported(test)


def _is_run_by(test: Path, module: Path) -> bool:
    """Whether a test calls a command by its name, as a user does."""
    return (
        module.parent == PACKAGE / "cli"
        and test.exists()
        and any(
            isinstance(node, ast.Constant) and node.value == module.stem
            for node in ast.walk(tree(test))
        )
    )
