"""Every exception to a check has its reason beside it, in half a line."""

import re
from pathlib import Path

import pytest

from tests.laws.source import PACKAGE, files

EXCEPTION = re.compile(r"[#] (noqa|type: ignore)\b")
REASONED = re.compile(r"[#] (noqa: [A-Z0-9, ]+|type: ignore\[[a-z, -]+\]) # \S")


@pytest.mark.parametrize("folder", [PACKAGE, Path("tests"), Path("benchmarks")], ids=str)
def test_an_exception_says_why(folder: Path) -> None:
    silent = [
        f"{path}:{number}"
        for path in files(folder)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if EXCEPTION.search(line) and not REASONED.search(line)
    ]
    assert silent == []
