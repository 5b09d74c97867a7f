"""How fast something went over the last seconds, by counts that are read now and then."""

WINDOW = 10.0  # seconds over which a rate is measured
KEPT_EVERY = 0.5  # seconds between two moments that are kept
SURE = 10  # results, and
SURE_AFTER = 3.0  # seconds, from which on a rate says how long the rest takes


class RateWindow:
    """Counts of requests answered and of results at moments of the last seconds.

    ``at``: seconds by a clock that stands still in a pause.
    """

    def __init__(self, at: float, answered: int, done: int) -> None:
        self._moments = [(at, answered, done)]

    def read(self, at: float, answered: int, done: int) -> tuple[float, float]:
        """Take in how many there are by now; returns both per second."""
        moments = self._moments
        if answered < moments[-1][1]:  # another part of the session has begun
            moments.clear()
        elif len(moments) > 1 and at - moments[-2][0] < KEPT_EVERY:
            moments.pop()
        moments.append((at, answered, done))
        while len(moments) > 2 and moments[1][0] < at - WINDOW:
            del moments[0]
        seconds, results = self._passed()
        if seconds <= 0:
            return 0.0, 0.0
        return (answered - moments[0][1]) / seconds, results / seconds

    @property
    def measured(self) -> float | None:
        """Results per second, where there are enough to say how long the rest takes."""
        seconds, results = self._passed()
        return results / seconds if results >= SURE and seconds >= SURE_AFTER else None

    def _passed(self) -> tuple[float, int]:
        (began, _, before), (at, _, done) = self._moments[0], self._moments[-1]
        return at - began, done - before
