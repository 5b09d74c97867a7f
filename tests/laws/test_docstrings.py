"""Every docstring of the package can be read without the one above it.

That its first line is a sentence on one line is held by ruff (D205, D400).
"""

import ast

import pytest

from tests.laws.source import PACKAGE, dotted, files, top_level, tree

POINTS_ELSEWHERE = ("The same", "It ", "It's", "That ", "Those ", "This ", "These ", "Same ")


@pytest.mark.parametrize("entry", top_level())
def test_no_docstring_begins_with_a_word_that_points_elsewhere(entry: str) -> None:
    pointing = [
        f"{dotted(module)}.{getattr(node, 'name', '')}: {text.splitlines()[0]}"
        for module in files(PACKAGE / entry)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and (text := ast.get_docstring(node) or "").startswith(POINTS_ELSEWHERE)
    ]
    assert not pointing
