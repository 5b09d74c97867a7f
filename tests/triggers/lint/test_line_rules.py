import pytest

from batcher.triggers.lint.line_rules import (
    EarlierValue,
    behaviour,
    said_before,
    set_twice,
)
from tests.conftest import trigger

NAMES = {"DomainName": "acme", "EventTriggerName": "a"}
BOTH = {**NAMES, "SegmentFilter": "vip", "ObjectTypeName": "Orders"}


def earlier(member: str, line: int, *, same: bool) -> EarlierValue:
    return EarlierValue(member=member, line=line, same=same)


def test_a_line_says_nothing_new_only_where_all_that_it_sets_was_set_before() -> None:
    once = earlier("SegmentFilter", 3, same=True)
    assert not list(said_before(BOTH, [once]))
    assert not list(said_before(BOTH, [once, earlier("ObjectTypeName", 4, same=False)]))
    (found,) = said_before(BOTH, [once, earlier("ObjectTypeName", 4, same=True)])
    assert found.message == "line 4 of this trigger has set the same before"


def test_of_two_lines_at_odds_the_later_one_is_told_that_it_wins() -> None:
    (found,) = set_twice([earlier("SegmentFilter", 3, same=False)])
    assert (found.where, found.code.code) == ("SegmentFilter", "BT101")
    assert found.message.startswith("line 3 sets it to something else; this line")


@pytest.mark.parametrize("lacking", ["ObjectTypeName", "EventTriggerConditions"])
def test_what_a_trigger_does_is_known_of_one_that_has_all_that_every_trigger_has(lacking) -> None:
    definition = trigger(1)
    assert behaviour(definition) == behaviour({**trigger(2), "Description": "of another"})
    assert behaviour(definition) != behaviour({**definition, "SegmentFilter": "vip"})
    assert behaviour({**definition, lacking: None}) is None
