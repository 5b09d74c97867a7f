"""The content of the report on a run: all that its page, its other formats and programs show.

Records only. Text in them is as it was found and not escaped, which is for whoever shows it; none
of it is a value of a sensitive member. Durations are in seconds, moments are UTC in ISO 8601.
"""

from typing import Literal, TypeAlias

from msgspec import Struct

from batcher.number_text import duration
from batcher.records import RequestCount
from batcher.report.outcome_names import named_outcomes

RunState: TypeAlias = Literal["finished", "stopped", "interrupted", "under_way", "killed"]
"""How a run stands: all done; it stopped itself; by a signal; at work now; ended without a word."""

Proof: TypeAlias = Literal["run.json", "chain", "nothing"]
"""What shows that results are as they were written.

``run.json``: its head, all but what came in the last seconds of a run that is at work or was
killed, which its own chain shows; ``chain``: each line's chain alone; ``nothing``: they are from
before lines were chained.
"""

Severity: TypeAlias = Literal["error", "warning", "info"]


class NextStep(Struct, frozen=True, kw_only=True):
    """Something to do, in a sentence, and the command for it, as a shell takes it."""

    text: str
    command: str | None = None


class SessionReport(Struct, frozen=True, kw_only=True):
    """One who worked on the run: ``who`` has the caller's ARN by target, None where not known."""

    session: str
    started_at: str
    who: dict[str, str | None] = {}
    reason: str | None = None
    labels: dict[str, str] = {}


class RunFacts(Struct, frozen=True, kw_only=True):
    """What was asked, by whom and why.

    ``directory``: the run directory, as an absolute path; ``run``: its id; ``kind``: run, retry or
    rollback; ``parent``: the directory of the run that it follows. ``input_name``: without its
    directory; ``selection``: in words, the part of the input that it is a run of, None for all.
    ``state_text``: a sentence on how it stands, why it stopped included. ``wall_seconds``: the time
    at work, over all sessions. ``reason`` and ``labels``: of the last session. ``sessions``: the
    first one, and each that was of other callers, reason or labels than the one before.
    """

    directory: str
    run: str
    kind: str
    parent: str | None = None
    input_name: str
    input_sha256: str
    input_bytes: int
    selection: str | None = None
    state: RunState
    state_text: str
    started_at: str
    finished_at: str | None = None
    wall_seconds: float
    reason: str | None = None
    labels: dict[str, str] = {}
    sessions: list[SessionReport] = []


class UpdateName(Struct, frozen=True, kw_only=True):
    """One update, by its names."""

    line: int
    id: str
    target: str
    domain: str
    trigger: str


class MaybeSentSection(Struct, frozen=True, kw_only=True):
    """Updates without a result that may have been applied: at most ``updates``, and no others.

    ``text``: in a sentence, which; ``first``: those of the first lines; ``more``: the others.
    """

    updates: int
    text: str
    first: list[UpdateName]
    more: int = 0


class TargetReport(Struct, frozen=True, kw_only=True):
    """One target and its part of the run. Members as those of the whole run.

    ``outcomes`` and ``maybe_applied``: as in Accounts; ``maybe_sent``: of those without a result at
    most so many may have been applied; ``quota``: requests per second that AWS was last estimated
    to allow for updates, None where that is not known.
    """

    name: str
    account: str | None = None
    region: str | None = None
    endpoint: str | None = None
    who: str | None = None
    total: int
    outcomes: dict[str, int]
    maybe_applied: int = 0
    maybe_sent: int = 0
    attempts: int
    throttles: int
    without_result: RequestCount = RequestCount()
    wall_seconds: float
    rate: float
    quota: float | None = None
    time_spent: list["TimeShare"] = []
    stopped: str | None = None

    @property
    def unsuccessful(self) -> int:
        """How many updates did not succeed, were not needless either, or have no result."""
        return self.total - sum(self.outcomes.get(each, 0) for each in ("succeeded", "unchanged"))

    @property
    def named_outcomes(self) -> dict[str, int]:
        """The ``outcomes`` as people see them."""
        return named_outcomes(self.outcomes, self.maybe_sent)


class Accounts(Struct, frozen=True, kw_only=True):
    """The sum of the accounts: every line of the input once.

    ``total`` updates are as many as all ``outcomes`` together: each status in its fixed order, with
    those of count 0, and ``not_started`` last: what has no result. ``maybe_applied``: of those that
    failed the ones that may have been applied all the same. ``results``: lines of
    ``results.jsonl``; ``duplicates``: second results of a line, always 0 where ``balanced``.
    ``balanced``: every line of the input has one result or none, and no result is of another line.
    ``attempts``, ``throttles``: requests sent, and those refused because of the quota, as the
    results count them; ``without_result``: those beside, for updates that had no result by then.

    ``chain``: the last of the hashes that each line of ``results.jsonl`` is chained with to those
    before; ``sha256``, ``bytes``: of the file up to there. ``proved_by``, ``unproved``: what shows
    that no line was edited since, and how many lines nothing shows it for. ``damage``: in a
    sentence, what is wrong with the file and which line; the report is of the lines before it.
    """

    total: int
    outcomes: dict[str, int]
    maybe_applied: int = 0
    results: int
    duplicates: int = 0
    balanced: bool
    attempts: int
    throttles: int
    without_result: RequestCount = RequestCount()
    rate: float
    chain: str
    sha256: str
    bytes: int
    proved_by: Proof
    unproved: int = 0
    damage: str | None = None


class TimelineBucket(Struct, frozen=True, kw_only=True):
    """What happened in ``bucket_seconds`` from ``second`` on, counted from the timeline's start.

    ``after_gap``: before it there was a time without work, which is left out, so that a line drawn
    should break here. ``quota``: requests per second that all targets were estimated to allow then,
    None where it is not known. ``results``: updates that came to their result; the percentiles are
    of the seconds that these waited for answers of AWS, None where nothing was sent for them.
    """

    second: float
    after_gap: bool = False
    attempts_per_second: float
    throttles: int
    quota: float | None = None
    results: int
    p50: float | None = None
    p90: float | None = None
    p99: float | None = None


class Timeline(Struct, frozen=True, kw_only=True):
    """The run over time, in at most some 200 buckets of one length, in their order.

    ``quota_known``: the estimates were recorded. ``measured``: attempts and throttles are counted
    as they came; else they are shared out evenly over the time that each update took.
    """

    started_at: str
    bucket_seconds: float
    quota_known: bool
    measured: bool
    buckets: list[TimelineBucket]


class LatencyReport(Struct, frozen=True, kw_only=True):
    """Percentiles of the seconds that updates waited for answers of AWS, over the whole run.

    ``updates``: how many there are of them; the percentiles are right within 5 %.
    """

    updates: int
    p50: float
    p90: float
    p99: float
    longest: float


class TimeShare(Struct, frozen=True, kw_only=True):
    """Seconds of the wall time that went to one cause; ``share`` of all of it, 0 to 1.

    ``cause``: token, calling, backoff, queued, unreachable or paused; ``text``: in words, such as
    "waiting for the quota". All causes come, largest first. ``below``: of a token's, the seconds at
    a pace below the quota, where others were at the quota's.
    """

    cause: str
    text: str
    seconds: float
    below: float | None = None
    share: float

    @property
    def below_text(self) -> str | None:
        """'9 s of it at the lower pace', where a part was at it."""
        return None if self.below is None else f"{duration(self.below)} of it at the lower pace"


class QuotaSaving(Struct, frozen=True, kw_only=True):
    """How much sooner the run would have ended with ``times`` the quota.

    ``wall_seconds``: what it would have taken. Both None where that was not recorded.
    """

    times: int
    seconds: float | None
    wall_seconds: float | None


class FailedUpdate(Struct, frozen=True, kw_only=True):
    """One update that did not succeed. ``domain`` and ``trigger``: None where it broke a rule."""

    line: int
    id: str
    target: str
    domain: str | None
    trigger: str | None
    message: str
    http_status: int | None = None
    request_id: str | None = None


class FailureGroup(Struct, frozen=True, kw_only=True):
    """Updates with the same status and error code; ``examples``: the first few, by line.

    ``maybe_applied``: of those that failed the ones that may have been applied all the same;
    ``to_do``: what helps, in a sentence; ``command``: to run next, where one does.
    """

    status: str
    code: str
    count: int
    maybe_applied: int = 0
    to_do: str
    command: str | None = None
    examples: list[FailedUpdate]


class SlowUpdate(Struct, frozen=True, kw_only=True):
    """One of the updates that took longest, from its start to its result.

    ``time_spent``: where its own time went, by cause as in TimeShare.
    """

    line: int
    id: str
    target: str
    domain: str | None
    trigger: str | None
    status: str
    seconds: float
    attempts: int
    throttles: int
    time_spent: dict[str, float]


class ChangeGroup(Struct, frozen=True, kw_only=True):
    """Updates that change the same members in the same way.

    ``changes``: what, one each, such as "SegmentFilter: a -> b"; values of sensitive members are
    not in it. ``examples``: DOMAIN/TRIGGER of the first few.
    """

    count: int
    changes: list[str]
    examples: list[str]


class PlanSection(Struct, frozen=True, kw_only=True):
    """What the run changed, by the shape of the change, largest group first.

    Worked out from the before images and the input. ``updates``: how many are in it; ``more``: how
    many are in none of the ``groups``; ``text``: in a sentence, what it is of.
    """

    text: str
    updates: int
    more: int = 0
    groups: list[ChangeGroup]


class LintFinding(Struct, frozen=True, kw_only=True):
    """How often lint found one thing in the input; ``title``: what a code stands for."""

    code: str
    severity: Severity
    title: str
    count: int


class LintSection(Struct, frozen=True, kw_only=True):
    """What lint finds in the input, errors first; ``updates``: how many it looked at."""

    updates: int
    findings: list[LintFinding]


class SimulatedFirings(Struct, frozen=True, kw_only=True):
    """How often a trigger fires on the events, before and after; None where not known."""

    domain: str
    trigger: str
    before: int | None
    after: int | None
    started: int
    stopped: int


class SimulationSection(Struct, frozen=True, kw_only=True):
    """Which of some recorded events start or stop firing, the most affected triggers first.

    ``text``: in a sentence, what was simulated; ``more``: triggers that are left out.
    """

    text: str
    events: int
    more: int = 0
    triggers: list[SimulatedFirings]


class RunReport(Struct, frozen=True, kw_only=True):
    """The report on one run; its JSON shape is that of ``--format json``.

    ``made_at``: when; ``made_by``: this program's name and version. ``timeline``, ``latency``,
    ``plan``, ``lint``, ``simulation`` and ``maybe_sent`` are None where there is nothing of the
    kind. ``failures``: largest first; ``more_failures``: updates without success in none of these
    groups. ``next_steps``: what can be done now; ``reproduce``: how to do the same again, and how
    to prove this. ``versions``: of python, batcher and libraries, of the first session. ``notes``:
    in whole sentences, what is not known, or is known only in part.
    """

    format: int = 1
    made_at: str
    made_by: str
    facts: RunFacts
    accounts: Accounts
    targets: list[TargetReport]
    timeline: Timeline | None = None
    latency: LatencyReport | None = None
    time_spent: list[TimeShare]
    quota_savings: list[QuotaSaving]
    failures: list[FailureGroup]
    more_failures: int = 0
    maybe_sent: MaybeSentSection | None = None
    slowest: list[SlowUpdate]
    plan: PlanSection | None = None
    lint: LintSection | None = None
    simulation: SimulationSection | None = None
    next_steps: list[NextStep]
    reproduce: list[NextStep]
    versions: dict[str, str]
    notes: list[str]

    @property
    def named_outcomes(self) -> dict[str, int]:
        """The outcomes of all targets as people see them."""
        maybe_sent = 0 if self.maybe_sent is None else self.maybe_sent.updates
        return named_outcomes(self.accounts.outcomes, maybe_sent)
