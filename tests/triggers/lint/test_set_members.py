from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.lint.line_rules import EarlierValue
from batcher.triggers.lint.set_members import SetMembers
from tests.triggers.samples import update_of

MEMBERS = st.sampled_from(["SegmentFilter", "Description"])
LINES = st.lists(
    st.tuples(st.sampled_from("ab"), st.dictionaries(MEMBERS, st.sampled_from("xy"))), max_size=12
)


@given(lines=LINES)
def test_it_tells_the_last_line_before_that_set_a_member_and_whether_to_the_same(lines) -> None:
    updates = [
        update_of({"DomainName": "acme", "EventTriggerName": trigger, **members}, number)
        for number, (trigger, members) in enumerate(lines, 1)
    ]
    found = SetMembers()
    for update in updates:
        found.add(update)
    found.finish()
    for line, (trigger, members) in enumerate(lines, 1):
        expected = {}
        for before, (other, earlier) in enumerate(lines[: line - 1], 1):
            for member in members.keys() & earlier.keys():
                if trigger == other:
                    same = members[member] == earlier[member]
                    expected[member] = EarlierValue(member=member, line=before, same=same)
        told = found.earlier(line)
        assert {each.member: each for each in told} == expected
        assert len(told) == len(expected)
        assert (line in found) is bool(expected)


def test_lists_in_another_order_are_the_same_value() -> None:
    found = SetMembers()
    for line, values in enumerate((["a", "b"], ["b", "a"]), 1):
        names = {"DomainName": "acme", "EventTriggerName": "a"}
        found.add(update_of({**names, "EventTriggerConditions": values}, line))
    found.finish()
    assert [each.same for each in found.earlier(2)] == [True]
    assert found
