"""Files are made, replaced and removed in one module, which replaces only what it is told to."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.laws.source import PACKAGE, files, tree

CHANGING = [
    "chmod",
    "chown",
    "copy2",
    "copyfile",
    "copyfileobj",
    "copytree",
    "FileHandler",
    "ftruncate",
    "hardlink_to",
    "lchmod",
    "link",
    "makedirs",
    "mkdir",
    "mkfifo",
    "mknod",
    "mkstemp",
    "NamedTemporaryFile",
    "O_CREAT",
    "O_TRUNC",
    "remove",
    "removedirs",
    "rename",
    "renameat2",
    "renames",
    "rmdir",
    "rmtree",
    "symlink",
    "symlink_to",
    "touch",
    "truncate",
    "unlink",
    "write_bytes",
    "write_text",
]
"""Names that make, cut, move or remove something in a file system."""

OF_LISTS_TOO = ("link", "remove")  # counted where they are the operating system's

MODE = re.compile("[rbt]*[wax+][bt+]*")

EXCEPTIONS = {
    ("storage/file_system.py", None): "the one module",
    ("storage/atomic_file.py", "open"): "a stream over what that module has opened",
    ("storage/run_directory.py", "open"): "a stream over what that module has opened",
    ("storage/run_directory.py", "ftruncate"): "the holder's name, in the lock that is held",
    ("storage/journal.py", "ftruncate"): "what a crash left of the last line of ours",
    ("emulator/state_file.py", None): "the emulator stands by itself, and imports no other room",
    ("emulator/server.py", "touch"): "marks a state as changed",
}
"""Where such a name may stand all the same (None: any of them), and why."""


def _changes(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Attribute) and node.attr in CHANGING:
            if node.attr not in OF_LISTS_TOO or ast.unparse(node.value) == "os":
                yield node.lineno, node.attr
        elif isinstance(node, ast.ImportFrom) and node.module in ("os", "shutil", "tempfile"):
            yield from ((node.lineno, each.name) for each in node.names if each.name in CHANGING)
        elif isinstance(node, ast.Call):
            name = ast.unparse(node.func).rpartition(".")[2]
            # Path.replace takes one argument; those of texts, times and records two, or names
            if (name == "replace" and len(node.args) == 1 and not node.keywords) or (
                name in ("open", "fdopen") and any(map(_is_mode, ast.walk(node)))
            ):
                yield node.lineno, name


def _is_mode(node: ast.AST) -> bool:
    return (
        isinstance(node, ast.Constant)
        and isinstance(node.value, str)
        and MODE.fullmatch(node.value) is not None
    )


def test_nothing_in_a_file_system_is_changed_but_by_the_one_module() -> None:
    used, strange = set[tuple[str, str | None]](), []
    for path in files(PACKAGE):
        module = str(path.relative_to(PACKAGE))
        for line, name in _changes(path):
            excused = {(module, None), (module, name)} & EXCEPTIONS.keys()
            used |= excused
            strange += [] if excused else [f"{path}:{line}: {name}"]
    assert strange == [], "storage/file_system.py and storage/atomic_file.py do that"
    assert used == EXCEPTIONS.keys(), "an exception that nothing needs"


WAYS = """
open("a", "w")
open(p, mode="ab")
p.open("w")
p.open(mode="x")
io.open(p, "r+")
os.fdopen(f, "wb")
os.open(p, os.O_RDWR | os.O_CREAT)
os.remove(p)
p.unlink()
p.rename(q)
p.replace(q)
shutil.rmtree(p)
p.mkdir()
p.write_text("")
os.link(p, q)
p.touch()
p.chmod(0)
from os import unlink
from shutil import rmtree
from tempfile import NamedTemporaryFile
logging.FileHandler(p)
""".strip().splitlines()


@pytest.mark.parametrize("way", WAYS)
def test_each_way_to_change_a_file_is_seen(tmp_path: Path, way: str) -> None:
    path = tmp_path / "way.py"
    path.write_text(way)
    assert list(_changes(path))


def test_what_changes_no_file_is_not_seen(tmp_path: Path) -> None:
    path = tmp_path / "harmless.py"
    path.write_text(
        'open(p)\np.open("rb")\nt.replace("a", "b")\nt.replace(hour=1)\nnumbers.remove(3)\n'
    )
    assert not list(_changes(path))
