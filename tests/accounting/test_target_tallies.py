"""Results are counted together as one by one, whatever targets they are of."""

from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.tally import Tally
from batcher.accounting.target_tallies import TOGETHER, TargetTallies
from batcher.records import BriefResult, Error

RESULTS = st.builds(
    BriefResult,
    id=st.just("1"),
    line=st.integers(1, 9),
    target=st.sampled_from(["a", "b", "c"]),
    status=st.sampled_from(["succeeded", "failed", "differs"]),
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


def test_no_more_than_some_wait_to_be_counted() -> None:
    found = TargetTallies()
    for _ in range(TOGETHER):
        found.add_all([BriefResult(id="1", line=1, target=each, status="failed") for each in "ab"])
    assert {name: tally.done for name, tally in found.by_target().items()} == dict.fromkeys(
        "ab", TOGETHER
    )
