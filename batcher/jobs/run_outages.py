"""The targets of a run that are away: which ones, and who is told of it."""

from collections.abc import Callable, Sequence

from batcher.engine.breaker_gate import Away, OnBreaker
from batcher.engine.lane import Lane
from batcher.jobs.run_events import RunEvents, outage_of
from batcher.jobs.run_order import RunOrder


class RunOutages:
    """Tells ``observers``, and the hooks of a run, when a target is away and when it is back.

    ``lanes``: those at work.
    """

    def __init__(
        self, order: RunOrder, events: RunEvents, lanes: Callable[[], Sequence[Lane]]
    ) -> None:
        self.observers: list[OnBreaker] = []
        if order.unattended is not None and order.unattended.on_breaker is not None:
            self.observers.append(order.unattended.on_breaker)
        self._events = events
        self._lanes = lanes

    def now(self) -> list[Away]:
        """The targets to which nothing is sent at present."""
        gates = [lane.gate for lane in self._lanes() if lane.gate is not None]
        return [gate.away for gate in gates if gate.away is not None]

    def tell(self, target: str, reason: str | None) -> None:
        """Tell of a target: why nothing is sent to it, in words; None: it goes on."""
        for observer in self.observers:
            observer(target, reason)
        for away in self.now():
            if reason is not None and away.target == target:
                self._events.tell("breaker_opened", breaker=outage_of(away))
