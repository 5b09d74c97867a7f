"""A run that is killed again and again ends with exact books. ``make torture`` does hundreds of these."""

from pathlib import Path
from random import Random

import pytest

from tests.torture import one_file


@pytest.mark.parametrize("seed", [1, 2])
async def test_books_are_exact_after_many_kills(tmp_path: Path, seed: int) -> None:
    verdict = await one_file(tmp_path, 5, Random(seed))
    assert verdict.kills >= 3
