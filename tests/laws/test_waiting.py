"""No test waits for time to pass, and none patches what is private or looks into it.

Reading private members is held by ruff (SLF001).
"""

import ast
from pathlib import Path

from tests.laws.source import files, imported, tree

TESTS = Path("tests")
SLEEPS = {"asyncio.sleep", "anyio.sleep", "time.sleep"}
MAY_SLEEP = {
    "tests/waiting.py": "the one place that asks again and again",
    "tests/limiters/simulated_fleet.py": "takes the place of AWS, whose answers take time",
    "tests/cli/test_state_signal.py": "sends signals at random instants",
    "tests/torture.py": "kills at random instants",
}


def test_a_wait_is_for_something_that_can_be_seen() -> None:
    """Time passes in virtual time only; ``sleep(0)`` lets another task have its turn."""
    sleeping = {
        str(path)
        for path in files(TESTS)
        if not _runs_in_virtual_time(path)
        if any(_name(call.func) in SLEEPS and not _is_zero(call) for call in _calls(path))
    }
    assert sleeping == set(MAY_SLEEP)


def test_what_a_test_needs_another_way_is_given_as_an_argument() -> None:
    patching = {
        str(path)
        for path in files(TESTS)
        if any(_name(call.func).endswith(".setattr") for call in _calls(path))
        or any(name.startswith("unittest.mock") for name in imported(path))
    }
    assert patching == set()


def _runs_in_virtual_time(path: Path) -> bool:
    """Whether whatever runs in this file's event loops runs in virtual time."""
    tests = [node for node in ast.walk(tree(path)) if isinstance(node, ast.AsyncFunctionDef)]
    return "batcher.testing.in_virtual_time" in imported(path) and not any(
        node.name.startswith("test_") for node in tests
    )


def _calls(path: Path) -> list[ast.Call]:
    return [node for node in ast.walk(tree(path)) if isinstance(node, ast.Call)]


def _name(function: ast.expr) -> str:
    return ast.unparse(function)


def _is_zero(call: ast.Call) -> bool:
    return isinstance(call.args[0], ast.Constant) and call.args[0].value == 0
