"""One word, one meaning: no two public classes or functions of the package share a name."""

import ast
from collections import defaultdict

from tests.laws.source import PACKAGE, dotted, files, tree

# what the library gives to a program: the engine's record of that name, as a dataclass
PUBLIC_TWINS = {
    name: ["batcher.public_records", "batcher.records"]
    for name in ("Counts", "Error", "Result", "Seconds")
}

DEFINITIONS = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def test_no_two_public_classes_or_functions_share_a_name() -> None:
    homes = defaultdict(list)
    for module in files(PACKAGE):
        for node in tree(module).body:
            if isinstance(node, DEFINITIONS) and not node.name.startswith("_"):
                homes[node.name].append(dotted(module))
    shared = {name: modules for name, modules in homes.items() if len(modules) > 1}
    assert shared == PUBLIC_TWINS
