"""Where a run stands at one moment: the records, which are also what ``ctl status --json`` has."""

from typing import Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

QuotaBasis: TypeAlias = Literal["estimate", "remembered", "guess"]
PaceBasis: TypeAlias = Literal["quota", "search", "limit", "reading", "measured"]


class AwayTarget(Struct, frozen=True, kw_only=True):
    """For how many seconds a target is away, by its breaker; ``code``: its latest bad answer."""

    seconds: float
    code: str


class TargetProgress(Struct, frozen=True, kw_only=True):
    """Where one target stands.

    ``rate``: requests answered per second, ``results``: updates done in it, both of the last
    seconds. ``quota``: updates per second that AWS allows the account, as far as that is known:
    ``quota_basis`` says whether an earlier run found it or this one, or whether it is a guess, by
    the first throttles; None: nothing is known. ``pace``: updates per second that ``seconds_left``
    assumes, and what decides it: the quota, the search for one, a limit that somebody set, the
    reading before each update, or what was measured, as that is slower. None: not known.
    ``stopped``: why nothing more is sent to it, in words.
    """

    target: str
    done: int
    total: int
    failed: int
    throttled: int
    rate: float
    results: float
    in_flight: int = 0
    waiting: int = 0
    quota: float | None = None
    quota_basis: QuotaBasis | None = None
    pace: float | None = None
    pace_basis: PaceBasis | None = None
    seconds_left: float | None = None
    errors: dict[str, int] = {}
    away: AwayTarget | None = None
    stopped: str | None = None

    @property
    def is_well(self) -> bool:
        """Whether nothing of it needs a look."""
        return not self.failed and self.away is None and self.stopped is None


class ProgressSnapshot(Struct, frozen=True, kw_only=True):
    """Where a run stands.

    ``rate``: requests answered per second that is not paused, ``results``: updates done in it;
    ``sent``: anything was, by this session; ``paused``: why nothing is, in words; ``away``: which
    targets are; ``wave``: the one under way, where there are several; ``waits_for``: between two of
    them. ``quota`` is that of all targets together, where each is known, and as well known as that
    of which least is. ``seconds_left``: until all targets are done, with ``soak_seconds`` of it
    between waves, and without ``questions``, whose answers take as long as they take; None: not
    known, or it is paused, or a target is away. ``errors``: results by code, the most first.
    ``seconds``: since it began. ``targets``: those not well first; ``more_targets`` and
    ``more_well``: of those that are left out.
    """

    done: int
    total: int
    failed: int
    throttled: int
    rate: float
    results: float
    sent: bool
    paused: str | None = None
    away: str | None = None
    wave: str = ""
    waits_for: str | None = None
    in_flight: int = 0
    waiting: int = 0
    quota: float | None = None
    quota_basis: QuotaBasis | None = None
    pace: float | None = None
    pace_basis: PaceBasis | None = None
    seconds_left: float | None = None
    soak_seconds: float = 0.0
    questions: bool = False
    errors: dict[str, int] = {}
    seconds: float = 0.0
    targets: tuple[TargetProgress, ...] = ()
    more_targets: int = 0
    more_well: int = 0

    def brief(self, at_most: int) -> "ProgressSnapshot":
        """A copy with the first so many targets; the others are counted."""
        left_out = self.targets[at_most:]
        return replace(
            self,
            targets=self.targets[:at_most],
            more_targets=self.more_targets + len(left_out),
            more_well=self.more_well + sum(target.is_well for target in left_out),
        )
