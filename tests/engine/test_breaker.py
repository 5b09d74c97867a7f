"""Whether a target is away, as its attempts tell."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.verdicts import Verdict, judge
from batcher.engine.breaker import Breaker, OutageTuning
from batcher.engine.pacing import Permit
from batcher.engine.retry_state import RetryState
from batcher.operations import GET_TRIGGER, LIST_TRIGGERS, UPDATE_TRIGGER
from batcher.records import Attempt
from batcher.testing import ACCEPTED, lost, refused, unsent

FAULT, DENIED = refused("InternalServerException", 500), refused("AccessDeniedException", 403)
REJECTED, THROTTLED = refused("BadRequestException", 400), refused("ThrottlingException", 429)
ROW = OutageTuning().row


class Told:
    """A breaker that is told of attempts, a second apart, and the requests that they were at."""

    def __init__(self) -> None:
        self.breaker = Breaker(uniform=lambda low, high: high)
        self.states: dict[int, RetryState] = {}
        self.now = 0.0

    def tell(
        self,
        *attempts: Attempt,
        of: int | None = None,
        operation: str = UPDATE_TRIGGER,
        domain: str = "acme",
        probes: bool = False,
    ) -> list[RetryState]:
        """Tell of attempts at one request, or each at another."""
        told = []
        for attempt in attempts:
            self.now += 1
            number = len(self.states) if of is None else of
            state = self.states.setdefault(number, RetryState(str(number), ""))
            verdict = judge(attempt)
            state.record(attempt, verdict, Permit(None, 0.0, 0.0), self.now)
            probed = operation if probes else None
            self.breaker.note(state, operation, domain, attempt, verdict, self.now, probed)
            told.append(state)
        return told

    @property
    def is_open(self) -> bool:
        return self.breaker.outage is not None


@pytest.mark.parametrize("bad", [FAULT, lost(), unsent(), refused("503", 503), DENIED])
def test_a_row_of_bad_answers_opens_it_and_is_charged_to_nobody(bad: Attempt) -> None:
    told = Told()
    told.tell(ACCEPTED)
    row = told.tell(*[bad] * (ROW - 1))
    assert not told.is_open
    row += told.tell(bad)
    assert told.breaker.outage is not None
    assert (told.breaker.outage.since, told.breaker.outage.code) == (2.0, bad.code)
    later = told.tell(bad, bad)
    assert [(state.charged, state.unsent, state.held) for state in row + later] == [
        (0, 0, True)
    ] * (ROW + 2)


@pytest.mark.parametrize("good", [ACCEPTED, REJECTED])
def test_a_good_answer_in_between_breaks_the_row(good: Attempt) -> None:
    told = Told()
    for _ in range(5):
        told.tell(*[FAULT] * (ROW - 1), good)
    assert not told.is_open
    assert {state.charged for state in told.states.values()} == {1}


def test_throttles_neither_open_it_nor_break_a_row() -> None:
    told = Told()
    told.tell(ACCEPTED, *[THROTTLED] * 50)
    assert not told.is_open
    told.tell(*[FAULT, THROTTLED] * (ROW - 1))
    assert not told.is_open
    told.tell(FAULT)
    assert told.is_open


@pytest.mark.parametrize("good", [ACCEPTED, REJECTED, THROTTLED])
def test_the_first_answer_of_the_service_closes_it(good: Attempt) -> None:
    told = Told()
    told.tell(*[FAULT] * ROW)
    assert told.is_open
    told.tell(good)
    assert not told.is_open


def test_pauses_grow_to_a_minute_with_each_failed_probe() -> None:
    told, pauses = Told(), []
    told.tell(*[lost()] * ROW)
    for _ in range(22):
        pauses.append(told.breaker.next_probe - told.now)
        told.now = told.breaker.next_probe
        told.tell(lost(), probes=True)
    assert pauses[:4] == pytest.approx([1, 1.25, 1.5625, 1.953125])
    assert pauses == sorted(pauses)
    assert pauses[-1] == 60


def test_an_answer_to_what_was_sent_before_the_outage_does_not_close_it() -> None:
    told = Told()
    told.tell(*[FAULT] * ROW)
    told.tell(Attempt(reached="answered", seconds=told.now + 0.5))
    assert told.is_open
    told.tell(Attempt(reached="answered", seconds=1.0))
    assert not told.is_open


@pytest.mark.parametrize("requests", [1, 2])
def test_so_few_requests_fail_by_their_own_attempts(requests: int) -> None:
    told = Told()
    told.tell(ACCEPTED)
    for number in range(8 * requests):
        told.tell(FAULT, of=1 + number % requests)
    assert not told.is_open
    assert [told.states[1 + each].charged for each in range(requests)] == [8] * requests


def test_what_says_nothing_of_a_request_opens_it_for_a_single_one() -> None:
    told = Told()
    told.tell(ACCEPTED)
    told.tell(*[unsent()] * ROW, of=1)
    assert told.is_open


def test_before_any_answer_what_never_leaves_is_no_outage() -> None:
    told = Told()
    told.tell(*[unsent()] * 50)
    assert not told.is_open
    told.tell(FAULT)  # a proxy's, or AWS's: something can be reached
    told.tell(*[unsent()] * ROW)
    assert told.is_open


def test_a_request_that_others_outlived_is_charged_however_long_its_own_row_gets() -> None:
    told = Told()
    told.tell(FAULT, FAULT, FAULT)
    told.tell(ACCEPTED)
    for turn in range(7):
        assert [told.states[each].charged for each in range(3)] == [1 + turn] * 3
        for each in range(3):
            told.tell(FAULT, of=each)
    assert not told.is_open


def test_a_request_that_two_outages_left_behind_is_charged() -> None:
    told = Told()
    for outage in range(2):
        for each in range(ROW):
            told.tell(FAULT, of=each)
        assert told.is_open, outage
        told.tell(ACCEPTED, of=100)
    for turn in range(8):
        for each in range(ROW):
            told.tell(FAULT, of=each)
        assert not told.is_open
        assert {told.states[each].charged for each in range(ROW)} == {turn + 1}


def test_denials_count_only_where_the_action_was_allowed_before() -> None:
    told = Told()
    told.tell(ACCEPTED, domain="allowed")
    told.tell(ACCEPTED, operation=GET_TRIGGER, domain="other")
    denied = told.tell(*[DENIED] * 30, domain="other")
    assert not told.is_open
    assert {(state.charged, state.held) for state in denied} == {(1, False)}
    told.tell(*[DENIED] * ROW, domain="allowed")
    assert told.is_open


def test_denials_of_a_domain_never_tried_prove_nothing_and_do_not_close_it() -> None:
    told = Told()
    told.tell(ACCEPTED)
    for _ in range(ROW - 1):
        (state,) = told.tell(DENIED)
        told.tell(DENIED, domain="never tried")
    assert not told.breaker.is_explained(state, UPDATE_TRIGGER)
    told.tell(DENIED)
    assert told.is_open
    (other,) = told.tell(DENIED, domain="never tried", probes=True)
    assert (told.is_open, other.held, other.charged) == (True, True, 0)
    told.tell(ACCEPTED)
    assert not told.is_open


def test_a_denial_ends_an_outage_of_another_kind() -> None:
    told = Told()
    told.tell(ACCEPTED, *[FAULT] * ROW)
    told.tell(DENIED, domain="never tried", probes=True)
    assert not told.is_open


def test_a_domain_that_is_refused_alone_opens_it_no_more_until_it_is_allowed_again() -> None:
    told = Told()
    told.tell(ACCEPTED)
    (state,) = told.tell(DENIED)
    told.tell(ACCEPTED, domain="other")
    (again,) = told.tell(DENIED, of=int(state.id))
    assert not again.held
    told.tell(*[DENIED] * 50)
    assert not told.is_open
    assert told.breaker.has_accepted
    told.tell(ACCEPTED, *[DENIED] * ROW)
    assert told.is_open


def test_a_denial_that_others_outlive_is_explained() -> None:
    told = Told()
    told.tell(ACCEPTED)
    (state,) = told.tell(DENIED)
    assert (state.held, told.breaker.is_explained(state, UPDATE_TRIGGER)) == (True, False)
    told.tell(ACCEPTED)
    assert told.breaker.is_explained(state, UPDATE_TRIGGER)


def test_answers_to_another_operation_neither_break_a_row_nor_close_it() -> None:
    told = Told()
    for _ in range(ROW):
        told.tell(ACCEPTED, operation=GET_TRIGGER)
        told.tell(FAULT)
    assert told.is_open
    told.tell(ACCEPTED, operation=GET_TRIGGER)
    assert told.is_open
    told.tell(ACCEPTED, operation=GET_TRIGGER, probes=True)  # nobody of the other was left
    assert not told.is_open


def test_a_list_that_nothing_depends_on_opens_it_never() -> None:
    told = Told()
    told.tell(ACCEPTED)
    assert {state.charged for state in told.tell(*[FAULT] * 50, operation=LIST_TRIGGERS)} == {1}
    assert not told.is_open


def test_refused_credentials_open_it_once_they_were_good() -> None:
    told = Told()
    (state,) = told.tell(refused("ExpiredTokenException", 403))
    assert not told.breaker.has_accepted
    told.tell(ACCEPTED)
    assert told.breaker.has_accepted
    told.breaker.note_refused(state, UPDATE_TRIGGER, "renew them.", told.now)
    assert told.breaker.outage is not None
    assert told.breaker.outage.reason == "renew them"
    told.breaker.note_renewed(told.now)
    assert told.breaker.next_probe == told.now


ANY = [ACCEPTED, REJECTED, THROTTLED, FAULT, lost(), unsent(), DENIED]


@given(st.lists(st.tuples(st.sampled_from(ANY), st.integers(0, 5), st.booleans()), max_size=40))
def test_whatever_comes_it_charges_only_bad_answers_while_closed(
    steps: list[tuple[Attempt, int, bool]],
) -> None:
    told = Told()
    for attempt, number, other in steps:
        operation = GET_TRIGGER if other else UPDATE_TRIGGER
        state = told.states.get(number)
        before, was_open = (state.charged if state else 0), told.is_open
        (state,) = told.tell(attempt, of=number, operation=operation, probes=was_open)
        bad = judge(attempt) in (Verdict.TRANSIENT, Verdict.LOST, Verdict.UNSENT, Verdict.DENIED)
        assert 0 <= state.charged <= before + 1
        if was_open and told.is_open:
            assert state.charged == before or judge(attempt) in (Verdict.REJECTED, Verdict.DENIED)
        if not was_open and told.is_open:
            assert bad
            assert told.breaker.next_probe > told.now
        if was_open and not told.is_open:
            assert attempt.reached == "answered"
        assert told.breaker.outage is None or told.breaker.outage.since <= told.now
