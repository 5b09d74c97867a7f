"""A run that is killed again and again ends with exact books.

``make torture`` does hundreds of these.
"""

from pathlib import Path
from random import Random

import pytest

from tests.torture import one_file


@pytest.mark.parametrize(("seed", "mode"), [(1, "--before"), (2, "plan")])
async def test_books_are_exact_after_many_kills(tmp_path: Path, seed: int, mode: str) -> None:
    verdict = await one_file(tmp_path, 5, Random(seed), mode)
    assert verdict.kills >= 3
