"""How far reading is: said every few seconds, and that it only reads."""

import pytest

from batcher.cli.output.reading_progress import EVERY_PLAIN, ReadingProgress


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
    with ReadingProgress("triggers", clock=clock) as progress:
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
    with ReadingProgress("updates", 9, shown=False, clock=clock) as progress:
        clock.time += 10 * EVERY_PLAIN
        progress.advance()
    assert (progress.done, capsys.readouterr().err) == (1, "")
