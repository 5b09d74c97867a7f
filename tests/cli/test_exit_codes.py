"""The table of exit codes has each code that the commands and the worker end with."""

import ast
from pathlib import Path

from batcher.cli.exit_codes import EXIT_CODES

ENDING = ("cli/output/error_report.py", "worker/health.py", "worker/worker.py")
SOURCES = (*Path("batcher/cli").glob("*.py"), *(Path("batcher", name) for name in ENDING))


def _codes(node: ast.AST) -> set[int]:
    """The whole numbers that a node ends a process with."""
    match node:
        case ast.Call(func=ast.Name("SystemExit"), args=[value]):
            return _numbers(value)
        case (
            ast.FunctionDef(returns=ast.Name("int")) | ast.AsyncFunctionDef(returns=ast.Name("int"))
        ):
            returned = (each for each in ast.walk(node) if isinstance(each, ast.Return))
            return {code for each in returned for code in _numbers(each.value)}
        case ast.Assign(targets=[ast.Name(name) | ast.Attribute(attr=name)], value=value) if (
            "exit_code" in name or name in ("DEFECT", "HAS_DRIFT", "STOPPED_ITSELF", "STUCK")
        ):
            return _numbers(value)
    return set()


def _numbers(value: ast.AST | None) -> set[int]:
    match value:
        case ast.Constant(int(number)):
            return {int(number)}
        case ast.IfExp(body=one, orelse=other):
            return _numbers(one) | _numbers(other)
        case ast.BoolOp(values=values):
            return {number for each in values for number in _numbers(each)}
    return set()


def test_every_code_that_something_ends_with_is_in_the_table_and_no_other() -> None:
    used = {
        code
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        for code in _codes(node)
    }
    assert used == set(EXIT_CODES)
