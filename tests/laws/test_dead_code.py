"""No module holds a function, class or constant that nothing of the package uses.

Vulture looks for names that are used nowhere; here a name has to be used where it comes from. What
only a test uses is dead, too.
"""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from tests.laws.source import PACKAGE, dotted, files, imported, tree

USED_FROM_OUTSIDE = {
    "batcher.__dir__": "called by Python",
    "batcher.__getattr__": "called by Python",
    "batcher.cli.main": "the entry point",
    "batcher.cli.__getattr__": "called by Python",
}
ALL_USED_FROM_OUTSIDE = {
    "batcher.limiters.redis_scripts": "its constants are put into the scripts by name",
    "batcher.testing": "for tests",
}


def test_whatever_stands_at_the_top_of_a_module_is_used() -> None:
    taken = _taken_by_others()
    unused = {
        f"{dotted(module)}.{name}"
        for module in files(PACKAGE)
        if dotted(module) not in ALL_USED_FROM_OUTSIDE
        for name in set(_defined(module)) - taken[dotted(module)] - set(_read(module))
    }
    assert unused - set(USED_FROM_OUTSIDE) == set()


def _defined(module: Path) -> Iterator[str]:
    for node in tree(module).body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() if not _is_command(node):
                yield node.name
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                if not name.startswith("__"):
                    yield name


def _is_command(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function is a command or a part of one: click calls it."""
    return any(
        ".command(" in ast.unparse(each) or "group(" in ast.unparse(each)
        for each in node.decorator_list
    )


def _read(module: Path) -> Iterator[str]:
    """Names that a module itself reads, quoted annotations included."""
    for node in ast.walk(tree(module)):
        match node:
            case ast.Name(id=name, ctx=ast.Load()):
                yield name
            case (
                ast.arg(annotation=ast.Constant(value=str(text)))
                | ast.FunctionDef(returns=ast.Constant(value=str(text)))
                | ast.AsyncFunctionDef(returns=ast.Constant(value=str(text)))
            ):
                yield from (
                    each.id for each in ast.walk(ast.parse(text)) if isinstance(each, ast.Name)
                )


def _taken_by_others() -> defaultdict[str, set[str]]:
    """By module, the names that others import from it, or read of it as ``module.name``."""
    modules = {dotted(path) for path in files(PACKAGE)}
    taken: defaultdict[str, set[str]] = defaultdict(set)
    for path in files(PACKAGE):
        nodes = list(ast.walk(tree(path)))
        attributes = {node.attr for node in nodes if isinstance(node, ast.Attribute)}
        texts = {
            node.value
            for node in nodes
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
        for name in imported(path):
            home, _, last = name.rpartition(".")
            taken[home].add(last)
            if name in modules:
                taken[name] |= attributes
        for name in modules & texts:  # loaded by name
            taken[name] |= attributes | texts
        for home, _, name in (text.partition(":") for text in texts):  # of command_group.loaded
            taken[home].add(name)
    return taken
