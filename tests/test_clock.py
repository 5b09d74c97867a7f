"""The machine's own time."""

from datetime import UTC, datetime

from batcher.clock import SystemClock, pause, precise_text


def test_a_pause_is_as_long_by_the_clock_as_it_was_asked_to_be() -> None:
    began = SystemClock().now()
    pause(0.05)
    assert SystemClock().now() - began >= 0.05


async def test_a_sleep_is_as_long_by_the_clock_as_it_was_asked_to_be() -> None:
    clock = SystemClock()
    began = clock.now()
    await clock.sleep(0.05)
    assert clock.now() - began >= 0.05


def test_the_wall_clock_is_utc_to_the_millisecond() -> None:
    before = datetime.now(UTC)
    read = SystemClock().wall()
    assert (read[-5], read[-1]) == (".", "Z")
    assert -0.001 <= (datetime.fromisoformat(read) - before).total_seconds() < 5


def test_the_precise_time_is_utc_to_the_microsecond() -> None:
    before = datetime.now(UTC)
    read = precise_text()
    assert (len(read), read[-8], read[-1]) == (27, ".", "Z")
    assert 0 <= (datetime.fromisoformat(read) - before).total_seconds() < 5
