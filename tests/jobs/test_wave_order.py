"""The order of turns: spread over domains, in order in each trigger, the same for whoever asks."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from batcher.jobs.wave_order import WaveOrder

LINES = st.lists(st.tuples(st.sampled_from("abcde"), st.integers(0, 3)), max_size=60)


def order_of(lines: list[tuple[str, int]]) -> WaveOrder:
    order = WaveOrder()
    for line, (domain, _) in enumerate(lines, 1):
        order.add(line, domain)
    return order


@given(LINES)
def test_each_line_has_its_turn_once_and_those_of_a_trigger_in_order(
    lines: list[tuple[str, int]],
) -> None:
    order = order_of(lines)
    turns = list(order)
    assert sorted(turns) == list(range(1, len(lines) + 1))
    assert turns == list(order) == list(order_of(lines)), "for who reads the same file again, too"
    for trigger in set(lines):
        own = [line for line in turns if lines[line - 1] == trigger]
        assert own == sorted(own)


@given(LINES, st.integers(1, 60))
def test_however_small_a_wave_is_its_domains_are_even_as_far_as_they_have_lines(
    lines: list[tuple[str, int]], size: int
) -> None:
    all_of, wave = Counter(domain for domain, _ in lines), Counter[str]()
    for line in list(order_of(lines))[:size]:
        wave[lines[line - 1][0]] += 1
    most = max(wave.values(), default=0)
    assert all(wave[each] >= min(most - 1, all_of[each]) for each in all_of)


def test_ten_of_five_domains_are_two_of_each() -> None:
    lines = [(domain, 0) for domain in "abcde" for _ in range(20)]
    wave = list(order_of(lines))[:10]
    assert Counter(lines[line - 1][0] for line in wave) == dict.fromkeys("abcde", 2)
    assert repr(order_of(lines)) == "<WaveOrder: 100 lines in 5 parts>"


def test_the_most_urgent_are_first_and_spread_as_well() -> None:
    order = WaveOrder()
    for line, (domain, urgency) in enumerate([("a", 0), ("a", 9), ("a", 9), ("b", 0), ("b", 9)], 1):
        order.add(line, domain, urgency)
    assert list(order) == [2, 5, 3, 1, 4]
