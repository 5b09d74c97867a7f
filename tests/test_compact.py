"""Sets of very many things know what they hold, in a bit for a line and 8 bytes for a string."""

import tracemalloc
from collections import Counter
from itertools import chain
from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.compact import (
    HashBalance,
    HashMultiset,
    LineNumbers,
    LineSet,
    NumbersByLine,
    hashed,
    short_hash,
)


@given(st.lists(st.text(max_size=2)))
def test_they_know_how_many_differ_and_which_came_twice(texts: list[str]) -> None:
    hashes = HashMultiset()
    for text in texts:
        hashes.add(text)
    assert len(hashes) == len(texts)
    assert hashes.distinct() == len(set(texts))
    assert hashes.repeated() == {
        hashed(text) for text, count in Counter(texts).items() if count > 1
    }
    assert hashes.repetitions() == {
        hashed(text): count for text, count in Counter(texts).items() if count > 1
    }


def test_they_take_less_than_25_bytes_a_string_at_the_peak() -> None:
    hashes = HashMultiset()
    tracemalloc.start()
    try:
        for number in range(200_000):
            hashes.add(f"row-{number}")
        assert (hashes.distinct(), hashes.repeated()) == (200_000, set())
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 25 * 200_000


@given(st.lists(st.text(max_size=2)), st.text(max_size=2))
def test_once_sorted_they_know_what_was_added(texts: list[str], other: str) -> None:
    hashes = HashMultiset()
    for text in texts:
        hashes.add(text)
    hashes.sort()
    assert all(text in hashes for text in texts)
    assert (other in hashes) is (other in texts)


@given(st.lists(st.text(max_size=2)), st.lists(st.text(max_size=2)))
def test_a_balance_is_odd_for_what_was_not_taken_as_often_as_added(
    added: list[str], taken: list[str]
) -> None:
    balance = HashBalance()
    balance.take_all(taken)
    balance.add_all(added)
    differ = {each for each in (*added, *taken) if added.count(each) != taken.count(each)}
    assert balance.is_even is not bool(differ)
    assert {*balance.odd([*added, *taken])} >= differ
    balance.add_all(taken)
    balance.take_all(added)
    assert balance.is_even
    assert balance.odd(added) == []


def test_a_balance_takes_2_megabytes_and_rarely_takes_one_for_another() -> None:
    names = [f"row-{number}" for number in range(100_000)]
    tracemalloc.start()
    try:
        balance = HashBalance()
        balance.add_all(names)
        balance.take_all(names[10:])
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 << 20
    found = balance.odd(names)
    assert {*found} >= {*names[:10]}
    assert len(found) < 100


@given(st.sets(st.integers(0, 100_000)), st.integers(0, 200_000))
def test_a_set_of_lines_holds_those_that_were_added(lines: set[int], other: int) -> None:
    found = LineSet()
    assert all(found.add(line) for line in lines)
    assert not any(found.add(line) for line in lines)
    assert all(line in found for line in lines)
    assert (other in found) is (other in lines)
    assert [*found] == sorted(lines)


_FAR = st.builds(
    lambda part, line, step, count: [part * 2**20 + line + step * n for n in range(count)],
    st.sampled_from([0, 1, 7, 4096]),
    st.integers(0, 2**20 - 1),
    st.sampled_from([1, 2, 7, 31, 33, 1000, 2**18]),
    st.integers(0, 200),
)


@settings(max_examples=60)
@given(st.lists(_FAR, max_size=5), st.lists(_FAR, max_size=5), st.randoms(use_true_random=False))
def test_sets_of_lines_far_apart_and_close_together_are_as_sets_of_numbers(
    own: list[list[int]], others: list[list[int]], random: Random
) -> None:
    """``own`` and ``others``: lines in regular steps, in order or not, some of them twice."""
    here, there = LineSet(), LineSet(sorted(set(chain(*others))))
    expected, not_here = set[int](), set(chain(*others))
    for lines in own:
        random.shuffle(lines)
        assert here.add_all(lines) is (not expected & set(lines))
        expected |= set(lines)
    assert ([*here], len(here)) == (sorted(expected), len(expected))
    assert [*there] == sorted(not_here)
    assert all(line in here for line in expected)
    assert {line for line in not_here if line in here} == expected & not_here
    assert [*here.union(there)] == sorted(expected | not_here)
    assert [*here.both(there)] == [*there.both(here)] == sorted(expected & not_here)
    assert [*here.without(there)] == sorted(expected - not_here)
    grown = here.without(there)
    assert all(grown.add(line) for line in expected & not_here)
    assert ([*grown], [*here]) == (sorted(expected), sorted(expected))


@settings(max_examples=40)
@given(st.sets(st.integers(0, 2**22)), st.sets(st.integers(0, 2**22)))
def test_a_set_of_a_view_of_lines_is_as_one_of_the_lines(own: set[int], others: set[int]) -> None:
    lines, there = LineNumbers(), LineSet(sorted(others))
    lines.extend(sorted(own))
    here = LineSet(lines.view)
    assert ([*here], len(here)) == (sorted(own), len(own))
    assert {line for line in own | others if line in here} == own
    assert [*here.union(there)] == [*there.union(here)] == sorted(own | others)
    assert [*here.both(there)] == [*there.both(here)] == sorted(own & others)
    assert [*here.without(there)] == sorted(own - others)
    assert [*there.without(here)] == sorted(others - own)
    assert {line for line in others if here.add(line)} == others - own
    assert ([*here], [*lines]) == (sorted(own | others), sorted(own))


def test_a_set_of_a_view_of_lines_takes_no_bytes_for_them() -> None:
    lines = LineNumbers()
    lines.extend(range(0, 10_000_000, 1000))
    tracemalloc.start()
    try:
        found = LineSet(lines.view)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 10_000
    assert taken < 5_000


@pytest.mark.parametrize("targets", [1, 10, 1000])
@pytest.mark.parametrize("blocks", [False, True])
def test_a_line_takes_few_bytes_among_however_many_targets(targets: int, *, blocks: bool) -> None:
    """Of lines a million on, one target after the other or in turns."""
    begin, end = 1_000_000, 1_100_000
    each = (end - begin) // targets
    firsts = range(0, targets, max(1, targets // 10))
    parts = [
        range(begin + n * each, begin + (n + 1) * each)
        if blocks
        else range(begin + n, end, targets)
        for n in firsts
    ]
    tracemalloc.start()
    try:
        made = [LineSet(part) for part in parts]
        at_once, _ = tracemalloc.get_traced_memory()
        grown = LineSet()
        for line in parts[-1]:
            grown.add(line)
        both, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert at_once < 5 * sum(map(len, parts)) + 800 * len(made)
    assert both - at_once < 5 * len(parts[-1]) + 800
    assert [*grown] == [*made[-1]]


@settings(max_examples=40)
@given(st.sets(st.integers(0, 3000)), st.sets(st.integers(0, 3000)), st.integers(0, 3000))
def test_sets_of_lines_are_counted_and_taken_from_each_other(
    lines: set[int], others: set[int], first: int
) -> None:
    found = LineSet(sorted(lines))
    assert (len(found), repr(found)) == (len(lines), f"<LineSet: {len(lines):,} lines>")
    assert [line for line in range(3001) if line in found.union(LineSet(sorted(others)))] == sorted(
        lines | others
    )
    without = found.without(LineSet(sorted(others)))
    assert [line for line in range(3001) if line in without] == sorted(lines - others)
    gapless = LineSet(range(first, first + len(others)))
    assert [line for line in range(6001) if line in gapless] == [*range(first, first + len(others))]
    assert len(without.without(without)) == 0


def test_a_short_hash_is_of_the_content_and_has_32_bits() -> None:
    assert short_hash(b"line") == short_hash(b"".join([b"li", b"ne"])) < 2**32
    assert len({short_hash(str(number)) for number in range(1000)}) > 990


def test_a_set_of_lines_takes_a_bit_for_each() -> None:
    tracemalloc.start()
    try:
        found = LineSet()
        for line in range(200_000):
            found.add(line)
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 30_000


@given(st.lists(st.sets(st.integers(0, 300)).map(sorted)))
def test_lines_are_added_together_as_one_by_one(parts: list[list[int]]) -> None:
    found, expected = LineSet(), LineSet()
    for part in parts:
        assert found.add_all(part) is (len(part) == sum(map(expected.add, part)))
        assert [*found] == [*expected]
    assert LineSet().add_all([3, 3]) is False


@given(st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=9), st.integers(0, 40))
def test_line_numbers_are_a_sequence_with_or_without_gaps(
    steps: list[tuple[int, int]], other: int
) -> None:
    """``steps``: how far a run of lines is behind the one before, and how long it is."""
    found, expected = LineNumbers(), list[int]()
    for gap, length in steps:
        begin = (expected[-1] if expected else 0) + gap
        found.extend(range(begin, begin + length))
        expected.extend(range(begin, begin + length))
    assert [*found] == expected == [found[at] for at in range(len(found))]
    assert [found.place(line) for line in expected] == [*range(len(expected))]
    assert (other in found) is (other in expected)
    gapless = not expected or expected[-1] - expected[0] + 1 == len(expected)
    assert (found.run is not None) is gapless
    assert [*(found.run or expected)] == expected


@given(st.lists(st.lists(st.text(max_size=1))))
def test_things_are_added_together_as_one_by_one(parts: list[list[str]]) -> None:
    together, one_by_one = HashMultiset(), HashMultiset()
    for part in parts:
        together.update(part)
        for text in part:
            one_by_one.add(text)
    assert together.repetitions() == one_by_one.repetitions()
    assert len(together) == len(one_by_one)


@given(st.lists(st.text(max_size=1)), st.lists(st.text(max_size=1)))
def test_what_is_missing_is_what_only_the_others_have(own: list[str], others: list[str]) -> None:
    here, there = HashMultiset(), HashMultiset()
    here.update(own)
    there.update(others)
    assert here.missing(there) == {hash(text) for text in set(others) - set(own)}


@pytest.mark.parametrize(("kind", "size"), [("I", 4), ("Q", 8)])
@given(data=st.data())
def test_a_line_has_the_number_that_was_given_to_it_last(
    kind: Literal["I", "Q"], size: int, data: st.DataObject
) -> None:
    pair = st.tuples(st.integers(0, 5_000), st.integers(0, (1 << 8 * size) - 1))
    one_by_one, together = data.draw(st.lists(pair)), data.draw(st.lists(pair, min_size=1))
    found, expected = NumbersByLine(kind), dict(one_by_one) | dict(together)
    for line, number in one_by_one:
        found.put(line, number)
    found.put_all([line for line, _ in together], [number for _, number in together])
    assert {line: found.of(line) for line in expected} == expected
    assert [*found.lines()] == sorted(line for line, number in expected.items() if number)
    assert found.of(10_000) == 0


def test_line_numbers_without_a_gap_take_no_memory() -> None:
    tracemalloc.start()
    try:
        found = LineNumbers()
        found.extend(range(1, 1_000_000))
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert taken < 1000
