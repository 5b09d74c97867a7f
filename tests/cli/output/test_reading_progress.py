"""How far reading is: said every few seconds, and that it only reads."""

import io
import json
import signal
from contextlib import redirect_stderr

import pytest

from batcher.cli.output.json_lines import JsonLines
from batcher.cli.output.progress import EVERY_PLAIN
from batcher.cli.output.reading_progress import ReadingProgress


class ClockByHand:
    """A clock that is set."""

    def __init__(self) -> None:
        self.time = 0.0

    def now(self) -> float:
        return self.time


def test_without_a_terminal_there_is_a_line_every_few_seconds(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = ClockByHand()
    with ReadingProgress("triggers", form="auto", clock=clock) as progress:
        for _ in range(21):
            clock.time += EVERY_PLAIN / 10
            progress.advance()
        progress.read(1500, 4800)
        clock.time += EVERY_PLAIN
        progress.read(1600)
    assert capsys.readouterr().err.splitlines() == [
        "Only reads: 10 triggers",
        "Only reads: 20 triggers",
        "Only reads: 1,600/4,800 triggers",
    ]


def test_what_is_not_to_be_shown_is_counted_and_not_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    clock = ClockByHand()
    with ReadingProgress("updates", 9, form="none", clock=clock) as progress:
        clock.time += 10 * EVERY_PLAIN
        progress.advance()
    assert (progress.done, capsys.readouterr().err) == (1, "")


def test_for_programs_it_is_an_object_a_line() -> None:
    clock, out = ClockByHand(), io.StringIO()
    with (
        redirect_stderr(JsonLines(out)),
        ReadingProgress("updates", 9, form="json", clock=clock) as it,
    ):
        clock.time += EVERY_PLAIN
        it.advance()
    told = {"type": "reading", "what": "updates", "done": 1, "total": 9}
    assert json.loads(out.getvalue()) == told


def test_a_signal_has_it_told_at_any_time(capfd: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGUSR1)
    with ReadingProgress("triggers", 90, form="none") as progress:
        progress.advance()
        signal.raise_signal(signal.SIGUSR1)
    assert capfd.readouterr().err == "Only reads: 1/90 triggers\n"
    assert signal.getsignal(signal.SIGUSR1) is before
