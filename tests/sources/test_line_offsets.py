"""Offsets take 4 bytes each and are what was put in, also beyond 4 GiB."""

import tracemalloc
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from batcher.sources.line_offsets import LineOffsets

STEPS = st.integers(1, 300) | st.integers(2**31, 2**34)


@given(st.lists(st.lists(STEPS, max_size=5), max_size=8))
def test_offsets_are_those_that_were_added_together_or_one_by_one(parts: list[list[int]]) -> None:
    together, one_by_one, expected = LineOffsets(), LineOffsets(), list[int]()
    for steps in parts:
        part = list(accumulate(steps, initial=expected[-1] if expected else 0))[1:]
        together.extend(part)
        for offset in part:
            one_by_one.append(offset)
        expected += part
    assert [*together] == [*one_by_one] == expected
    assert [together[place] for place in range(len(together))] == expected


def test_an_offset_takes_four_bytes_in_a_file_of_many_gigabytes() -> None:
    tracemalloc.start()
    try:
        offsets = LineOffsets()
        for begin in range(0, 100_000, 1000):
            offsets.extend([line * 200_000 for line in range(begin, begin + 1000)])
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert (len(offsets), offsets[99_999]) == (100_000, 99_999 * 200_000)
    assert taken < 4.5 * len(offsets)
