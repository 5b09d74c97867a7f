"""A set of very many trigger keys knows which it holds, where, and which have a name."""

import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys

_NAME = st.sampled_from(["", "a", "b", "ab", "é", "\ud800", "\0"])
_KEY = st.builds(TriggerKey, _NAME, _NAME, st.one_of(_NAME, st.integers(0, 9).map(str)))


@given(st.lists(_KEY), st.lists(_KEY, max_size=5))
def test_it_is_as_a_set_and_has_each_key_at_the_place_at_which_it_came(
    keys: list[TriggerKey], others: list[TriggerKey]
) -> None:
    found, places = TriggerKeys(), dict[TriggerKey, int]()
    for key in keys:
        assert found.add(key) == places.setdefault(key, len(places))
    assert ([*found], len(found)) == ([*places], len(places))
    assert [found.key(place) for place in places.values()] == [*places]
    for key in (*keys, *others):
        assert found.place(key) == places.get(key)
        assert (key in found) is (key in places)
    no_key: object = "a"
    assert no_key not in found


@given(
    st.lists(_KEY), st.lists(_KEY), st.one_of(st.none(), _NAME, st.just([])), _NAME, st.booleans()
)
def test_it_knows_the_keys_of_a_name_also_those_that_come_later(
    keys: list[TriggerKey], more: list[TriggerKey], domain: object, name: str, wide: bool
) -> None:
    """``wide``: of so many targets that they are not asked one after the other."""
    target = keys[0].target if keys else "a"
    found = TriggerKeys(TriggerKey(str(each), "", "") for each in range(20 if wide else 0))
    for some in (keys, more):
        for key in some:
            found.add(key)
        named = [found.key(place) for place in found.meant(domain, name)]
        assert len(named) == len(set(named))
        assert {*named} == {
            key for key in found if key.trigger == name and domain in (None, key.domain)
        }
        assert found.are_meant(domain, name) is bool(named)
        of_target = found.meant(domain, name, target)
        assert [found.key(place) for place in of_target] == [
            key for key in named if target in ("", key.target)
        ]


@pytest.mark.parametrize("targets", [1, 100])
def test_a_key_takes_few_bytes(targets: int) -> None:
    tracemalloc.start()
    try:
        found = TriggerKeys()
        for number in range(5_000):
            found.add(TriggerKey(f"t{number % targets}", "acme", f"cart-abandoned-{number}"))
        assert found.meant("acme", "cart-abandoned-70") == [70]
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 5_000
    assert taken < 65 * 5_000
