"""What the preview says of waves."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.cli.output.wave_lines import wave_lines
from batcher.config import resolve
from batcher.jobs.run import open_run
from batcher.jobs.run_state import RunState, read_input, restore
from batcher.storage.wave_file import EndedWave, WaveProgress
from tests.conftest import change

Write = Callable[..., Path]


@contextmanager
def state(file: Path, given: dict[str, Any]) -> Iterator[RunState]:
    with open_run(str(file), file.with_suffix(".run"), resolve(given)) as opened:
        journals = opened.order.directory.journals()
        yield restore(opened.order, read_input(opened.order, None), journals)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, []),
        (
            {"canary": 2},
            ["In 2 waves: 2, then the rest.", "  after each but the last it asks whether"],
        ),
        (
            {"waves": "1,2,10%", "soak": "15m"},
            ["In 4 waves: 1, 2, 5, then the rest.", "  after each but the last it waits 15 min"],
        ),
        (
            {"waves": "5", "soak": "2h", "check": "./check --token SECRET"},
            ["after each, also the last, it waits 2 h 0 min and then runs the check ./check …"],
        ),
        ({"check": "true"}, ["At the end it runs the check true."]),
        ({"rollback_on_failure": True}, ["what it did is put back."]),
        ({"waves": "1,1,1,1,1,1,1,1,1,1"}, ["In 11 waves: 1, 1, 1, 1, 1, 1, 1, 1, …, then"]),
    ],
)
def test_how_large_they_are_and_what_comes_after_each(
    write_lines: Write, given: dict[str, Any], said: list[str]
) -> None:
    with state(write_lines([change(n) for n in range(50)]), given) as found:
        lines = "\n".join(wave_lines(found))
    assert all(each in lines for each in said), lines
    assert bool(lines) == bool(said)
    assert "SECRET" not in lines


def test_a_check_that_failed_is_told_of_before_the_start(write_lines: Write) -> None:
    with state(write_lines([change(1)]), {}) as found:
        ended = EndedWave(number=2, of=4, changed=3, ended_at=datetime.now(UTC), outcome="failed")
        found = msgspec.structs.replace(found, progress=WaveProgress(passed=1, ended=ended))
        (line,) = wave_lines(found)
    assert line.startswith("THE CHECK OF WAVE 2 of 4 FAILED")
