"""The records that every layer shares: an update, an attempt, a result, the sum of a run.

Frozen records and their one JSON shape live here. No decision, no I/O, no clock.
"""

from typing import Annotated, Any, Literal, TypeAlias, get_args

from msgspec import UNSET, Meta, Struct, UnsetType, field

from batcher.error_codes import INVALID

Status: TypeAlias = Literal[
    "succeeded", "unchanged", "failed", "in_doubt", "invalid", "stale", "partial", "differs"
]
STATUSES: tuple[Status, ...] = get_args(Status)
OPEN: tuple[Status, ...] = ("failed", "in_doubt")  # what a retry sends again
INTERRUPTED = "interrupted"  # why something stopped that a signal ended

ReadBack: TypeAlias = Literal["as_asked", "differs", "unread"]
"""What the live trigger showed just after AWS accepted its update; unread: it could not be read."""

Creation: TypeAlias = Literal["without_integration", "with_integration"]
"""Whether an integration names a trigger that was created: one that none names never fires."""

Count: TypeAlias = Annotated[int, Meta(ge=0, le=2**53)]

Reached: TypeAlias = Literal["answered", "sent", "unsent"]
"""How far one request came: AWS answered; it left and no answer came; it never left."""


class BasedOn(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The state of a trigger that an update was planned on.

    ``sha256``: the digest of its content; ``last_updated_at``: AWS's time of it (epoch seconds).
    ``sent_at``: of a dead letter, when its update first came into the queue (epoch seconds).
    Of an undo ``cleared_sha256``, which is as good: what it is where AWS cleared what the update
    left out; and ``undone_sha256``: what it is where all was put back already.
    """

    sha256: str
    cleared_sha256: str | None = None
    undone_sha256: str | None = None
    last_updated_at: float | None = field(default=None, name="LastUpdatedAt")
    sent_at: float | None = None


class Update(Struct, frozen=True, kw_only=True, gc=False):
    """One UpdateEventTrigger request with an id.

    ``line`` is 1-based: the line in the file, or the position in an iterable. ``target`` is empty
    while it is left to the worker to say which one is meant. ``request`` holds exactly the members
    of UpdateEventTriggerRequest. ``based_on``: the live trigger has to be so when the update's turn
    comes. ``domain_map``: the one that has given it its domain, so that it is not mapped again.
    ``priority`` (0-9, the higher the sooner): what its line says. ``urgency``: what it is taken
    with: that or the default, and no less than a later line of its trigger has.
    """

    id: str
    line: int
    target: str
    request: dict[str, Any]
    based_on: BasedOn | None = None
    domain_map: str | None = None
    priority: int | None = None
    urgency: int = 0

    def as_line(self) -> dict[str, Any]:
        """What a line of an update file has to hold to mean this update, whichever line it is."""
        target = {"target": self.target} if self.target else {}
        base = {} if self.based_on is None else {"based_on": self.based_on}
        mapped = {} if self.domain_map is None else {"domain_map": self.domain_map}
        ranked = {} if self.priority is None else {"priority": self.priority}
        return {"id": self.id, **target, **ranked, **base, **mapped, **self.request}

    @property
    def domain(self) -> str:
        return str(self.request["DomainName"])

    @property
    def trigger(self) -> str:
        return str(self.request["EventTriggerName"])


class Attempt(Struct, frozen=True, kw_only=True, gc=False):
    """What came of one request.

    ``code`` is None when AWS accepted it; ``seconds`` is from sending to the answer.

    ``message`` holds what is known to be harmless: the rest never gets past the port that makes an
    Attempt.
    """

    reached: Reached
    seconds: float
    answer: dict[str, Any] | None = None
    code: str | None = None
    message: str = ""
    http_status: int | None = None
    request_id: str | None = None
    retry_after: float | None = None


class Error(Struct, frozen=True, kw_only=True, gc=False):
    """Why an update did not succeed: AWS's code, or a name for what went wrong on the way."""

    code: str
    message: str
    http_status: int | None = None


class Seconds(Struct, frozen=True, kw_only=True, gc=False):
    """Where the time of an update, or of all of them, went. Seconds.

    ``unreachable``: nothing could be sent, as requests did not leave this machine; ``paused``:
    nothing was, as somebody, a hold file or a timetable said so.
    """

    queued: float = 0.0
    token: float = 0.0
    backoff: float = 0.0
    calling: float = 0.0
    unreachable: float = 0.0
    paused: float = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            queued=self.queued + other.queued,
            token=self.token + other.token,
            backoff=self.backoff + other.backoff,
            calling=self.calling + other.calling,
            unreachable=self.unreachable + other.unreachable,
            paused=self.paused + other.paused,
        )

    def rounded(self) -> "Seconds":
        """Return these times rounded to the millisecond; most of a result are none."""
        return Seconds(
            queued=self.queued and _to_millisecond(self.queued),
            token=self.token and _to_millisecond(self.token),
            backoff=self.backoff and _to_millisecond(self.backoff),
            calling=self.calling and _to_millisecond(self.calling),
            unreachable=self.unreachable and _to_millisecond(self.unreachable),
            paused=self.paused and _to_millisecond(self.paused),
        )


def _to_millisecond(seconds: float) -> float:
    return int(seconds * 1000 + 0.5) / 1000  # ``round`` takes three times as long


class Result(Struct, frozen=True, kw_only=True, gc=False):
    """The one final record of an update: a line of ``results.jsonl``.

    Times are UTC, ISO 8601 with milliseconds.
    """

    id: str
    line: Count
    target: str
    domain: str | None
    trigger: str | None
    status: Status
    attempts: Count = 0
    throttles: Count = 0
    error: Error | None = None
    request_id: str | None = None
    started_at: str
    finished_at: str
    seconds: Seconds = Seconds()
    # of the trigger as AWS's answer showed it; a rollback holds the live one against it
    digest: str | UnsetType = UNSET
    # the digest of its before image; None: there was one, and it was lost
    image: str | UnsetType | None = UNSET
    # the state that an update without success found, or left; goes with its dead letter
    based_on: BasedOn | UnsetType = UNSET
    # there where the trigger was deleted to be created anew: names of members that went with it
    lost: list[str] | UnsetType = UNSET
    # there where the trigger was read back, as one of a sample
    read_back: ReadBack | UnsetType = UNSET
    # there where the update has created its trigger, or given it its integration
    created: Creation | UnsetType = UNSET
    # members that it cleared by omitting them, and that were put back at once
    restored: list[str] | UnsetType = UNSET
    # of one that failed, where its error does not tell: whether it may have been applied all the
    # same, as an attempt got no answer, or a fault of AWS's own (5xx)
    maybe_applied: bool | UnsetType = UNSET
    # there where they were given
    reason: str | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET

    @classmethod
    def invalid(cls, line: int, target: str, message: str, now: str) -> "Result":
        """Return the result of a line that breaks a rule: its own id could not be relied on."""
        return cls(
            id=str(line),
            line=line,
            target=target,
            domain=None,
            trigger=None,
            status="invalid",
            error=Error(code=INVALID, message=message),
            started_at=now,
            finished_at=now,
        )


class Delivered(Result, frozen=True, kw_only=True):
    """A result of a worker: a line of its results files.

    ``queue``: the URL without secrets; ``image_file``: the file in ``images/`` that its before
    image is in.
    """

    queue: str
    message_id: str
    image_file: str | UnsetType = UNSET

    @classmethod
    def of(cls, result: Result, queue: str, message_id: str) -> "Delivered":
        """Return that result as the one of a message of that queue."""
        members = {name: getattr(result, name) for name in Result.__struct_fields__}
        return cls(**members, queue=queue, message_id=message_id)


class ChangedUpdate(Struct, frozen=True, kw_only=True):
    """An update that changed something, by its names, and what its result says."""

    id: str
    line: int
    target: str
    domain: str | None
    trigger: str | None
    status: Status

    @classmethod
    def of(cls, result: Result) -> "ChangedUpdate":
        return cls(**{name: getattr(result, name) for name in cls.__struct_fields__})


class BriefResult(Struct, frozen=True, kw_only=True, gc=False):
    """What counting needs of a result, and the digest of its image: read in half the time."""

    id: str
    line: Count
    target: str
    status: Status
    attempts: Count = 0
    throttles: Count = 0
    error: Error | None = None
    lost: list[str] | UnsetType = UNSET
    created: Creation | UnsetType = UNSET
    read_back: ReadBack | UnsetType = UNSET
    restored: list[str] | UnsetType = UNSET
    maybe_applied: bool | UnsetType = UNSET
    image: str | UnsetType | None = UNSET


class NamedResult(BriefResult, frozen=True, kw_only=True, gc=False):
    """What counting needs, and the trigger of the result."""

    domain: str | None
    trigger: str | None


class Counts(Struct, frozen=True, kw_only=True):
    """Results counted by status, and what they cost.

    ``read_back``: those that were, by what the live trigger showed; ``restored``: updates that
    cleared what they omit, which was put back at once; ``maybe_applied``: of those that failed the
    ones that may have been applied all the same.
    """

    total: int = 0
    succeeded: int = 0
    unchanged: int = 0
    failed: int = 0
    in_doubt: int = 0
    invalid: int = 0
    stale: int = 0
    partial: int = 0
    differs: int = 0
    not_started: int = 0
    attempts: int = 0
    throttles: int = 0
    restored: int = 0
    maybe_applied: int = 0
    created: dict[str, int] = {}
    read_back: dict[str, int] = {}
    errors: dict[str, int] = {}  # code -> results with it; msgspec copies an empty default


class RequestCount(Struct, frozen=True, kw_only=True):
    """Requests for a change that reached the network, and those of them answered by a throttle.

    ``at_least``: a session was killed, and some of its last ones may not have been kept.
    """

    attempts: Count = 0
    throttles: Count = 0
    at_least: bool = False


class TargetSummary(Counts, frozen=True, kw_only=True):
    """The sum of a target's part of a run, over all of its sessions.

    ``wall_seconds``: from its first update to its last result, summed up over the sessions;
    ``rate`` (attempts answered other than by a throttle, per second of that), ``seconds`` (the wall
    time by what the target was held up by), ``double_quota_saves`` (seconds by which twice the
    quota would have ended it sooner), ``held_by_concurrency`` (seconds in which the quota allowed a
    request and the number in flight did not), ``held_by_pace`` (seconds of ``seconds.token`` in
    which no quota held it back, but a lower pace: one that somebody chose, or that of the search
    for the quota). ``without_result``: the requests for updates that had
    no result by then, which ``attempts`` and ``throttles`` don't count; there where there were any.
    ``stopped`` says why it ended early, else null.
    ``account``, ``region``, and ``who`` (the caller's ARN, of the last session) where they are
    known; of a run of several targets where they are the same for all.
    """

    wall_seconds: float
    rate: float
    seconds: Seconds
    double_quota_saves: float = 0.0
    held_by_concurrency: float = 0.0
    held_by_pace: float = 0.0
    without_result: RequestCount | UnsetType = UNSET
    stopped: str | None = None
    account: str | None = None
    region: str | None = None
    who: str | None = None


class InputName(Struct, frozen=True, kw_only=True):
    """What an input is called, a file without its directory, and its SHA-256."""

    name: str
    sha256: str


class Superseded(Struct, frozen=True, kw_only=True):
    """Updates that failed or are in doubt and would undo a later one: how many, the first lines."""

    updates: int
    lines: list[int]


class SelectedPart(Struct, frozen=True, kw_only=True):
    """A job that was narrowed to a part: ``by`` which flags, which leave out so many of ``of``."""

    by: str
    left_out: int
    of: int


class Summary(TargetSummary, frozen=True, kw_only=True):
    """The sum of a run: ``summary.json``.

    ``seconds`` and ``double_quota_saves`` are those of the target that ended last: it decides how
    long the run takes. ``targets`` has the sum of each when there are several; ``canary`` the first
    updates that changed something, when they are to be shown before the rest is done.
    ``started_at``: the first session; ``finished_at``: the last one's end. ``superseded``: what is
    left out of ``failed.jsonl``, when there is any; ``left_out``: by a retry, of the run that it
    retries, with lines of that one's input. ``selection``: there where it was narrowed to a part.
    ``reason`` and ``labels``: of the last session.
    """

    superseded: Superseded | UnsetType = UNSET
    left_out: Superseded | UnsetType = UNSET
    canary: list[ChangedUpdate] | UnsetType = UNSET
    selection: SelectedPart | UnsetType = UNSET
    targets: dict[str, TargetSummary] | UnsetType = UNSET
    input: InputName | None = None
    started_at: str | None = None
    finished_at: str | None = None
    reason: str | UnsetType = UNSET
    labels: dict[str, str] | UnsetType = UNSET


class Message(Struct, frozen=True, kw_only=True):
    """One update on its way through a queue, leased to this worker.

    ``body``: the update as a line of JSON, not yet checked. ``handle`` is the queue's own word for
    this lease; ``receives`` counts the leases, this one included; ``sent_at`` is in seconds since
    the epoch, by the queue's clock, None where it does not say. ``group``: messages of one group
    are in order, None where the queue knows no order. ``attributes``: whatever else came with
    it, in the queue's own form.
    """

    id: str
    body: bytes
    handle: str
    receives: int = 1
    sent_at: float | None = None
    group: str | None = None
    attributes: dict[Any, Any] = {}


class DeadLetter(Struct, frozen=True, kw_only=True):
    """A message whose update can't succeed, with an error code and the reason in words.

    ``handle`` and ``attributes`` as in Message.
    """

    id: str
    body: bytes
    handle: str
    code: str
    reason: str
    group: str | None = None
    attributes: dict[Any, Any] = {}


class Depth(Struct, frozen=True, kw_only=True):
    """What a queue holds: messages that wait, that workers hold, that are dead letters.

    ``dead`` is None where the queue has no place for them. ``oldest_seconds``: the age of the
    oldest that is not acknowledged, None where the queue does not say or is empty.
    """

    waiting: int
    held: int
    dead: int | None
    oldest_seconds: float | None = None


class FleetMember(Struct, frozen=True, kw_only=True):
    """A process of those that share a quota, as the others know it.

    ``rate``: requests per second that it has sent lately, None where it does not tell;
    ``silent_seconds``: since it was heard of. ``leads``: it finds the quota for all.
    """

    name: str
    rate: float | None
    silent_seconds: float
    leads: bool = False
    is_self: bool = False
