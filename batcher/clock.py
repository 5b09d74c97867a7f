"""The machine's own time, for whatever takes a Clock."""

import time
from datetime import UTC, datetime

import anyio

# what the clock shows goes on while the machine is suspended, as AWS's and a queue's do
_STEADY: int = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


class SystemClock:
    """The machine's own time."""

    def now(self) -> float:
        return time.clock_gettime(_STEADY)

    def wall(self) -> str:
        return self.utc().isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def epoch(self) -> float:
        """Seconds since 1970-01-01 UTC, to compare with times of files and of other programs."""
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
