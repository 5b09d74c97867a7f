"""Refusals are counted by domain and action; what was allowed elsewhere tells of the update."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from batcher.accounting.denials import DENIED_IN_A_ROW, Action, Denials
from batcher.accounting.verdicts import Verdict
from batcher.operations import GET_TRIGGER, LIST_DOMAINS, LIST_TRIGGERS, UPDATE_TRIGGER

ATTEMPTS = st.lists(
    st.tuples(
        st.builds(
            Action,
            st.sampled_from([GET_TRIGGER, UPDATE_TRIGGER]),
            st.sampled_from(["acme", "beta"]),
        ),
        st.sampled_from([Verdict.DENIED, Verdict.DENIED, Verdict.THROTTLED, *Verdict]),
    ),
    max_size=40,
)


@given(attempts=ATTEMPTS, at_least=st.integers(1, 4))
def test_an_action_is_refused_by_its_own_row_in_one_domain_and_while_it_was_allowed_nowhere(
    attempts: list[tuple[Action, Verdict]], at_least: int
) -> None:
    denials = Denials()
    for action, verdict in attempts:
        denials.count(action, verdict)

    def row(action: Action) -> int:
        told = [v for a, v in attempts if a == action and v is not Verdict.THROTTLED]
        return next((n for n, v in enumerate(told[::-1]) if v is not Verdict.DENIED), len(told))

    allowed = {action.operation for action, verdict in attempts if verdict is Verdict.ACCEPTED}
    expected = {
        action
        for action, _ in attempts
        if row(action) >= at_least and action.operation not in allowed
    }
    found = denials.refused(at_least=at_least)
    assert (found in expected) if expected else found is None
    for domain in ("acme", "beta"):
        here = {action for action in expected if action.domain == domain}
        assert (denials.refused(domain, at_least) is None) == (not here)


@pytest.mark.parametrize(
    ("rows", "named"),
    [
        ({Action(UPDATE_TRIGGER, "a"): DENIED_IN_A_ROW - 1}, None),
        ({Action(UPDATE_TRIGGER, "a"): DENIED_IN_A_ROW}, "profile:UpdateEventTrigger in domain a"),
        ({Action(GET_TRIGGER, "b"): DENIED_IN_A_ROW}, "profile:GetEventTrigger in domain b"),
        (
            {Action(LIST_DOMAINS, ""): DENIED_IN_A_ROW},
            "20 in a row AccessDenied, none accepted (profile:ListDomains)",
        ),
        ({Action(LIST_TRIGGERS, f"d{n}"): 1 for n in range(19)}, None),
        ({Action(LIST_TRIGGERS, f"d{n}"): 1 for n in range(20)}, "ListEventTriggers in 20 domains"),
        # forty in a row, of two domains, or of two actions
        ({Action(UPDATE_TRIGGER, each): DENIED_IN_A_ROW - 1 for each in "ab"}, None),
        ({Action(each, "a"): DENIED_IN_A_ROW - 1 for each in (GET_TRIGGER, UPDATE_TRIGGER)}, None),
    ],
)
def test_what_is_hopeless_is_named_with_its_action(
    rows: dict[Action, int], named: str | None
) -> None:
    denials = Denials()
    for n in range(DENIED_IN_A_ROW):
        for action, times in rows.items():
            if n < times:
                denials.count(action, Verdict.DENIED)
    why = denials.why_hopeless()
    assert (why is None) if named is None else (named in str(why))
    for action in rows:  # a policy that was put right
        denials.count(action, Verdict.ACCEPTED)
    assert denials.why_hopeless() is None
