"""Of many targets it is known whose a line is, as when each is asked."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.sources.line_index import LineIndex
from batcher.sources.line_owners import FEW, LineOwners


@pytest.mark.parametrize("targets", [1, FEW, FEW + 1])
@given(owners=st.lists(st.integers(0, FEW + 1), max_size=30), asked=st.sets(st.integers(0, 40)))
def test_the_owner_of_a_line_is_the_index_that_has_it(
    targets: int, owners: list[int], asked: set[int]
) -> None:
    indexes = [LineIndex((0, 0)) for _ in range(targets)]
    expected = dict[int, int]()
    for line, owner in enumerate(owners, 1):
        if owner < targets:
            indexes[owner].add(line, 10 * line, b"")
            expected[line] = owner
    found = LineOwners(indexes)
    assert {line: found.of(line) for line in asked} == {line: expected.get(line) for line in asked}
    assert found.of_each([*asked]) == [expected.get(line) for line in asked]
    together = found.split([*asked, *asked])
    assert {line: owner for owner, lines in together.items() for line in lines} == {
        line: expected[line] for line in asked if line in expected
    }
    assert all(lines == sorted(set(lines)) for lines in together.values())
