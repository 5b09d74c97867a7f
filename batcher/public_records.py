"""What the library gives to a program: frozen dataclasses, for whatever takes those.

``dataclasses.asdict``, pydantic, FastAPI, ``pickle`` and ``copy`` do. The engine's own records of
the same names, in ``records``, are no dataclasses; they have the shape of a line of JSON.
"""

from dataclasses import dataclass, field
from typing import Self

import msgspec

from batcher import records
from batcher.number_text import maybe_applied_text
from batcher.records import ReadBack, Status


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """Why an update did not succeed: AWS's code, or a name for what went wrong on the way."""

    code: str
    message: str
    http_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconds:
    """Where the time of an update went. Seconds."""

    queued: float = 0.0
    token: float = 0.0
    backoff: float = 0.0
    calling: float = 0.0
    unreachable: float = 0.0
    paused: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """The one final record of an update. ``line``: its position in what was given, from 1.

    Times are UTC, ISO 8601 with milliseconds. ``error`` is None when it succeeded or was unchanged.
    ``digest``: of the trigger as AWS's answer showed it, where it was looked at first;
    ``read_back``: what the live trigger showed just after, where it was one of the sample;
    ``created``: it made its trigger, and whether an integration names that: else it never fires;
    ``restored``: members that AWS cleared as the update omits them, and that were put back at once.
    ``maybe_applied``: it failed, and may have been applied all the same, as an attempt got no
    answer, or a fault of AWS's own (5xx): what its trigger is now only a look at it tells.
    """

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
    seconds: Seconds = field(default_factory=Seconds)
    digest: str | None = None
    read_back: ReadBack | None = None
    created: records.Creation | None = None
    restored: list[str] | None = None
    maybe_applied: bool = False

    @property
    def is_done(self) -> bool:
        """Whether the trigger is as the update asks: it succeeded, or was unchanged."""
        return self.status in ("succeeded", "unchanged")

    @classmethod
    def of(cls, record: records.Result) -> Self:
        """Return the engine's record as a program gets it."""
        return msgspec.convert(msgspec.to_builtins(record), cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Results counted by status, and what they cost.

    ``total``: the updates that were read; ``not_started``: those of them without a result;
    ``errors``: by code, how many results have it; ``read_back``: by what the live trigger showed
    just after, how many of the sample that is read back; ``restored``: updates that cleared what
    they omit, which was put back at once; ``maybe_applied``: of those that failed the ones that
    may have been applied all the same.
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
    created: dict[str, int] = field(default_factory=dict)
    read_back: dict[str, int] = field(default_factory=dict)
    errors: dict[str, int] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it in words: ``10 updates: 7 succeeded, 1 failed, 2 not started``."""
        named = {name: getattr(self, name, 0) for name in (*records.STATUSES, "not_started")}
        parts = [f"{count:,} {name.replace('_', ' ')}" for name, count in named.items() if count]
        said = f"{self.total:,} updates: {', '.join(parts)}" if parts else "0 updates"
        return said + maybe_applied_text(self.maybe_applied)

    @classmethod
    def of(cls, record: records.Counts) -> Self:
        """Return the engine's record as a program gets it."""
        return msgspec.convert(msgspec.to_builtins(record), cls)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """Where a batch stands. ``done``: updates that have a result; ``failed``: those not as asked.

    ``total``: the updates of the batch, None while that is not known. ``throttles``: requests that
    AWS throttled, of those updates. ``rate``: results per second, over the last ten seconds.
    """

    done: int
    total: int | None
    failed: int
    throttles: int
    rate: float
