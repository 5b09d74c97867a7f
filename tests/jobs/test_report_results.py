"""Results in one pass, in memory that does not grow with them."""

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from batcher.jobs.report_results import BUCKETS, EXAMPLES, GROUPS, SLOWEST, ResultsDigest
from batcher.records import Error, Result
from batcher.storage.timeline_file import TimelineSample
from tests.jobs.reported_runs import moment, timed

MOMENTS = st.one_of(
    st.datetimes().map(lambda each: each.isoformat(timespec="milliseconds") + "Z"),
    st.sampled_from(["", "Z", "2026-01-01", "2026-01-01T00:00:nanZ", "2026-01-01T00:00:1e9Z"]),
    st.text(max_size=25),
)


def result(line: int, status: str = "succeeded", code: str | None = None) -> Result:
    return Result(
        id=str(line),
        line=line,
        target="default",
        domain="acme",
        trigger=f"t{line}",
        status=status,
        error=None if code is None else Error(code=code, message="m"),
        started_at="2026-01-01T00:00:00.000Z",
        finished_at="2026-01-01T00:00:01.000Z",
    )


def test_few_of_many_are_held_the_first_by_line_and_the_slowest() -> None:
    digest = ResultsDigest()
    for line in range(3000, 0, -1):
        code = f"Code{line % (GROUPS + 50)}"
        digest.add(timed(result(line, "failed", code), 1000.0 + line / 10, seconds=line / 100))
    assert len(digest.failures) == GROUPS
    assert sum(digest.failures.values()) + digest.more_failures == 3000
    key = ("failed", "Code60")
    assert [each.line for each in digest.examples(key)] == [60, 210, 360, 510, 660][:EXAMPLES]
    assert [each.line for each in digest.slowest()] == list(range(3000, 3000 - SLOWEST, -1))
    assert len(digest.buckets) <= BUCKETS
    assert "3,000 results" in repr(digest)


@given(st.lists(st.tuples(MOMENTS, MOMENTS), max_size=20))
def test_whatever_moments_a_file_has_nothing_breaks_and_all_are_counted(
    pairs: list[tuple[str, str]],
) -> None:
    digest = ResultsDigest()
    for line, (started, finished) in enumerate(pairs, 1):
        odd = {"started_at": started, "finished_at": finished}
        digest.add(Result(**{name: getattr(result(line), name) for name in _NAMES} | odd))
        sample = TimelineSample(at=finished, target="t", seconds=1e6, answered=1, quota=2.0)
        digest.sample([sample])
    assert digest.tally.done == len(pairs)
    assert len(digest.slowest()) <= SLOWEST


_NAMES = ("id", "line", "target", "domain", "trigger", "status")


def test_samples_give_attempts_as_they_came_and_the_quota_of_all_targets_together() -> None:
    digest = ResultsDigest()
    for target in ("a", "b"):
        for second in (2, 4):
            at = moment(float(second))
            digest.sample(
                [
                    TimelineSample(
                        at=at, target=target, seconds=2, answered=20, throttles=1, quota=10
                    )
                ]
            )
    found = [each for _, each in digest.buckets.in_order()]
    assert round(sum(each.sampled_attempts for each in found)) == digest.sampled == 84
    assert {each.quota for each in found} == {20.0}
    assert digest.quotas == {"a": 10, "b": 10}
    assert "0 results" in repr(found[0])


def test_attempts_of_all_targets_are_held_against_no_quota_of_some_of_them() -> None:
    digest, idle = ResultsDigest(), 0
    for target, quota, answered in (("a", 10, 20), ("b", None, 20), ("c", None, idle)):
        at = moment(2.0)
        digest.sample(
            [TimelineSample(at=at, target=target, seconds=2, answered=answered, quota=quota)]
        )
    assert {each.quota for _, each in digest.buckets.in_order()} == {None}
    digest.sample([TimelineSample(at=moment(4.0), target="a", seconds=2, answered=9, quota=10)])
    assert [each.quota for _, each in digest.buckets.in_order()][-1] == 10
    digest.buckets.widen()
    digest.buckets.widen()
    assert {each.quota for _, each in digest.buckets.in_order()} == {None}


def test_a_moment_is_read_alike_whether_it_is_the_first_of_its_minute_or_not(
    tmp_path: Path,
) -> None:
    digest = ResultsDigest()
    for line, second in enumerate((59.999, 0.001, 30.25, 60.0, 61.5), 1):
        digest.add(timed(result(line), 60.0 + second, seconds=0.25))
    beginnings = [at - 1767225600 for at, _ in digest.buckets.in_order()]
    assert beginnings == [60, 90, 119, 120, 121]
