"""A pattern ends at the end of the text: ``$`` also matches before a line end that is the last."""

import ast

from tests.laws.source import PACKAGE, dotted, files, tree

# JSON Schema has its own regular expressions, in which $ is the end
OTHERS = ("batcher.updates.json_schema", "batcher.emulator")


def test_no_pattern_ends_with_a_dollar() -> None:
    found = [
        f"{dotted(module)}:{node.lineno}"
        for module in files(PACKAGE)
        if not dotted(module).startswith(OTHERS)
        for node in ast.walk(tree(module))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
        if node.value.startswith("^") and node.value.endswith("$")
    ]
    assert found == []
