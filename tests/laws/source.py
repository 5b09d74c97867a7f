"""Source files as syntax trees, for the laws. No assertions here."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

PACKAGE = Path("batcher")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), filename=str(path))


def files(place: Path) -> list[Path]:
    """The files of a folder and of all below it; a file by itself."""
    if place.is_file():
        return [place]
    return sorted(path for path in place.rglob("*.py") if "node_modules" not in path.parts)


def top_level() -> list[str]:
    """What lies in the package's folder: ``aws`` and the like, and ``clock.py`` and the like."""
    packages = [path.parent.name for path in PACKAGE.glob("*/__init__.py")]
    return sorted(packages + [path.name for path in PACKAGE.glob("*.py")])


def dotted(path: Path) -> str:
    """A module's name: ``batcher.aws.client``, and ``batcher.aws`` for its ``__init__.py``."""
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(path: Path) -> Iterator[str]:
    """Whatever a file imports anywhere in it.

    That is ``a.b`` for ``import a.b``, and ``a.b`` and ``a.b.c`` for ``from a.b import c``.
    """
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def written_out(texts: Iterable[str], *, but_in: str) -> list[str]:
    """Where the package, the emulator apart, has one of those texts as a string of its own.

    ``but_in``: the module that may.
    """
    known = set(texts)
    return [
        f"{path}:{node.lineno}: {node.value}"
        for path in files(PACKAGE)
        if path != PACKAGE / but_in and "emulator" not in path.parts
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known
    ]
