"""Results and attempts in numbers, and when they say that the run should stop."""

from collections import Counter

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.denials import DENIED_IN_A_ROW, Action
from batcher.accounting.limit import Limit
from batcher.accounting.tally import (
    PERCENTAGE_COUNTS_FROM,
    Tally,
    recounted,
    stop_reason,
    summarize,
    time_spent,
)
from batcher.accounting.time_breakdown import LaneSession, TimeBreakdown
from batcher.accounting.time_spent import NOTHING_SPENT
from batcher.accounting.verdicts import Verdict
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.records import STATUSES, BriefResult, Error, RequestCount, Seconds, Status

VERDICTS = st.lists(st.sampled_from(Verdict), max_size=80)
WRITE, READ = Action(UPDATE_TRIGGER, "acme"), Action(GET_TRIGGER, "acme")


def outcome(status: Status, *, code: str | None = None, attempts: int = 1) -> BriefResult:
    error = None if code is None else Error(code=code, message="m")
    return BriefResult(id="1", line=1, target="t", status=status, attempts=attempts, error=error)


def tally_of(*statuses: Status) -> Tally:
    tally = Tally()
    for status in statuses:
        tally.add(outcome(status))
    return tally


@given(verdicts=VERDICTS)
def test_an_attempt_is_a_throttle_or_answered_or_neither_arrived(verdicts: list[Verdict]) -> None:
    tally = Tally()
    for verdict in verdicts:
        tally.count_attempt(verdict, WRITE)
    never = verdicts.count(Verdict.LOST) + verdicts.count(Verdict.UNSENT)
    assert tally.session_throttles == verdicts.count(Verdict.THROTTLED)
    assert tally.session_answered == len(verdicts) - tally.session_throttles - never
    assert tally.ever_accepted == (Verdict.ACCEPTED in verdicts)


def test_of_reading_only_what_is_refused_and_allowed_counts() -> None:
    tally = Tally()
    for verdict in Verdict:
        tally.count_attempt(verdict, READ)
    assert (tally.session_answered, tally.session_throttles, tally.ever_accepted) == (0, 0, False)
    for _ in range(DENIED_IN_A_ROW):
        tally.count_attempt(Verdict.DENIED, WRITE)
    assert "profile:UpdateEventTrigger in domain acme" in str(stop_reason(tally, None))


@pytest.mark.parametrize(
    ("limit", "failed", "done", "stops"),
    [
        ("3", 3, 10, False),
        ("3", 4, 10, True),
        ("0", 1, 1, True),
        ("5%", 6, PERCENTAGE_COUNTS_FROM, True),
        ("5%", 5, PERCENTAGE_COUNTS_FROM, False),
        ("5%", 60, PERCENTAGE_COUNTS_FROM - 1, False),  # too few to say anything
    ],
)
def test_more_failures_than_allowed_stop_the_run(
    limit: str, failed: int, done: int, stops: bool
) -> None:
    tally = tally_of(*["failed"] * failed, *["succeeded"] * (done - failed))
    how = f"more than --max-failures {limit} (none turns that off)"
    reason = f"{failed} of {done} did not succeed, {how}"
    assert stop_reason(tally, Limit(limit)) == (reason if stops else None)


def test_failures_of_earlier_sessions_do_not_count_towards_the_limit() -> None:
    tally = tally_of("failed", "failed", "succeeded")
    tally.begin_session()
    assert tally.session == (0, 0)
    tally.add(outcome("failed"))
    tally.add(outcome("unchanged"))
    assert tally.session == (2, 1)
    assert stop_reason(tally, Limit("1")) is None
    assert tally.counts(10).failed == 3


def test_a_part_of_a_session_counts_its_own_attempts() -> None:
    tally = tally_of("succeeded")
    for verdict in (Verdict.ACCEPTED, Verdict.THROTTLED):
        tally.count_attempt(verdict, WRITE)
    tally.begin_part()
    assert (tally.session_answered, tally.session_throttles) == (0, 0)
    assert (tally.ever_accepted, tally.done) == (True, 1)


@given(statuses=st.lists(st.sampled_from(STATUSES), max_size=40), more=st.integers(0, 9))
def test_the_counts_of_a_run_add_up_to_its_total(statuses: list[Status], more: int) -> None:
    counts = tally_of(*statuses).counts(len(statuses) + more)
    assert counts.not_started == more
    by_status = sum(getattr(counts, status) for status in STATUSES)
    assert by_status + counts.not_started == counts.total
    assert counts.attempts == len(statuses)


def test_errors_are_counted_by_code_the_most_frequent_first() -> None:
    tally = Tally()
    for code in ("A", "B", "B", None):
        tally.add(outcome("failed", code=code))
    assert list(tally.counts(4).errors.items()) == [("B", 2), ("A", 1)]


def test_results_can_be_forgotten_without_what_is_of_this_session() -> None:
    tally = tally_of("failed", "succeeded")
    tally.count_attempt(Verdict.ACCEPTED, WRITE)
    tally.forget_results()
    assert (tally.done, tally.attempts, tally.session_answered) == (0, 0, 1)


def session(seconds: float, *, token: float = 0.0, stopped: str | None = None) -> LaneSession:
    """A lane of two slots that waited for a token at first, and then did nothing."""
    breakdown = TimeBreakdown()
    breakdown.begin(0.0)
    breakdown.enter("token", 0.0)
    breakdown.leave("token", token)
    breakdown.end(seconds)
    return LaneSession(time_breakdown=breakdown, slots=2, stopped=stopped)


def test_the_summary_of_one_target_accounts_for_all_of_the_wall_time() -> None:
    tally = tally_of("succeeded", "failed")
    for verdict in (Verdict.ACCEPTED, Verdict.REJECTED, Verdict.THROTTLED):
        tally.count_attempt(verdict, WRITE)
    summary = summarize(
        {"t": tally},
        {"t": 5},
        {"t": session(8.0, token=6.0)},
        wall_seconds=10.0,
        stopped="asked to",
    )
    assert (summary.succeeded, summary.failed, summary.not_started) == (1, 1, 3)
    assert summary.seconds == Seconds(token=6.0, queued=4.0)  # 2 s were outside the lane
    assert (summary.rate, summary.double_quota_saves) == (0.2, 3.0)
    assert (summary.stopped, summary.targets) == ("asked to", msgspec.UNSET)


def test_of_several_targets_the_one_that_took_longest_says_what_held_the_run_up() -> None:
    tallies = {"a": tally_of("succeeded"), "b": tally_of("failed", "stale"), "c": Tally()}
    sessions = {"a": session(9.0, token=9.0), "b": session(3.0, token=1.0, stopped="no access")}
    totals = {"a": 1, "b": 3, "c": 2}
    summary = summarize(tallies, totals, sessions, wall_seconds=9.5, stopped=None)
    assert (summary.total, summary.succeeded, summary.not_started) == (6, 1, 3)
    assert (summary.seconds.token, summary.seconds.queued) == (9.0, 0.5)
    assert isinstance(summary.targets, dict)
    assert {name: (each.wall_seconds, each.stopped) for name, each in summary.targets.items()} == {
        "a": (9.0, None),
        "b": (3.0, "no access"),
        "c": (0.0, None),  # never started
    }
    assert summary.targets["c"].seconds == Seconds()


def test_a_recount_replaces_the_counts_and_nothing_else() -> None:
    totals, sessions = {"a": 2, "b": 1}, {"a": session(4.0), "b": session(2.0)}
    before = {"a": tally_of("in_doubt", "succeeded"), "b": tally_of("failed")}
    after = {"a": tally_of("failed", "succeeded"), "b": tally_of("failed")}
    old, new = (
        summarize(tallies, totals, sessions, wall_seconds=4.0, stopped="why")
        for tallies in (before, after)
    )
    assert old != new
    assert recounted(old, after) == new


# an update of one session: what came of its attempts, and whether it came to a result in it
ATTEMPTS = st.lists(st.sampled_from(list(Verdict)), max_size=4)
SESSIONS = st.lists(st.lists(st.tuples(ATTEMPTS, st.booleans()), max_size=5), max_size=4)


@given(sessions=SESSIONS, unkept=st.lists(st.booleans(), min_size=4, max_size=4))
def test_every_request_is_counted_once_by_a_result_or_beside_them(
    sessions: list[list[tuple[list[Verdict], bool]]], unkept: list[bool]
) -> None:
    tally, spent, made, kept = Tally(), NOTHING_SPENT, Counter[str](), Counter[str]()
    for updates, killed in zip(sessions, unkept, strict=False):
        counted = RequestCount(attempts=tally.attempts, throttles=tally.throttles)
        spent = spent.with_all({"t": counted})
        tally.begin_part()
        tally.begin_session(spent.of("t").throttles)
        for verdicts, settles in updates:
            for verdict in verdicts:
                tally.count_attempt(verdict, WRITE)
            sent = [each for each in verdicts if each is not Verdict.UNSENT]
            throttles = sent.count(Verdict.THROTTLED)
            made.update(attempts=len(sent), throttles=throttles)
            if settles:
                tally.add_alike("failed", len(sent), throttles, 1)
            if settles or not killed:
                kept.update(attempts=len(sent), throttles=throttles)
        if not killed:  # else what was spent was not written any more
            spent += time_spent({"t": tally}, {"t": LaneSession()}, 1.0)
    tally.begin_part()
    summary = summarize(
        {"t": tally},
        {"t": 99},
        {},
        wall_seconds=0.0,
        stopped=None,
        earlier=spent.with_all(
            {"t": RequestCount(attempts=tally.attempts, throttles=tally.throttles)}
        ),
    )
    beside = RequestCount()
    if isinstance(summary.without_result, RequestCount):
        beside = summary.without_result
    all_of = summary.attempts + beside.attempts, summary.throttles + beside.throttles
    assert (summary.without_result is msgspec.UNSET) == (beside == RequestCount())
    assert beside.attempts >= beside.throttles >= 0
    assert all_of <= (made["attempts"], made["throttles"])
    if not any(unkept[: len(sessions)]):
        assert all_of == (made["attempts"], made["throttles"])
        assert tally.throttled == made["throttles"]
    else:
        assert all_of[0] <= kept["attempts"]
