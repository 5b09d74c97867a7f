"""The tests mirror the packages: ``batcher/aws/client.py`` has ``tests/aws/test_client.py``."""

import ast
from pathlib import Path

import pytest

from tests.laws.source import PACKAGE, dotted, files, imported, top_level, tree

CLI = PACKAGE / "cli"
NOTHING_TO_TEST = {
    "batcher.cli.flags.known_values": "made of others; tests.docs.test_generated holds it equal",
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
    folder = CLI if module.parent == CLI / "commands" else module.parent  # with what it does
    return Path("tests", *folder.parts[1:], f"test_{module.name}")


def _imports(test: Path, module: Path) -> bool:
    return test.exists() and dotted(module) in imported(test)


def _is_run_by(test: Path, module: Path) -> bool:
    """Whether a test calls a command, by its name, as a user does, or through its flags."""
    return (
        module.parent in (CLI, CLI / "commands")
        and test.exists()
        and (
            f"batcher.cli.commands.{module.stem}" in imported(test)
            or any(
                isinstance(node, ast.Constant) and node.value == module.stem
                for node in ast.walk(tree(test))
            )
        )
    )
