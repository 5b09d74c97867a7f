"""What became of a worker's requests, kept until it is reported to the shared bucket.

Pure: time is an argument, in seconds of the worker's own clock; a report says how long ago.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
from msgspec import Struct

from batcher.quota.observation import Observation
from batcher.quota.replay import CallReport

# seconds, by a call of its own where none is due: the leader must not be long in learning what is
# accepted
REPORT_WITHIN = 0.1
NO_EPOCH = ""

_encode = msgspec.json.Encoder().encode


class SharedTicket(NamedTuple):
    """A request that left with a token of the shared bucket, reserved after that cut."""

    epoch: str
    number: int
    cut: int
    left: float


class Reports(Struct, frozen=True, kw_only=True):
    """What a member reports with every call.

    ``throttled``: the newest cut that a throttled request was reserved after, else -1.
    """

    epoch: str = NO_EPOCH
    throttled: int = -1
    reports: Sequence[CallReport] = ()

    def arguments(self) -> list[Any]:
        return [self.epoch, self.throttled, _encode(self.reports) if self.reports else b""]


class Answer(NamedTuple):
    """What the request of a ticket showed of the bucket, and when."""

    ticket: SharedTicket
    at: float
    observation: Observation
    retry_after: float | None = None

    def report(self, now: float) -> CallReport:
        """The answer in terms of how long ago."""
        sent, answered = now - self.ticket.left, now - self.at
        return CallReport(self.ticket.number, sent, answered, self.observation, self.retry_after)


class UnreportedAnswers:
    """Answers in the order they came."""

    def __init__(self) -> None:
        self._answers: list[Answer] = []

    def add(self, answer: Answer) -> None:
        self._answers.append(answer)

    def is_due(self, now: float) -> bool:
        """Whether an answer should have been reported by now."""
        return bool(self._answers) and self._answers[0].at < now - REPORT_WITHIN

    def clear(self) -> None:
        self._answers.clear()

    def take(self, epoch: str, now: float) -> Reports:
        """The reports of that epoch; all answers are gone then, as those of others mean nothing."""
        answers = [answer for answer in self._answers if answer.ticket.epoch == epoch]
        self._answers.clear()
        cuts = [each.ticket.cut for each in answers if each.observation is Observation.THROTTLED]
        reports = [answer.report(now) for answer in answers]
        return Reports(epoch=epoch, throttled=max(cuts, default=-1), reports=reports)
