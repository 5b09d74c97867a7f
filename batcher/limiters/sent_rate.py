"""How fast one process sends: requests of the last seconds. Time is an argument."""

WINDOW = 10.0  # seconds


class SentRate:
    """Counts requests in the window under way and in the one before."""

    def __init__(self) -> None:
        self._begin = 0.0
        self._now = self._before = 0

    def add(self, now: float) -> None:
        """Count a request that leaves."""
        self._turn(now)
        self._now += 1

    def rate(self, now: float) -> float:
        """Requests a second: of the window before the part of it that is less than WINDOW ago."""
        self._turn(now)
        left = 1 - (now - self._begin) / WINDOW
        return (self._now + self._before * left) / WINDOW

    def _turn(self, now: float) -> None:
        windows = int((now - self._begin) / WINDOW)
        if windows > 0:
            self._before = self._now if windows == 1 else 0
            self._now = 0
            self._begin += windows * WINDOW
