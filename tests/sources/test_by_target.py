"""Columns split by target: each row to its own, in order, in one pass."""

from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from batcher.sources.by_target import split_by_target


@given(st.lists(st.sampled_from("abc")))
def test_each_row_goes_to_its_target_in_order(targets: list[str]) -> None:
    rows = range(len(targets))
    found = split_by_target(targets, rows, [str(row) for row in rows])
    assert list(found) == list(dict.fromkeys(targets))
    for target, (own, texts) in found.items():
        assert list(own) == [row for row in rows if targets[row] == target]
        assert texts == [str(row) for row in own]


class Counted(list[str]):
    """Counts how often it is gone through."""

    passes = 0

    def __iter__(self) -> Iterator[str]:
        self.passes += 1
        return super().__iter__()


def test_a_thousand_targets_take_no_more_passes_than_two() -> None:
    passes = []
    for targets in (2, 1000):
        column = Counted(f"t{row % targets}" for row in range(2000))
        split_by_target(column, column)
        passes.append(column.passes)
    assert passes[0] == passes[1] <= 2
