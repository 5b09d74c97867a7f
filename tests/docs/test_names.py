"""The files and functions that CONTRIBUTING and the other pages name are there."""

import re
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from tests.laws.source import PACKAGE, files, top_level

PAGES = [Path("CONTRIBUTING.md"), *sorted(Path("docs").glob("*.md"))]
ROOTS = (Path(), PACKAGE)
NOT_ON_THE_MAP = {"__init__.py", "__main__.py", "version.py"}


def _quoted(page: Path) -> list[str]:
    return re.findall(
        r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.M | re.S)
    )


def _is_ours(name: str) -> bool:
    first = name.partition(".")[0]
    return first == "tests" or {first, f"{first}.py"} & set(top_level()) != set()


def _named(name: str) -> Any:
    """A module, a class or function in it, or what a class has."""
    parts = name.split(".") if name.startswith("tests.") else ["batcher", *name.split(".")]
    for count in range(len(parts), 0, -1):
        try:
            found: Any = import_module(".".join(parts[:count]))
        except ModuleNotFoundError:
            continue
        for part in parts[count:]:
            found = getattr(found, part)
        return found
    raise ModuleNotFoundError(name)


@pytest.mark.parametrize("name", sorted(set(_quoted(Path("CONTRIBUTING.md")))))
def test_a_dotted_name_leads_to_something(name: str) -> None:
    if re.fullmatch(r"\w+(\.\w+)+", name) and not name.endswith(".py") and _is_ours(name):
        assert _named(name) is not None


@pytest.mark.parametrize("page", PAGES, ids=str)
def test_a_file_of_the_code_is_where_a_page_says(page: Path) -> None:
    named = {name for name in _quoted(page) if re.fullmatch(r"[a-z0-9_./]+\.py", name)}
    known = {
        str(path)
        for folder in (PACKAGE, Path("benchmarks"), Path("tests"))
        for path in files(folder)
    }
    missing = {
        name
        for name in named
        if not any(path == name or path.endswith(f"/{name}") for path in known)
    }
    assert not missing


def test_a_package_that_contributing_names_is_there() -> None:
    folders = {name for name in _quoted(PAGES[0]) if re.fullmatch(r"[a-z_./]+/", name)}
    assert {name for name in folders if not any((root / name).is_dir() for root in ROOTS)} == set()


def test_the_map_names_every_package() -> None:
    page = PAGES[0].read_text()
    named = {name if name.endswith(".py") else f"{name}/" for name in top_level()} - NOT_ON_THE_MAP
    assert {name for name in named if f"`{name}`" not in page} == set()
