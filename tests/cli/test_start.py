"""What an ended run means to the shell; what is printed and asked is in the tests of commands."""

from typing import Any

import pytest

from batcher.cli.start import exit_code
from batcher.records import INTERRUPTED, Seconds, Summary


@pytest.mark.parametrize(
    ("members", "code"),
    [
        ({"total": 2, "succeeded": 1, "unchanged": 1}, 0),
        ({"total": 2, "succeeded": 1, "failed": 1}, 1),
        ({"total": 2, "succeeded": 1, "stale": 1}, 1),
        ({"total": 2, "succeeded": 1, "not_started": 1, "stopped": "after the first 1"}, 3),
        ({"total": 2, "succeeded": 2, "stopped": "out of disk"}, 3),
        ({"total": 2, "not_started": 2, "stopped": INTERRUPTED}, 4),
    ],
)
def test_the_exit_code_says_how_a_run_ended(members: dict[str, Any], code: int) -> None:
    assert exit_code(Summary(wall_seconds=1.0, rate=1.0, seconds=Seconds(), **members)) == code
