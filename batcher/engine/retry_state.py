"""What came of the attempts at one request so far, and the result of an update that comes of it.

Decides nothing: whether to go on is for ``retry_policies``.
"""

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace

from batcher.accounting.verdicts import ACCEPTED, CREDENTIALS, LOST, THROTTLED, UNSENT, Verdict
from batcher.engine.pacing import Permit
from batcher.error_codes import INTERRUPTED
from batcher.records import Attempt, Error, Result, Seconds, Status, Update

_NO_ATTEMPT = Attempt(reached="unsent", seconds=0.0)


class RetryState(Struct, gc=False, eq=False):
    """The attempts at one request, added up.

    ``id``: what logs call it; ``last``: the last attempt, one never sent before the first;
    ``charged`` attempts count towards the limit of attempts; ``refusals`` are those of its
    credentials in a row, ``unsent`` the attempts in a row that never left, which took
    ``unsent_for`` seconds from ``unsent_since`` on; ``throttled_for``: seconds from the first
    throttle to the last attempt with credentials that AWS accepted; ``credentials``: the generation
    that the last attempt was signed with; ``under_way``: an attempt is; ``finishes``: also while
    draining; ``urgency``: as in Pacer.

    Of the breaker: ``held``: the last attempt is held against the target, and not against the
    request; ``failing_since``: its first such attempt of late, monotonic seconds; ``outages``: that
    it took part in.
    """

    id: str
    started_at: str
    finishes: bool = False
    urgency: int = 0
    verdict: Verdict = UNSENT
    last: Attempt = _NO_ATTEMPT
    credentials: int = 0
    under_way: bool = False
    attempts: int = 0
    throttles: int = 0
    charged: int = 0
    refusals: int = 0
    unsent: int = 0
    first_throttle: float | None = None
    throttled_for: float = 0.0
    unsent_for: float = 0.0
    unsent_since: float = 0.0
    replied: bool = False  # by anything but a throttle, which says nothing about the request
    lost: bool = False  # at least one attempt left and was never answered
    leaves_open: bool = False  # so did one, or was answered by a fault that says nothing of it
    held: bool = False
    outages: int = 0
    failing_since: float | None = None
    queued: float = 0.0
    token: float = 0.0
    backoff: float = 0.0
    calling: float = 0.0
    unreachable: float = 0.0
    paused: float = 0.0

    def record(self, attempt: Attempt, verdict: Verdict, permit: Permit, now: float) -> None:
        """Add one attempt. ``now``: monotonic seconds, without pauses."""
        self.last, self.verdict, self.under_way = attempt, verdict, False
        self.queued += permit.queued
        self.token += permit.token
        self.paused += permit.paused
        if attempt.reached == "unsent":
            self.unreachable += attempt.seconds
        else:
            self.calling += attempt.seconds
            self.attempts += 1
        if verdict is UNSENT:
            self.unsent_since = self.unsent_since if self.unsent else now - attempt.seconds
            self.unsent += 1
            self.unsent_for = now - self.unsent_since
            return
        self.unsent = 0
        if verdict is CREDENTIALS:
            self.refusals += 1
            return
        self.refusals = 0
        if verdict is THROTTLED:
            self.throttles += 1
            self.first_throttle = now if self.first_throttle is None else self.first_throttle
        else:
            self.charged += 1
            self.replied |= attempt.reached == "answered"
            self.lost |= verdict is LOST
            self.leaves_open |= not (verdict is ACCEPTED or verdict.rules_out)
        if self.first_throttle is not None:
            self.throttled_for = now - self.first_throttle

    def forgive(self, charged: bool) -> None:
        """Count an attempt no longer that was made in an outage; ``charged``: it is an error.

        What outages took is no time of throttles, either.
        """
        self.charged -= charged
        self.unsent = self.refusals = 0
        self.first_throttle, self.throttled_for = None, 0.0
        self.failing_since = None

    def waited(self, seconds: float) -> None:
        """Add the wait after the last attempt."""
        if self.last.reached == "unsent":
            self.unreachable += seconds
        else:
            self.backoff += seconds

    @property
    def may_have_acted(self) -> bool:
        """Whether an attempt can have had an effect."""
        return self.lost or self.replied

    @property
    def must_finish(self) -> bool:
        """Whether it is brought to its end also while draining."""
        return self.finishes or self.may_have_acted

    @property
    def seconds(self) -> Seconds:
        return Seconds(
            queued=self.queued,
            token=self.token,
            backoff=self.backoff,
            calling=self.calling,
            unreachable=self.unreachable,
            paused=self.paused,
        )

    @property
    def status(self) -> Status:
        if self.verdict is ACCEPTED:
            return "succeeded"
        return "in_doubt" if self.lost and not self.replied else "failed"

    @property
    def maybe_applied(self) -> bool | UnsetType:
        """Of one that failed, as in Result: where its error does not tell of all attempts."""
        told = 1 if self.last.reached != "unsent" else 0
        is_said = self.leaves_open or self.attempts - self.throttles > told
        return self.leaves_open if is_said else UNSET

    @property
    def error(self) -> Error | None:
        code, last = self.last.code, self.last
        if code is None:
            return None
        return Error(code=code, message=last.message, http_status=last.http_status)

    def result(self, update: Update, finished_at: str) -> Result:
        """The result of an update that these attempts were made for."""
        status = self.status
        return Result(
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            status=status,
            attempts=self.attempts,
            throttles=self.throttles,
            error=self.error,
            request_id=self.last.request_id,
            started_at=self.started_at,
            finished_at=finished_at,
            seconds=self.seconds.rounded(),
            maybe_applied=self.maybe_applied if status == "failed" else UNSET,
        )

    def interrupted(self, update: Update, finished_at: str) -> Result | None:
        """The result, in doubt, of an update whose attempts were ended before a final answer.

        None when nothing of them can have had an effect: they were throttled, or never left.
        """
        if not (self.under_way or self.may_have_acted):
            return None
        result = replace(self.result(update, finished_at), status="in_doubt", maybe_applied=UNSET)
        if not self.under_way:
            return result
        error = Error(code=INTERRUPTED, message="the work ended while its request was under way")
        return replace(result, error=error, attempts=self.attempts + 1, request_id=None)
