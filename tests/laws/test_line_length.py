"""Lines have at most 100 columns, in the docs and in whatever is written by hand beside the code.

The code's own lines are held by ruff (E501). What can't be broken may be longer: rows of tables,
single words such as links, and blocks of JSON and of output.
"""

from itertools import chain
from pathlib import Path

import pytest

COLUMNS = 100
TEXTS = ("*.md", "docs/*.md", "Makefile", "*.toml", ".ci/*", "configs/**/*", "tests/**/*.sh")


def _texts() -> list[Path]:
    found = sorted(chain.from_iterable(Path().glob(pattern) for pattern in TEXTS))
    return [
        path
        for path in found
        if path.is_file() and path.suffix != ".json" and "node_modules" not in path.parts
    ]


@pytest.mark.parametrize("path", _texts(), ids=str)
def test_no_line_is_longer_than_100_columns(path: Path) -> None:
    long, is_block = [], False
    for number, line in enumerate(path.read_text().splitlines(), 1):
        is_fence = line.lstrip().startswith("```")
        is_block = is_block != is_fence
        if len(line) > COLUMNS and len(line.split()) > 1 and not is_block and line[0] != "|":
            long.append(f"{path}:{number} has {len(line)}")
    assert not long
