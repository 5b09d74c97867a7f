"""HashMultiset count what is different, and find what came twice, in 8 bytes a string."""

import tracemalloc
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from batcher.compact import HashMultiset, hashed


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
