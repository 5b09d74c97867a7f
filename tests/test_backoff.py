"""Pauses double up to a cap, vary below it only, and begin anew after a success."""

from hypothesis import given
from hypothesis import strategies as st

from batcher.backoff import Backoff


def test_pauses_double_up_to_the_longest_and_begin_anew_after_a_success() -> None:
    backoff = Backoff(1.0, 5.0, jitter=0.0)
    assert [backoff.next_pause() for _ in range(5)] == [1.0, 2.0, 4.0, 5.0, 5.0]
    backoff.reset()
    assert [backoff.next_pause() for _ in range(2)] == [1.0, 2.0]


@given(first=st.floats(0.01, 1.0), longest=st.floats(1.0, 60.0), jitter=st.floats(0.0, 1.0))
def test_jitter_shortens_a_pause_by_no_more_than_its_part_and_never_lengthens_it(
    first: float, longest: float, jitter: float
) -> None:
    plain = Backoff(first, longest, jitter=0.0)
    varied = Backoff(first, longest, jitter=jitter)
    for _ in range(10):
        pause = plain.next_pause()
        assert (1 - jitter) * pause <= varied.next_pause() <= pause <= longest
