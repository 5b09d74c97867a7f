"""Updates grouped by what they do: none is lost, none that does something else is hidden."""

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.cli.output.plan_groups import HELD, NAMES, VARIANTS, PlanGroups
from tests.cli.output.planned import planned


def text(groups: PlanGroups) -> list[str]:
    lines = (line for group in groups.largest_first() for line in group.lines(target=False))
    return [line.plain for line in lines]


def test_what_does_the_same_is_one_group_and_what_does_not_stands_out() -> None:
    groups = PlanGroups()
    for line in range(1, 4001):
        groups.add(*planned(line, "a", "c" if line == 77 else "b"))
    assert text(groups) == [
        "3,999 updates: acme/t1, acme/t2, acme/t3, acme/t4, acme/t5, acme/t6, acme/t7, acme/t8"
        " and 3,991 more (--full shows each)",
        '    ~ SegmentFilter: "a" → "b"',
        "line 77 acme/t77 (id 77)",
        '    ~ SegmentFilter: "a" → "c"',
    ]


def test_values_of_their_own_are_one_group_after_some_that_are_shown() -> None:
    groups = PlanGroups()
    for line in range(100):
        groups.add(*planned(line, f"a{line}", "b"))
    first, *others = groups.largest_first()
    assert (first.mixed, first.count, len(others)) == (True, 100 - VARIANTS, VARIANTS)
    assert text(groups)[1:3] == [
        "    each with values of its own, such as",
        f'    ~ SegmentFilter: "a{VARIANTS}" → "b"',
    ]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("abcd"))), st.booleans())
@settings(max_examples=30)
def test_every_update_is_counted_once_by_what_it_does(
    values: list[tuple[str, str]], each: bool
) -> None:
    groups = PlanGroups(each=each)
    for line, (before, after) in enumerate(values, 1):
        groups.add(*planned(line, before, after))
    found = groups.largest_first()
    assert sum(group.count for group in found) == len(values)
    assert all(len(group.names) == min(NAMES, group.count) for group in found)
    assert len(found) == (len(values) if each else len({v if v[0] != v[1] else "" for v in values}))


def test_of_single_updates_so_many_are_held_and_the_others_counted() -> None:
    groups = PlanGroups(each=True)
    one, found = planned(1, "a", "b")
    two, _ = planned(2, "a", "b")
    groups.add(one, found)
    groups.add(two, found)
    assert [group.count for group in groups.largest_first()] == [1, 1]
    for line in range(3, HELD + 10):
        groups.add(planned(line, "a", "b")[0], found)
    assert (len(groups.largest_first()), groups.more) == (HELD, 9)
