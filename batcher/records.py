"""The words that every floor shares: an update, one attempt at it, its one result, the sum of a run.

Frozen records and their one JSON shape live here. No decision, no I/O, no clock.
"""

from typing import Any, Literal, TypeAlias

from msgspec import UNSET, Struct, UnsetType

Status: TypeAlias = Literal["succeeded", "unchanged", "failed", "in_doubt", "invalid", "stale"]
STATUSES: tuple[Status, ...] = ("succeeded", "unchanged", "failed", "in_doubt", "invalid", "stale")

Reached: TypeAlias = Literal["answered", "sent", "unsent"]
"""How far one request came: AWS answered; it left and no answer came; it never left."""


class Update(Struct, frozen=True, kw_only=True):
    """One UpdateEventTrigger request with an id.

    ``line`` is 1-based: the line in the file, or the position in an iterable. ``request`` holds exactly the members of
    UpdateEventTriggerRequest.
    """

    id: str
    line: int
    target: str
    request: dict[str, Any]

    @property
    def domain(self) -> str:
        return str(self.request["DomainName"])

    @property
    def trigger(self) -> str:
        return str(self.request["EventTriggerName"])


class Attempt(Struct, frozen=True, kw_only=True):
    """What came of one request. ``code`` is None when AWS accepted it; ``seconds`` is from sending to the answer.

    ``message`` is already redacted: what a sensitive member holds never gets past the port that makes an Attempt.
    """

    reached: Reached
    seconds: float
    answer: dict[str, Any] | None = None
    code: str | None = None
    message: str = ""
    http_status: int | None = None
    request_id: str | None = None
    retry_after: float | None = None


class Error(Struct, frozen=True, kw_only=True):
    """Why an update did not succeed: AWS's code, or the name of what went wrong on the way there."""

    code: str
    message: str
    http_status: int | None = None


class Seconds(Struct, frozen=True, kw_only=True):
    """Where the time of an update, or of all of them, went. Seconds."""

    queued: float = 0.0
    token: float = 0.0
    backoff: float = 0.0
    calling: float = 0.0

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            queued=self.queued + other.queued,
            token=self.token + other.token,
            backoff=self.backoff + other.backoff,
            calling=self.calling + other.calling,
        )

    def rounded(self) -> "Seconds":
        """The same, to the millisecond."""
        return Seconds(
            queued=round(self.queued, 3),
            token=round(self.token, 3),
            backoff=round(self.backoff, 3),
            calling=round(self.calling, 3),
        )


class Result(Struct, frozen=True, kw_only=True):
    """The one final record of an update: a line of ``results.jsonl``. Times are UTC, ISO 8601 with milliseconds."""

    id: str
    line: int
    target: str
    domain: str | None
    trigger: str | None
    status: Status
    attempts: int = 0
    throttles: int = 0
    error: Error | None = None
    request_id: str | None = None
    started_at: str
    finished_at: str
    seconds: Seconds = Seconds()


class Counts(Struct, frozen=True, kw_only=True):
    """Results counted by status, and what they cost."""

    total: int = 0
    succeeded: int = 0
    unchanged: int = 0
    failed: int = 0
    in_doubt: int = 0
    invalid: int = 0
    stale: int = 0
    not_started: int = 0
    attempts: int = 0
    throttles: int = 0
    errors: dict[str, int] = {}  # code -> results with it; msgspec copies an empty default


class Summary(Counts, frozen=True, kw_only=True):
    """The sum of a run: ``summary.json``.

    Counts are of the whole run, resumed parts included. ``wall_seconds``, ``rate`` (attempts answered other than by a
    throttle, per second) and ``seconds`` are of the last session. ``stopped`` says why it ended early, else null.
    """

    wall_seconds: float
    rate: float
    seconds: Seconds
    stopped: str | None = None
    targets: dict[str, Counts] | UnsetType = UNSET
