"""One estimator for a fleet: what many reserved, and what became of it, in the order of time.

No I/O, clock or asyncio. Times are those of the one clock that the log was written with, in
seconds. The events are lines of that log: the order of their fields and their tags are its format.
"""

import heapq
from itertools import count

from msgspec import Struct
from msgspec.structs import replace

from batcher.quota.estimator import Pace, RateEstimator
from batcher.quota.observation import Observation, Ticket

UNANSWERED = 120.0  # seconds after which an answer is not expected any more: its worker is dead


class Reserved(Struct, frozen=True, array_like=True, tag="g"):
    """Request ``number`` may leave ``at`` that time, as was ``decided`` at another.

    ``prompt``: it waited for the pace; ``rate``: that pace per second, 0 for none.
    """

    number: int
    decided: float
    at: float
    rate: float
    prompt: bool


class CallReport(Struct, frozen=True, array_like=True):
    """What became of a request, ``sent`` and ``answered`` so many seconds ago.

    ``retry_after``: the server's wish, in seconds.
    """

    number: int
    sent: float
    answered: float
    observation: Observation
    retry_after: float | None = None


class Reported(Struct, frozen=True, array_like=True, tag="t"):
    """Reports of one worker, ``at`` that time."""

    at: float
    reports: list[CallReport]


class Cut(Struct, frozen=True, array_like=True, tag="c"):
    """A throttle: what was reserved for a while after ``at`` is void, and is reserved anew."""

    number: int
    at: float


Event = Reserved | Reported | Cut


class _Answer(Struct, frozen=True):
    report: CallReport
    sent: float
    answered: float


class Replay:
    """Feeds an estimator from a log.

    ``lookahead``: seconds after a cut from which what was reserved before is void. ``cut``: the
    number of the newest one.
    """

    def __init__(self, estimator: RateEstimator, lookahead: float) -> None:
        self.estimator = estimator
        self.cut = 0
        self._lookahead = lookahead
        self._order = count()
        self._due: list[tuple[float, int, Reserved | _Answer]] = []
        self._tickets: dict[int, Ticket] = {}

    def add(self, event: Event) -> None:
        """Add the next event of the log."""
        match event:
            case Reserved():
                self._expect(event.at, event)
            case Reported():
                for report in event.reports:
                    self._expect_answer(report, event.at)
            case Cut():
                self.cut = event.number
                void_from = event.at + self._lookahead
                self._due = [
                    due
                    for due in self._due
                    if not (isinstance(due[2], Reserved) and due[0] > void_from)
                ]
                heapq.heapify(self._due)

    def advance(self, now: float) -> Pace:
        """Bring the estimator to that time; returns its pace."""
        while self._due and self._due[0][0] <= now:
            event = heapq.heappop(self._due)[2]
            if isinstance(event, Reserved):
                self._send(event)
            else:
                self._finish(event)
        self._give_up(now - UNANSWERED)
        self.estimator.next_send(now)
        return self.estimator.pace

    def _expect_answer(self, report: CallReport, at: float) -> None:
        answered = at - report.answered
        if report.observation is Observation.THROTTLED:  # from then on it holds others back
            answered = at
        self._expect(answered, _Answer(report, at - report.sent, answered))

    def _expect(self, at: float, event: Reserved | _Answer) -> None:
        heapq.heappush(self._due, (at, next(self._order), event))

    def _send(self, reserved: Reserved) -> None:
        ticket = self.estimator.sent(reserved.at)
        rate = reserved.rate or ticket.rate
        self._tickets[reserved.number] = replace(
            ticket, prompt=reserved.prompt, rate=rate, decided=reserved.decided
        )

    def _finish(self, answer: _Answer) -> None:
        report = answer.report
        if report.observation is Observation.THROTTLED:
            self._send_the_rest()
        # None: of a time before this log
        if (ticket := self._tickets.pop(report.number, None)) is not None:
            ticket = replace(ticket, sent=answer.sent)
            self.estimator.answered(ticket, answer.answered, report.observation, report.retry_after)

    def _send_the_rest(self) -> None:
        """Count as sent what can't be held back any more: it takes tokens before all that comes."""
        for _, _, event in sorted(self._due):
            if isinstance(event, Reserved):
                self._send(event)
        self._due = [due for due in self._due if not isinstance(due[2], Reserved)]
        heapq.heapify(self._due)

    def _give_up(self, before: float) -> None:
        while self._tickets and (oldest := next(iter(self._tickets.items())))[1].sent < before:
            del self._tickets[oldest[0]]
            self.estimator.answered(oldest[1], oldest[1].sent, Observation.UNKNOWN)
