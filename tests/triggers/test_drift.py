"""A base held against a live trigger: what counts as drift, both ways, and what can't be told."""

import random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.diff import digest, image
from batcher.triggers.drift import BaseTrigger, drift_of
from tests.updates.samples import MODEL, full

WHOLE = image(full(), MODEL.writable)
NONE = frozenset[str]()


def effect(base: BaseTrigger, live: dict[str, Any], ignored: frozenset[str] = NONE) -> Any:
    found, changes = drift_of(base, live, MODEL.writable, ignored)
    return found, [change.path for change in changes]


def shuffled(value: Any, chance: random.Random) -> Any:
    """Every list in another order, but for the ends of a range."""
    match value:
        case {"ComparisonOperator": "BETWEEN" | "NOT_BETWEEN"}:
            return value
        case dict():
            return {name: shuffled(below, chance) for name, below in value.items()}
        case list():
            return chance.sample([shuffled(each, chance) for each in value], len(value))
    return value


@given(st.randoms(use_true_random=False), st.floats(0, 2e9))
@settings(max_examples=20)
def test_order_times_and_tags_are_no_drift(chance: random.Random, moment: float) -> None:
    base = BaseTrigger(members=WHOLE, complete=True)
    live = {**shuffled(WHOLE, chance), "LastUpdatedAt": moment, "Tags": {"a": "b"}}
    assert effect(base, live) == ("same", [])


def test_each_member_that_comes_goes_or_changes_is_drift_unless_it_is_ignored() -> None:
    optional = [name for name in ("Description", "SegmentFilter") if name in WHOLE]
    assert optional
    for name in optional:
        less = {each: value for each, value in WHOLE.items() if each != name}
        base, poor = (BaseTrigger(members=each, complete=True) for each in (WHOLE, less))
        for known, live in ((base, less), (poor, WHOLE), (base, {**WHOLE, name: "other"})):
            assert effect(known, live) == ("changed", [name])
            assert effect(known, live, frozenset({name})) == ("same", [])


def test_of_a_base_that_knows_a_part_the_digest_tells_of_the_rest() -> None:
    asked = {"SegmentFilter": WHOLE["SegmentFilter"]}
    base = BaseTrigger(members=asked, complete=False, sha256=digest(WHOLE, MODEL.writable))
    other = {**WHOLE, "Description": "other"}
    assert effect(base, WHOLE) == ("same", [])
    assert effect(base, other) == ("changed", [])
    assert effect(base, other, frozenset({"Description"})) == ("unknown", [])
    assert effect(base, {**WHOLE, "SegmentFilter": "x"}) == ("changed", ["SegmentFilter"])
    assert effect(BaseTrigger(members=asked, complete=False), other) == ("same", [])


def test_times_tell_only_where_both_are_known_and_equal_to_the_millisecond() -> None:
    base = BaseTrigger(members=WHOLE, complete=True, last_updated_at=1_700_000_000.123)
    assert base.unmoved(1_700_000_000.1230001)
    assert not base.unmoved(1_700_000_000.124)
    assert not base.unmoved(1_700_000_000.0)
    assert not base.unmoved(None)
    assert not BaseTrigger(members=WHOLE, complete=True).unmoved(1.0)
