"""The machine's own time, for whatever takes a Clock."""

import time
from datetime import UTC, datetime
from functools import lru_cache, partial

import anyio

# what the clock shows goes on while the machine is suspended, as AWS's and a queue's do
_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)

nanoseconds = time.time_ns  # since 1970-01-01 UTC


def precise_text() -> str:
    """The time now: UTC, ISO 8601, to the microsecond."""
    digits = str(time.time_ns())  # divided by its places: it is asked for several times an update
    return f"{_second(digits[:-9] or 0)}.{digits[-9:-3]}Z"


def pause(seconds: float) -> None:
    """Block this thread."""
    time.sleep(seconds)


@lru_cache(maxsize=8)  # asked for again and again in the same one
def _millisecond(count: int) -> str:
    seconds, part = divmod(count, 1000)
    return f"{_second(seconds)}.{part:03}Z"


@lru_cache(maxsize=8)  # it is the same thousands of times
def _second(seconds: int | str) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).replace(tzinfo=None).isoformat()


class SystemClock:
    """The machine's own time."""

    # no function of Python's: it is asked a dozen times for an update
    now = staticmethod(partial(time.clock_gettime, _STEADY))

    def wall(self) -> str:
        return _millisecond(time.time_ns() // 1_000_000)

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def epoch(self) -> float:
        """Seconds since 1970-01-01 UTC, to compare with times of files and of other programs."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
