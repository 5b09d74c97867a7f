"""Results are counted together as one by one, whatever targets they are of."""

import tracemalloc
from collections import defaultdict

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.tally import Tally
from batcher.accounting.target_tallies import TOGETHER, TargetTallies
from batcher.records import STATUSES, BriefResult, Error

RESULTS = st.builds(
    BriefResult,
    id=st.just("1"),
    line=st.integers(1, 9),
    target=st.sampled_from(["a", "b", "c"]),
    status=st.sampled_from(STATUSES),
    attempts=st.integers(0, 3),
    error=st.sampled_from([None, Error(code="MoreThanAsked", message="x")]),
)


@given(st.lists(st.lists(RESULTS, min_size=1, max_size=4), max_size=6), st.booleans())
def test_results_are_counted_with_those_of_their_target(
    parts: list[list[BriefResult]], looked_at: bool
) -> None:
    found, expected = TargetTallies(["a"]), defaultdict[str, Tally](Tally, {"a": Tally()})
    for part in parts:
        found.add_all(part)
        for result in part:
            expected[result.target].add(result)
        if looked_at:
            repr(found)
    assert {name: vars(tally) | {"denials": None} for name, tally in found.by_target().items()} == {
        name: vars(tally) | {"denials": None} for name, tally in expected.items()
    }


def test_results_of_which_no_two_are_alike_do_not_pile_up() -> None:
    found = TargetTallies()
    alike = [BriefResult(id="1", line=1, target="a", status="failed", throttles=1)] * 1000
    unlike = [msgspec.structs.replace(alike[0], throttles=n) for n in range(2 * TOGETHER)]
    tracemalloc.start()
    try:
        for _ in range(100):
            found.add_all(alike)
        assert tracemalloc.get_traced_memory()[1] < 200_000
        found.add_all(unlike)
        assert tracemalloc.get_traced_memory()[0] < 200_000
    finally:
        tracemalloc.stop()
    tally = found.by_target()["a"]
    assert (tally.done, tally.throttles) == (len(unlike) + 100_000, sum(range(len(unlike))) + 10**5)
