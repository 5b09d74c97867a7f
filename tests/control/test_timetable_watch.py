"""The rule of the moment counts in time, through changes of the clock and steps of it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import anyio
import pytest

from batcher.accounting.timetable import Timetable
from batcher.control.timetable_watch import LOOK_AT_LEAST_EVERY, TimetableWatch
from batcher.engine.pace_control import PaceControl
from batcher.logs import LogOutput, logger
from batcher.testing import LoopClock, in_virtual_time
from tests.conftest import records

BERLIN = ZoneInfo("Europe/Berlin")
HOUR = 3600.0


class WallClock(LoopClock):
    """The loop's clock, with a wall clock that began at a time and can be put forward."""

    def __init__(self, begin: str) -> None:
        self.begin = datetime.fromisoformat(begin).replace(tzinfo=UTC)
        self.ahead = 0.0

    def wall(self) -> str:
        now = self.begin + timedelta(seconds=self.now() + self.ahead)
        return now.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def changes(
    timetable: str,
    begin: str,
    hours: float,
    step: Callable[[WallClock], None] = lambda clock: None,
) -> list[tuple[float, str]]:
    """After how many minutes the pace was another, and which it was, in so many hours."""
    found: list[tuple[float, str]] = []

    async def scenario() -> None:
        clock = WallClock(begin)
        control = PaceControl(clock)
        watch = TimetableWatch(Timetable(timetable), BERLIN, control, logger())

        async def note() -> None:
            while True:
                state = "paused" if control.paused else f"{control.rate} {control.share}"
                if not found or found[-1][1] != state:
                    found.append((round(clock.now() / 60, 2), state))
                await control.changed.wait()

        await watch.look()
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(watch.run)
            tasks.start_soon(note)
            await anyio.sleep(10)
            step(clock)
            await anyio.sleep(hours * HOUR)
            tasks.cancel_scope.cancel()
        watch.let_go()
        assert (control.paused, control.rate, control.share) == (None, None, None)

    in_virtual_time(scenario())
    return found


@pytest.mark.parametrize(
    ("timetable", "begin", "expected"),
    [
        # 29 March 2026, clocks put forward at 01:00 UTC: 02:30 begins as 03:00 does, an hour short
        (
            "02:30-04:00 pause; * rate=2",
            "2026-03-29 00:00",
            [(0, "2.0 None"), (60, "paused"), (120, "2.0 None")],
        ),
        # 25 October 2026, clocks put back at 01:00 UTC: 02:30 to 03:00 is there twice
        (
            "02:30-03:00 pause; * share=50%",
            "2026-10-25 00:00",
            [(0, "None 0.5"), (30, "paused"), (60, "None 0.5"), (90, "paused"), (120, "None 0.5")],
        ),
        ("22:00-06:00 pause", "2026-10-25 04:00", [(0, "paused"), (60, "None None")]),
    ],
)
def test_it_counts_at_its_minute_also_where_clocks_change(
    timetable: str, begin: str, expected: list[tuple[float, str]]
) -> None:
    assert changes(timetable, begin, 3) == expected


@pytest.mark.parametrize("ahead", [HOUR, -HOUR])
def test_a_wall_clock_that_is_put_forward_or_back_counts_within_half_a_minute(ahead: float) -> None:
    def step(clock: WallClock) -> None:
        clock.ahead = ahead

    found = changes(
        "12:00-12:30 pause", "2026-11-27 11:10" if ahead < 0 else "2026-11-27 10:10", 1, step
    )
    if ahead > 0:  # 11:10 is 12:10
        assert [each[1] for each in found] == ["None None", "paused", "None None"]
        assert found[1][0] * 60 <= 10 + LOOK_AT_LEAST_EVERY
    else:  # 12:10 is 11:10
        assert [each[1] for each in found] == ["paused", "None None", "paused"]
        assert found[1][0] * 60 <= 10 + LOOK_AT_LEAST_EVERY


def test_a_rule_is_told_once_with_its_end(tmp_path: Path) -> None:
    with LogOutput("info", file=(tmp_path / "log").open("w")):
        changes("12:00-12:30 pause", "2026-11-27 10:40", 2)
    told = [(each["rule"], each["until"]) for each in records(tmp_path / "log")]
    assert told == [
        ("no rule", "Fri 27 Nov 12:00 (Europe/Berlin)"),
        ("12:00-12:30 pause", "Fri 27 Nov 12:30 (Europe/Berlin)"),
        ("no rule", "Sat 28 Nov 12:00 (Europe/Berlin)"),
    ]
