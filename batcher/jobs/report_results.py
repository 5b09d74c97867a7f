"""The results of a run in one pass, folded into what its report tells: bounded, however many."""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from datetime import datetime

from msgspec import UNSET

from batcher.accounting.histogram import Histogram
from batcher.accounting.tally import CHANGED, Tally, added_up
from batcher.accounting.time_buckets import TimeBuckets
from batcher.accounting.verdicts import is_maybe_applied
from batcher.compact import LineSet
from batcher.records import Result, Seconds
from batcher.report.run_report import FailedUpdate, SlowUpdate
from batcher.storage.timeline_file import TimelineSample

EXAMPLES = 5  # of each group of failures, the first by line
GROUPS = 100  # of failures; the updates of further ones are counted together
SLOWEST = 20
CHANGES = 10_000  # updates whose changes are looked at for the section on what was changed
BUCKETS = 400  # held; at most half as many are shown where nothing is left out between them

GroupKey = tuple[str, str]
"""Status and code of a failure."""


class Moments:
    """What happened in one bucket of time. ``quotas``: sum and number of estimates by target.

    ``unknown``: targets that sent something while nothing was known of their quota.
    """

    def __init__(self) -> None:
        self.results = 0
        self.attempts = 0.0
        self.throttles = 0
        self.latency = Histogram()
        self.sampled_attempts = 0.0
        self.sampled_throttles = 0.0
        self.quotas: dict[str, tuple[float, float]] = {}
        self.unknown: set[str] = set()

    def __repr__(self) -> str:
        return f"<Moments: {self.results:,} results, {self.attempts:.1f} attempts>"

    def merge(self, other: "Moments") -> None:
        """Take in what happened in a bucket beside."""
        self.results += other.results
        self.attempts += other.attempts
        self.throttles += other.throttles
        self.latency.merge(other.latency)
        self.sampled_attempts += other.sampled_attempts
        self.sampled_throttles += other.sampled_throttles
        for target, (total, weight) in other.quotas.items():
            self.estimate(target, total, weight)
        self.unknown |= other.unknown

    def estimate(self, target: str, total: float, weight: float) -> None:
        """Take in estimates of a target's quota: their weighted sum, and their weight."""
        before = self.quotas.get(target, (0.0, 0.0))
        self.quotas[target] = before[0] + total, before[1] + weight

    @property
    def quota(self) -> float | None:
        """Of all targets together that were at work; None where that of any is not known."""
        if not self.unknown <= self.quotas.keys():  # attempts of all would be held against a part
            return None
        known = [total / weight for total, weight in self.quotas.values() if weight]
        return sum(known) if known else None


class ResultsDigest:
    """What the report tells of results. ``done``: the lines that have one.

    ``failures``: how many of each kind, ``maybe_applied`` of them, and ``examples``;
    ``more_failures``: of further kinds. ``changed``: by id the first updates that changed
    something; ``changing``: how many did.
    """

    def __init__(self) -> None:
        self.done = LineSet()
        self.results = 0
        self.tallies = defaultdict[str, Tally](Tally)
        self.buckets = TimeBuckets(Moments, width=1.0, most=BUCKETS)
        self.failures: Counter[GroupKey] = Counter()
        self.maybe_applied: Counter[GroupKey] = Counter()
        self.more_failures = 0
        self.changed: dict[str, Result] = {}
        self.changing = 0
        self.last_at: str | None = None
        self.sampled = 0  # attempts that samples tell of
        self.quotas: dict[str, float] = {}  # the last estimate of each target
        self._examples = defaultdict[GroupKey, list[tuple[int, FailedUpdate]]](list)
        self._slowest: list[tuple[float, int, Result]] = []
        self._epoch = _epochs()

    def __repr__(self) -> str:
        return f"<ResultsDigest: {self.results:,} results in {self.buckets!r}>"

    @property
    def tally(self) -> Tally:
        """All results of all targets."""
        return added_up(self.tallies.values())

    @property
    def latency(self) -> Histogram:
        """How long updates waited for answers of AWS, all of them."""
        whole = Histogram()
        for _, moments in self.buckets.in_order():
            whole.merge(moments.latency)
        return whole

    def add(self, result: Result) -> None:
        """Take the next result."""
        self.results += 1
        self.tallies[result.target].add(result)
        if result.error is not None or result.status not in ("succeeded", "unchanged"):
            self._note_failure(result)
        if result.status in CHANGED and (result.image is not UNSET or result.created is not UNSET):
            self.changing += 1
            if len(self.changed) < CHANGES:
                self.changed[result.id] = result
        begin, end = self._epoch(result.started_at), self._epoch(result.finished_at)
        if begin is None or end is None or end < begin:
            return
        if self.last_at is None or result.finished_at > self.last_at:
            self.last_at = result.finished_at
        self._note_time(result, begin, end)

    def _note_time(self, result: Result, begin: float, end: float) -> None:
        moments = self.buckets.at(end)
        moments.results += 1
        moments.throttles += result.throttles
        if calling := result.seconds.calling:
            moments.latency.add(calling)
        width = self.buckets.width
        if begin // width == end // width:  # as most are
            moments.attempts += result.attempts
        elif attempts := result.attempts:
            for part, each in self.buckets.shares(begin, end):
                each.attempts += attempts * part
        seconds = end - begin
        if len(self._slowest) < SLOWEST:
            heapq.heappush(self._slowest, (seconds, -result.line, result))
        elif seconds > self._slowest[0][0]:
            heapq.heapreplace(self._slowest, (seconds, -result.line, result))

    def sample(self, samples: Iterable[TimelineSample]) -> None:
        """Take what was recorded while the run was at work."""
        for sample in samples:
            if (end := self._epoch(sample.at)) is None:
                continue
            self.sampled += sample.answered + sample.throttles
            if sample.quota is not None:
                self.quotas[sample.target] = sample.quota
            for part, moments in self.buckets.shares(end - sample.seconds, end):
                moments.sampled_attempts += (sample.answered + sample.throttles) * part
                moments.sampled_throttles += sample.throttles * part
                if sample.quota is not None:
                    moments.estimate(sample.target, sample.quota * part, part)
                elif sample.answered or sample.throttles:
                    moments.unknown.add(sample.target)

    def _note_failure(self, result: Result) -> None:
        code = "" if result.error is None else result.error.code
        key = result.status, code
        if key not in self.failures and len(self.failures) >= GROUPS:
            self.more_failures += 1
            return
        self.failures[key] += 1
        self.maybe_applied[key] += is_maybe_applied(result)
        examples = self._examples[key]
        if len(examples) < EXAMPLES:
            heapq.heappush(examples, (-result.line, _failed(result)))
        elif result.line < -examples[0][0]:
            heapq.heapreplace(examples, (-result.line, _failed(result)))

    def examples(self, key: GroupKey) -> list[FailedUpdate]:
        """The first updates of a group of failures, by line."""
        return [each for _, each in sorted(self._examples[key], key=lambda pair: -pair[0])]

    def slowest(self) -> list[SlowUpdate]:
        """The updates that took longest, longest first."""
        ordered = sorted(self._slowest, key=lambda each: each[:2], reverse=True)
        return [_slow(result, seconds) for seconds, _, result in ordered]


def _failed(result: Result) -> FailedUpdate:
    error = result.error
    return FailedUpdate(
        line=result.line,
        id=result.id,
        target=result.target,
        domain=result.domain,
        trigger=result.trigger,
        message="" if error is None else error.message,
        http_status=None if error is None else error.http_status,
        request_id=result.request_id,
    )


def _slow(result: Result, seconds: float) -> SlowUpdate:
    spent = {name: getattr(result.seconds, name) for name in Seconds.__struct_fields__}
    return SlowUpdate(
        line=result.line,
        id=result.id,
        target=result.target,
        domain=result.domain,
        trigger=result.trigger,
        status=result.status,
        seconds=round(seconds, 3),
        attempts=result.attempts,
        throttles=result.throttles,
        time_spent={name: each for name, each in spent.items() if each},
    )


def _epochs() -> Callable[[str], float | None]:
    """What reads a moment as seconds since the epoch; None for what is none.

    Quicker for one in the same minute as the one before, as most are.
    """
    minute, base = "", 0.0

    def epoch(text: str) -> float | None:
        nonlocal minute, base
        try:
            if text[:16] != minute or text[-1] != "Z" or text[16] != ":":
                moment = datetime.fromisoformat(text)
                if moment.tzinfo is None:
                    return None
                at_minute = moment.replace(second=0, microsecond=0)
                minute, base = "", at_minute.timestamp()
                if text[-1] == "Z" and text[16] == ":":
                    minute = text[:16]
                return moment.timestamp()
            seconds = float(text[17:-1])
            return base + seconds if 0 <= seconds < 61 else None
        except (ValueError, OverflowError, IndexError):
            return None

    return epoch
