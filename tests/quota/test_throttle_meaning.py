"""What a throttle means: every row of the table by its evidence, and as an estimator lives it."""

import itertools

import pytest

from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import RateEstimator
from batcher.quota.observation import Observation, Ticket
from batcher.quota.throttle_meaning import (
    Cause,
    Evidence,
    Hypothesis,
    Lesson,
    Phase,
    cause_of,
    lesson_of,
)
from tests.quota.simulation import Bucket

FLAGS = ("same_event", "expected", "late_twice", "too_many", "is_run", "unit_bucket", "overflowed")
ALL_EVIDENCE = [
    Evidence(phase=phase, hypothesis=hypothesis, **dict(zip(FLAGS, values, strict=True)))
    for phase in Phase
    for hypothesis in Hypothesis
    for values in itertools.product((False, True), repeat=len(FLAGS))
]


def known(hypothesis: Hypothesis = Hypothesis.NO_STRAYS, **flags: bool) -> Evidence:
    return Evidence(phase=Phase.HOLD, hypothesis=hypothesis, **flags)


@pytest.mark.parametrize(
    ("evidence", "cause", "lesson"),
    [
        (known(same_event=True, expected=True, is_run=True), Cause.SAME_EVENT, Lesson.STILL_EMPTY),
        (
            Evidence(phase=Phase.RAMP, hypothesis=Hypothesis.NO_STRAYS, expected=True),
            Cause.END_OF_RAMP,
            Lesson.FIRST_GUESS,
        ),
        (known(late_twice=True, expected=True), Cause.LATE_TWICE, Lesson.NOTHING),
        (known(expected=True, too_many=True), Cause.EXPECTED, Lesson.COUNT),
        (known(expected=True, unit_bucket=True), Cause.EXPECTED, Lesson.INTERVAL),
        (known(expected=True, overflowed=True), Cause.EXPECTED, Lesson.OVERFLOWED),
        (known(), Cause.UNEXPLAINED, Lesson.COUNT),
        (known(unit_bucket=True, overflowed=True), Cause.UNEXPLAINED, Lesson.INTERVAL),
        (known(too_many=True), Cause.TOO_MANY, Lesson.NOTHING),
        (known(Hypothesis.UNDER_TEST, expected=True), Cause.ALONE, Lesson.NOTHING),
        (known(Hypothesis.UNDER_TEST, is_run=True), Cause.RUN, Lesson.COUNT),
        (known(Hypothesis.STRAYS, late_twice=True), Cause.ALONE, Lesson.NOTHING),
        (known(Hypothesis.STRAYS, is_run=True, overflowed=True), Cause.RUN, Lesson.OVERFLOWED),
    ],
)
def test_each_row_of_the_table(evidence: Evidence, cause: Cause, lesson: Lesson) -> None:
    assert cause_of(evidence) is cause
    assert lesson_of(cause, evidence) is lesson


def test_every_row_can_happen_and_only_a_stray_throttle_teaches_nothing() -> None:
    meanings = {(cause_of(each), lesson_of(cause_of(each), each)) for each in ALL_EVIDENCE}
    assert {cause for cause, _ in meanings} == set(Cause)
    assert {lesson for _, lesson in meanings} == set(Lesson)
    stray = {Cause.LATE_TWICE, Cause.TOO_MANY, Cause.ALONE}
    assert {cause for cause, lesson in meanings if lesson is Lesson.NOTHING} == stray
    assert not any(lesson is not Lesson.NOTHING for cause, lesson in meanings if cause in stray)


def test_with_no_strays_supposed_the_odds_of_a_run_count_for_nothing() -> None:
    for each in ALL_EVIDENCE:
        if each.hypothesis is Hypothesis.NO_STRAYS:
            assert cause_of(each) not in (Cause.RUN, Cause.ALONE)


class Story:
    """An estimator whose calls leave as soon as they may, and are answered at once."""

    def __init__(self, remembered: EstimatedQuota | None = None) -> None:
        self.quota = RateEstimator(now=0.0, remembered=remembered)
        self.now = 0.0

    def send(self) -> Ticket:
        while (at := self.quota.next_send(self.now)) > self.now:
            self.now = at
        return self.quota.sent(self.now)

    def accept(self, calls: int) -> "Story":
        for _ in range(calls):
            self.quota.answered(self.send(), self.now, Observation.ACCEPTED)
        return self

    def throttle(self, ticket: Ticket | None = None) -> EstimatedQuota:
        self.quota.answered(ticket or self.send(), self.now, Observation.THROTTLED)
        return self.quota.estimate

    @property
    def phase(self) -> str:
        return repr(self.quota).split()[1]

    @property
    def paused_for(self) -> float:
        return self.quota.pace.resume - self.now


def knows(rate: float, burst: float, age: float = 0.0) -> Story:
    """A quota that an earlier run found, emptied ``age`` seconds ago."""
    return Story(EstimatedQuota(rate=rate, burst=burst, doubt=0.01, age=age))


def test_the_end_of_the_ramp_is_a_guess_of_what_flowed_in_besides_two_seconds_worth() -> None:
    story = Story().accept(40)
    story.send()
    guess = story.throttle(story.send())
    assert guess.rate == pytest.approx(41 / (2 + story.now))
    assert (story.phase, guess.is_guess) == ("search", True)
    assert story.paused_for > 0


def test_a_refusal_of_the_same_event_cuts_no_more_and_only_prolongs_the_pause() -> None:
    story = Story().accept(40)
    first, second = story.send(), story.send()
    story.now += 0.1
    cut = story.throttle(first)
    resume = story.quota.pace.resume
    story.now += 0.5
    assert story.throttle(second).rate == cut.rate
    assert story.quota.pace.resume > resume


def test_an_unexplained_throttle_is_a_measurement_like_any_other() -> None:
    story = Story().accept(40)
    story.throttle()
    start = story.now
    found = story.accept(50).throttle()
    assert found.rate == pytest.approx(50 / (story.now - start), rel=0.01)
    assert found.doubt < 1


def test_an_expected_throttle_measures_and_confirms() -> None:
    story, bucket = Story(), Bucket(50, 50)
    for _ in range(6):  # until cycles are whole
        accepted, start = 0, story.now
        while bucket.take((ticket := story.send()).sent):
            story.quota.answered(ticket, story.now, Observation.ACCEPTED)
            accepted += 1
        found = story.throttle(ticket)
    assert accepted > 150  # half a cycle
    assert accepted / (story.now - start) == pytest.approx(50, rel=0.01)
    assert (found.rate, found.doubt < 0.02, story.phase) == (50.0, True, "hold")


def late(story: Story) -> Story:
    """No throttle came for so long that the bucket gave far more than it can hold."""
    return story.accept(900)


def test_of_two_throttles_that_come_far_too_late_the_second_teaches_nothing() -> None:
    story = late(knows(50, 50))
    once = story.throttle()
    twice = late(story).throttle()
    assert twice.rate == once.rate
    assert story.paused_for <= 0.05  # the next call keeps its distance, and no more


def test_a_second_throttle_just_after_two_late_ones_is_of_an_empty_bucket() -> None:
    story = late(knows(50, 50))
    once = story.throttle()
    late(story).throttle()
    again = story.accept(3).throttle()
    assert again.rate > 2 * once.rate  # so much was accepted since
    assert story.paused_for > 0


def too_many() -> Story:
    """Throttles that nobody expected, once more than a search and a tenant explain."""
    story = knows(50, 50, age=60.0)
    for _ in range(20):
        before = story.quota.pace.resume
        story.accept(25).throttle()
        if story.quota.pace.resume == before:
            return story
    raise AssertionError("no test for strays began")


def test_too_many_unexplained_throttles_start_a_test_at_two_and_a_half_times_the_rate() -> None:
    story = too_many()
    rate = story.quota.estimate.rate
    assert story.quota.to_remember.is_guess
    story.accept(1)
    assert story.quota.rate == pytest.approx(2.5 * rate)
    assert story.quota.estimate.rate == rate


def test_a_throttle_alone_in_a_test_costs_no_cut_and_no_pause() -> None:
    story = too_many().accept(10)
    before, resume = story.quota.estimate, story.quota.pace.resume
    assert story.throttle() == before
    assert story.quota.pace.resume == resume


def test_a_run_of_throttles_ends_the_test_and_measures() -> None:
    story = too_many()
    rate, resume = story.quota.estimate.rate, story.quota.pace.resume
    for _ in range(3):  # each adds log(0.5 / 0.15) to a lead of 2, until it is above 6
        assert story.quota.pace.resume == resume
        story.throttle()
    assert story.quota.pace.resume > resume
    assert story.quota.estimate.rate <= rate
    assert story.quota.to_remember == story.quota.estimate


def test_once_strays_are_known_a_run_cuts_to_no_less_than_seven_tenths_of_the_pace() -> None:
    story = too_many()
    while story.phase == "hold" or story.quota.rate < 60:
        story.accept(1)  # until the bucket gave far more than it can hold
    assert (story.phase, story.quota.to_remember.is_guess) == ("search", True)
    story.accept(60)
    pace, resume = story.quota.rate, story.quota.pace.resume
    while story.quota.pace.resume == resume:
        story.throttle()
    assert story.quota.estimate.rate >= 0.7 * pace


def test_a_bucket_of_one_token_learns_the_interval_between_good_and_refused() -> None:
    story = knows(5, 1, age=60.0).accept(20)
    found = story.throttle()
    assert 4.8 < found.rate < 5.0
    assert story.phase == "hold"
    assert 0 < story.paused_for < 0.01  # the next token is nearly there
    assert not story.accept(20).quota.estimate.is_guess


def test_what_overflowed_is_no_measurement() -> None:
    story = knows(20, 10, age=60.0).accept(5)
    story.now += 10.0  # a pause: 200 tokens flow in, and nearly all of them run over
    story.accept(210)
    assert story.throttle().rate == 20.0
    assert story.phase == "hold"


def test_a_bucket_that_is_empty_too_soon_after_it_was_full_is_slower_than_supposed() -> None:
    story = knows(20, 10, age=60.0).accept(5)
    story.now += 10.0
    story.accept(1)
    assert story.throttle().rate == 16.0
    assert story.phase == "search"


def test_two_throttles_too_close_for_a_count_lower_the_rate_by_a_fifth() -> None:
    story = Story().accept(40)
    cut = story.throttle()
    assert story.accept(1).throttle().rate == pytest.approx(0.8 * cut.rate)
