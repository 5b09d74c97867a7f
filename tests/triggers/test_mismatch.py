"""An answer held against what was asked: told by members and paths, never by values."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.diff import is_off
from batcher.triggers.mismatch import answer_mismatch, collateral_change, expected_answer
from tests.triggers.samples import answered, requests


@given(requests())
def test_an_answer_that_shows_the_request_is_as_asked(request: dict[str, Any]) -> None:
    assert answer_mismatch(request, answered(request)) is None


@given(requests().filter(lambda request: len(request) > 2), st.data())
def test_an_answer_that_shows_something_else_is_told_by_its_member_and_not_by_its_value(
    request: dict[str, Any], data: st.DataObject
) -> None:
    answer = answered(request)
    member = data.draw(st.sampled_from(sorted(request.keys() - {"DomainName", "EventTriggerName"})))
    answer[member] = "a-telling-text"
    error = answer_mismatch(request, answer)
    assert error is not None
    assert error.message == f"AWS's answer differs from what was asked in {member}"
    del answer[member]
    told = None if is_off(request[member]) else error  # to be off is as good as to be absent
    assert answer_mismatch(request, answer) == told


@given(requests(), requests())
def test_what_is_expected_of_an_answer_is_as_asked_and_changes_nothing_else(
    request: dict[str, Any], before: dict[str, Any]
) -> None:
    expected = expected_answer(request, before)
    assert answer_mismatch(request, expected) is None
    assert collateral_change(request, before, expected) is None
    assert expected.keys() == (request.keys() | before.keys()) - {"DomainName"}
