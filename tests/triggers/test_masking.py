"""A masked plan says which members change, and of sensitive ones no more than that."""

from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.diff import Change, changes
from batcher.triggers.masking import HIDDEN, masked
from tests.triggers.samples import answered, requests
from tests.updates.samples import MODEL

SECRET = "a-telling-text"
NAMES = st.sampled_from(["A", "B", "Secret"])
TREES = st.recursive(
    st.sampled_from(["plain", 1, None]),
    lambda below: st.lists(below, max_size=2) | st.dictionaries(NAMES, below, max_size=2),
)


def with_secrets(value: Any, *, below_secret: bool = False) -> Any:
    """The value with every leaf below the member ``Secret`` turned into a telling text."""
    if isinstance(value, dict):
        return {
            name: with_secrets(each, below_secret=below_secret or name == "Secret")
            for name, each in value.items()
        }
    if isinstance(value, list):
        return [with_secrets(each, below_secret=below_secret) for each in value]
    return f"{SECRET} {value}" if below_secret else value


@settings(max_examples=50)
@given(requests(), requests())
def test_a_masked_plan_holds_nothing_sensitive(
    request: dict[str, Any], wanted: dict[str, Any]
) -> None:
    text = "a-telling-text"
    for each in (request, wanted):
        if "Description" in each:
            each["Description"] = text + each["Description"]
    found = changes(wanted, answered(request))
    shown = masked(found, MODEL.sensitive)
    assert {change.path.partition(".")[0].partition("[")[0] for change in found} == {
        change.path.partition(".")[0] for change in shown
    }
    assert text not in msgspec.json.encode(shown).decode()
    for change in shown:
        if change.path in MODEL.sensitive:
            assert (change.before in (None, HIDDEN), change.after) == (True, HIDDEN)


def test_what_is_sensitive_deep_below_is_masked_too() -> None:
    found = changes({"A": {"Secret": [1], "B": 2}}, {}) + changes(
        {"C": {"Secret": 1}}, {"C": {"Secret": 2}}
    )
    assert masked(found, frozenset({"Secret"})) == [
        Change(path="A", after={"Secret": HIDDEN, "B": 2}),
        Change(path="C.Secret", before=HIDDEN, after=HIDDEN),
    ]


@given(st.dictionaries(NAMES, TREES), st.dictionaries(NAMES, TREES))
def test_at_whatever_depth_a_sensitive_member_is_it_is_named_and_not_shown(
    wanted: dict[str, Any], current: dict[str, Any]
) -> None:
    found = changes(with_secrets(wanted), with_secrets(current))
    shown = masked(found, frozenset({"Secret"}))
    assert SECRET not in msgspec.json.encode(shown).decode()
    assert bool(shown) is bool(found)
    assert len({change.path for change in shown}) == len(shown)


@given(st.dictionaries(NAMES, TREES), st.dictionaries(NAMES, TREES))
def test_where_nothing_is_sensitive_nothing_is_masked(
    wanted: dict[str, Any], current: dict[str, Any]
) -> None:
    found = changes(wanted, current)
    assert masked(found, frozenset()) == found
