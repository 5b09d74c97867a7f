"""One estimate for a fleet: what was handed out to many, and what became of it, replayed in the
order of time.

No I/O, clock or asyncio. Times are those of the one clock that the log was written with, in
seconds.
"""

import heapq
from itertools import count

import msgspec
from msgspec import Struct

from batcher.quota.estimator import Observation, Pace, RateEstimator, Ticket

UNANSWERED = 120.0  # seconds after which an answer is not expected any more: its worker is dead


class Granted(Struct, frozen=True, array_like=True, tag="g"):
    """Request ``number`` may leave ``at`` that time, as was ``decided`` at another.

    ``prompt``: it waited for the pace; ``rate``: that pace, 0 for none.
    """

    number: int
    decided: float
    at: float
    rate: float
    prompt: bool


class Report(Struct, frozen=True, array_like=True):
    """What became of a request: when it left and was answered, in seconds ago."""

    number: int
    sent: float
    answered: float
    outcome: Observation
    retry_after: float | None = None


class Told(Struct, frozen=True, array_like=True, tag="t"):
    """Reports of one worker, ``at`` that time."""

    at: float
    reports: list[Report]


class Cut(Struct, frozen=True, array_like=True, tag="c"):
    """What was granted for a while after ``at`` is void, and was or will be granted anew."""

    number: int
    at: float


Event = Granted | Told | Cut


class _Answer(Struct, frozen=True):
    report: Report
    sent: float
    answered: float


class Replay:
    """Feeds an estimate from a log.

    ``look``: seconds after a cut from which what was granted before is void.
    """

    def __init__(self, estimate: RateEstimator, look: float) -> None:
        self.estimate = estimate
        self.cut = 0
        self._look = look
        self._order = count()
        self._due: list[tuple[float, int, Granted | _Answer]] = []
        self._tickets: dict[int, Ticket] = {}

    def take(self, event: Event) -> None:
        """Take the next event of the log."""
        match event:
            case Granted():
                self._expect(event.at, event)
            case Told():
                for report in event.reports:
                    answer = _Answer(report, event.at - report.sent, event.at - report.answered)
                    if report.outcome is Observation.THROTTLED:  # from then on it holds others back
                        answer = msgspec.structs.replace(answer, answered=event.at)
                    self._expect(answer.answered, answer)
            case Cut():
                self.cut = event.number
                self._due = [
                    due
                    for due in self._due
                    if not (isinstance(due[2], Granted) and due[0] > event.at + self._look)
                ]
                heapq.heapify(self._due)

    def advance(self, now: float) -> Pace:
        """Bring the estimate to that time; returns its plan."""
        while self._due and self._due[0][0] <= now:
            event = heapq.heappop(self._due)[2]
            if isinstance(event, Granted):
                self._send(event)
            else:
                self._answer(event)
        self._give_up(now - UNANSWERED)
        self.estimate.next_send(now)
        return self.estimate.plan

    def _expect(self, at: float, event: Granted | _Answer) -> None:
        heapq.heappush(self._due, (at, next(self._order), event))

    def _send(self, granted: Granted) -> None:
        ticket = self.estimate.sent(granted.at)
        rate = granted.rate or ticket.rate
        self._tickets[granted.number] = ticket._replace(
            prompt=granted.prompt, rate=rate, decided=granted.decided
        )

    def _answer(self, answer: _Answer) -> None:
        report = answer.report
        if report.outcome is Observation.THROTTLED:
            self._send_the_rest()
        # None: of a time before this log
        if (ticket := self._tickets.pop(report.number, None)) is not None:
            left = ticket._replace(sent=answer.sent)
            self.estimate.answered(left, answer.answered, report.outcome, report.retry_after)

    def _send_the_rest(self) -> None:
        """What can't be held back any more counts as sent: it takes its tokens before anything
        that is planned now.
        """
        for _, _, event in sorted(self._due):
            if isinstance(event, Granted):
                self._send(event)
        self._due = [due for due in self._due if not isinstance(due[2], Granted)]
        heapq.heapify(self._due)

    def _give_up(self, before: float) -> None:
        while self._tickets and (oldest := next(iter(self._tickets.items())))[1].sent < before:
            del self._tickets[oldest[0]]
            self.estimate.answered(oldest[1], oldest[1].sent, Observation.UNKNOWN)
