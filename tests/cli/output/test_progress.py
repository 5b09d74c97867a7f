"""How far a run is: counts and the rate of the last seconds; lines where there is no terminal."""

import io
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr
from pathlib import Path

import anyio
import msgspec
import pytest

from batcher.accounting.denials import Action
from batcher.accounting.verdicts import Verdict
from batcher.cli.output.progress import (
    EVERY_PLAIN,
    WINDOW,
    ProgressMeter,
    ProgressSnapshot,
    show_progress,
)
from batcher.config import Settings
from batcher.engine.pace_control import PaceControl
from batcher.jobs.run import open_run
from batcher.jobs.run_state import RunState, read_input, restore
from batcher.records import Result
from batcher.testing import LoopClock, in_virtual_time
from tests.conftest import change


@pytest.fixture
def state(write_lines: Callable[..., Path]) -> Iterator[RunState]:
    """The state of a run of 100 updates."""
    file = write_lines([change(n) for n in range(100)])
    with open_run(str(file), file.with_suffix(".run"), Settings()) as opened:
        yield restore(
            opened.order, read_input(opened.order, None), opened.order.directory.journals()
        )


def _meter(state: RunState, control: PaceControl | None = None) -> ProgressMeter:
    return ProgressMeter(state, control or PaceControl(LoopClock()), 0.0)


def answer(state: RunState, count: int) -> None:
    tally = state.tallies["default"]
    for line in range(count):
        tally.count_attempt(Verdict.ACCEPTED, Action("UpdateEventTrigger", "acme"))
        tally.add(Result.invalid(line, "default", "m", "2026-01-01T00:00:00.000Z"))


def test_the_rate_is_that_of_the_last_seconds(state: RunState) -> None:
    meter = _meter(state)
    answer(state, 20)
    assert meter.read(10.0).rate == 2.0
    assert meter.read(10.0 + WINDOW / 2).rate == pytest.approx(20 / 15)
    answer(state, 10)
    found = meter.read(11.0 + WINDOW)  # what was at 10.0 is the last that is not too old
    assert found.rate == pytest.approx(10 / (1.0 + WINDOW))
    assert (found.done, found.total, found.failed) == (30, 100, 30)


def test_what_is_left_is_reckoned_without_pauses_and_within_the_rate_that_bounds_it_now(
    state: RunState,
) -> None:
    async def scenario() -> tuple[str, str, str, str]:
        clock = LoopClock()
        control = PaceControl(clock)
        meter = _meter(state, control)

        def said() -> str:
            return str(meter.read(clock.now())).rpartition("throttled, ")[2]

        await anyio.sleep(4)
        answer(state, 8)
        before = said()
        control.pause("ctl", "by ann")
        for _ in range(3):
            await anyio.sleep(20)
            said()
        control.resume("ctl")
        resumed = said()
        control.bound("ctl", rate=1.0)
        slower = said()
        control.bound("ctl", rate=7.0)
        return before, resumed, slower, said()

    before, resumed, slower, above = in_virtual_time(scenario())
    assert before == resumed == above == "2/s, 46 s left"
    assert slower == "2/s, 1 min 32 s left"


def test_what_an_earlier_part_of_the_session_sent_is_no_reading(state: RunState) -> None:
    meter = _meter(state)
    answer(state, 20)
    assert str(meter.read(10.0)).startswith("20/100 done, 20 failed, 0 throttled, 2/s")
    state.tallies["default"].begin_part()
    assert str(meter.read(11.0)).startswith("20/100 done, 20 failed, 0 throttled, 0/s")
    assert str(_meter(state).read(12.0)).startswith("20/100 done, ")


@pytest.mark.parametrize(
    ("rate", "left"), [(2.0, "35 s left"), (0.0, "? left"), (0.01, "1 h 56 min left")]
)
def test_what_is_left_is_said_at_the_present_rate(rate: float, left: str) -> None:
    found = ProgressSnapshot(
        done=30, total=100, failed=1, throttled=2, rate=rate, results=rate, sent=True
    )
    assert str(found) == f"30/100 done, 1 failed, 2 throttled, {rate:g}/s, {left}"


@pytest.mark.parametrize(
    ("width", "text"),
    [
        (200, "4,800/9,600 done, 12 failed, 345 throttled, 5/s, 16 min left"),
        (59, "4,800/9,600 done, 16 min left, 12 failed, 345 throttled"),
        (40, "4,800/9,600 done, 16 min left, 12 failed"),
        (39, "4,800/9,600 done, 16 min left, 5/s"),
        (8, "4,800/9,600 done"),
    ],
)
def test_on_a_narrow_terminal_what_matters_most_is_there(width: int, text: str) -> None:
    found = ProgressSnapshot(
        done=4800, total=9600, failed=12, throttled=345, rate=5.0, results=5.0, sent=True
    )
    assert found.fitted(width) == text


def test_while_nothing_is_sent_it_is_said_that_it_only_reads(state: RunState) -> None:
    meter = _meter(state)
    unchanged = Result.invalid(1, "default", "m", "2026-01-01T00:00:00.000Z")
    for line in range(1, 41):
        result = msgspec.structs.replace(unchanged, line=line, status="unchanged", error=None)
        state.tallies["default"].add(result)
    text = "40/100 looked at, 0 failed, only reads so far, 4/s, 15 s left"
    assert str(meter.read(10.0)) == text
    answer(state, 1)
    assert "41/100 done" in str(meter.read(10.1))


def test_without_a_terminal_there_is_a_line_every_few_seconds(
    state: RunState, capsys: pytest.CaptureFixture[str]
) -> None:
    async def scenario() -> None:
        with anyio.move_on_after(3.5 * EVERY_PLAIN):
            await show_progress(_meter(state), LoopClock())

    answer(state, 3)
    in_virtual_time(scenario())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3
    assert lines[0].startswith("3/100 done, 3 failed, 0 throttled, 0.6/s")


def test_that_nobody_reads_it_any_more_is_no_reason_to_stop_the_run(state: RunState) -> None:
    class Gone(io.StringIO):
        """Standard error whose reader is gone."""

        def write(self, text: str) -> int:
            raise BrokenPipeError

    with redirect_stderr(Gone()):
        in_virtual_time(show_progress(_meter(state), LoopClock()))


def test_a_pause_is_told_with_who_asked_for_it_as_far_as_there_is_room(state: RunState) -> None:
    async def scenario() -> ProgressSnapshot:
        control = PaceControl(LoopClock())
        control.pause("ctl", "by ann (uid 7, process 8) at 2026-01-01T00:00:00.000Z")
        return _meter(state, control).read(1.0)

    found = in_virtual_time(scenario())
    assert str(found).endswith(", paused by ann (uid 7, process 8) at 2026-01-01T00:00:00.000Z")
    assert found.fitted(40) == "0/100 looked at, paused, 0 failed, 0/s"
