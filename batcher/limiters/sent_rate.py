"""How fast one process sends: requests of the last seconds. Time is an argument."""

WINDOW = 10.0  # seconds


class SentRate:
    """Counts requests in the window under way and in the one before; ``window``: its seconds."""

    def __init__(self, window: float = WINDOW) -> None:
        self._window = window
        self._begin = 0.0
        self._now = self._before = 0

    def add(self, now: float) -> None:
        """Count a request that leaves."""
        self._turn(now)
        self._now += 1

    def rate(self, now: float) -> float:
        """Requests a second: of the window before the part that is not longer ago."""
        self._turn(now)
        left = 1 - (now - self._begin) / self._window
        return (self._now + self._before * left) / self._window

    def _turn(self, now: float) -> None:
        windows = int((now - self._begin) / self._window)
        if windows > 0:
            self._before = self._now if windows == 1 else 0
            self._now = 0
            self._begin += windows * self._window
