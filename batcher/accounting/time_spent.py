"""What the sessions of a run took, added up: wall time, its causes, and the requests answered.

``run.json`` keeps it, so that a session that was killed counts too.
"""

from collections.abc import Mapping
from typing import Annotated

from msgspec import Meta, Struct
from msgspec.structs import replace

from batcher.accounting.time_breakdown import LaneSession
from batcher.records import Count, RequestCount, Seconds, Summary, TargetSummary

Duration = Annotated[float, Meta(ge=0, le=1e10)]

_WORTH_SAYING = 0.05  # of the run: smaller savings are noise
TOLD = 0.05  # seconds; fewer are none, rounded


def is_worth_saying(seconds: float, wall_seconds: float) -> bool:
    """Whether people are to be told of that part of a run's time, as what could be saved of it."""
    return seconds >= max(1.0, _WORTH_SAYING * wall_seconds)


class RequestsMade(Struct, frozen=True, kw_only=True):
    """Requests for a change that reached the network, for updates with a result and without one.

    ``answered``: other than by a throttle; ``throttles``: by one.
    """

    attempts: Count = 0
    answered: Count = 0
    throttles: Count = 0


class TimeSpent(Struct, frozen=True, kw_only=True):
    """The time of a run, or of a target's part in it, and the attempts made within it.

    Members as in TargetSummary; ``attempts``, ``answered`` and ``throttles`` as in RequestsMade,
    without the first and the last of sessions from before they were kept; ``fivefold_quota_saves``:
    seconds by which five times the quota would have ended it sooner, None where a session is from
    before that was kept; ``killed``: a session of it was, so there may be more than these.
    """

    wall_seconds: Duration
    attempts: Count = 0
    answered: Count
    throttles: Count = 0
    seconds: Seconds
    double_quota_saves: Duration
    fivefold_quota_saves: Duration | None = None
    held_by_concurrency: Duration = 0.0
    held_by_pace: Duration = 0.0
    killed: bool = False

    @property
    def rate(self) -> float:
        """Attempts answered other than by a throttle, per second."""
        return self.answered / self.wall_seconds if self.wall_seconds else 0.0

    def __add__(self, other: "TimeSpent") -> "TimeSpent":
        fivefold = (self.fivefold_quota_saves, other.fivefold_quota_saves)
        known = [each for each in fivefold if each is not None]
        return TimeSpent(
            wall_seconds=round(self.wall_seconds + other.wall_seconds, 3),
            attempts=self.attempts + other.attempts,
            answered=self.answered + other.answered,
            throttles=self.throttles + other.throttles,
            seconds=(self.seconds + other.seconds).rounded(),
            double_quota_saves=round(self.double_quota_saves + other.double_quota_saves, 3),
            fivefold_quota_saves=round(sum(known), 3) if len(known) == len(fivefold) else None,
            held_by_concurrency=round(self.held_by_concurrency + other.held_by_concurrency, 3),
            held_by_pace=round(self.held_by_pace + other.held_by_pace, 3),
            killed=self.killed or other.killed,
        )

    def without(self, attempts: int, throttles: int) -> RequestCount | None:
        """The requests that were made beyond those, which results count; None: none were."""
        throttled = max(0, self.throttles - throttles)
        others = max(0, self.attempts - self.throttles - (attempts - throttles))
        if not throttled + others:
            return None
        return RequestCount(attempts=throttled + others, throttles=throttled, at_least=self.killed)

    def with_all(self, attempts: int, throttles: int) -> "TimeSpent":
        """Itself, with at least as many requests as results count.

        Of a session that was killed the requests of its last seconds may not have been kept.
        """
        beyond = self.without(attempts, throttles) or RequestCount()
        return replace(
            self, attempts=attempts + beyond.attempts, throttles=throttles + beyond.throttles
        )

    @classmethod
    def of_session(
        cls, session: LaneSession, *, requests: RequestsMade, wall_seconds: float | None = None
    ) -> "TimeSpent":
        """The time of one session of a target; ``wall_seconds``: of the run, if it is longer."""
        wall = session.wall_seconds if wall_seconds is None else wall_seconds
        beside = Seconds(queued=max(0.0, wall - session.wall_seconds))
        spent = cls(
            wall_seconds=wall,
            attempts=requests.attempts,
            answered=requests.answered,
            throttles=requests.throttles,
            seconds=session.time_breakdown.seconds() + beside,
            double_quota_saves=session.saved_by_quota(2),
            fivefold_quota_saves=session.saved_by_quota(5),
            held_by_concurrency=session.slot_seconds,
            held_by_pace=session.time_breakdown.chosen_seconds,
        )
        return spent + NO_TIME  # rounded

    @classmethod
    def of_summary(cls, summary: TargetSummary) -> "TimeSpent":
        """What a summary says; its rate is rounded."""
        return cls(
            wall_seconds=summary.wall_seconds,
            answered=round(summary.rate * summary.wall_seconds),
            seconds=summary.seconds,
            double_quota_saves=summary.double_quota_saves,
            held_by_concurrency=summary.held_by_concurrency,
            held_by_pace=summary.held_by_pace,
        )


NO_TIME = TimeSpent(
    wall_seconds=0.0,
    answered=0,
    seconds=Seconds(),
    double_quota_saves=0.0,
    fivefold_quota_saves=0.0,
)


class RunTimeSpent(Struct, frozen=True, kw_only=True):
    """The time of a whole run, in which the slowest target counts, and of each target.

    ``unanswered``: a session of it ended while a request of an update without a result may have
    been carried out, so that some of these updates may have been applied.
    """

    run: TimeSpent
    targets: dict[str, TimeSpent]
    unanswered: bool = False

    def __add__(self, other: "RunTimeSpent") -> "RunTimeSpent":
        names = {**self.targets, **other.targets}
        return RunTimeSpent(
            run=self.run + other.run,
            targets={name: self.of(name) + other.of(name) for name in names},
            unanswered=self.unanswered or other.unanswered,
        )

    @property
    def may_have_sent(self) -> bool:
        """Whether updates without a result may have been applied.

        Earlier versions kept only that a session was ended by force.
        """
        return self.unanswered or self.run.killed

    def of(self, target: str) -> TimeSpent:
        return self.targets.get(target, NO_TIME)

    def with_killed(self) -> "RunTimeSpent":
        """Itself, of sessions of which the last one was killed."""
        return RunTimeSpent(
            run=replace(self.run, killed=True),
            targets={name: replace(each, killed=True) for name, each in self.targets.items()},
            unanswered=True,
        )

    def with_all(self, counted: Mapping[str, RequestCount]) -> "RunTimeSpent":
        """Itself, with at least as many requests of each target as its results count."""
        targets = {
            name: self.of(name).with_all(each.attempts, each.throttles)
            for name, each in counted.items()
        }
        known = self.targets | targets
        run = replace(
            self.run,
            attempts=sum(each.attempts for each in known.values()),
            throttles=sum(each.throttles for each in known.values()),
        )
        return replace(self, run=run, targets=known)

    @classmethod
    def of_sessions(
        cls,
        sessions: Mapping[str, LaneSession],
        requests: Mapping[str, RequestsMade],
        wall_seconds: float,
    ) -> "RunTimeSpent":
        """The time of one session of a run; ``requests`` by target."""
        last = max(sessions.values(), key=lambda each: each.wall_seconds, default=LaneSession())
        whole = RequestsMade(
            attempts=sum(each.attempts for each in requests.values()),
            answered=sum(each.answered for each in requests.values()),
            throttles=sum(each.throttles for each in requests.values()),
        )
        return cls(
            run=TimeSpent.of_session(last, requests=whole, wall_seconds=wall_seconds),
            targets={
                name: TimeSpent.of_session(session, requests=requests[name])
                for name, session in sessions.items()
            },
        )

    @classmethod
    def of_summary(cls, summary: Summary) -> "RunTimeSpent":
        """The time of the sessions up to a summary, from before ``run.json`` kept it."""
        parts = summary.targets if isinstance(summary.targets, dict) else {}
        return cls(
            run=TimeSpent.of_summary(summary),
            targets={name: TimeSpent.of_summary(part) for name, part in parts.items()},
        )


NOTHING_SPENT = RunTimeSpent(run=NO_TIME, targets={})
