"""Columns of lines or records split by their target, in one pass however many targets there are."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any


def split_by_target(
    targets: Sequence[str], *columns: Sequence[Any]
) -> dict[str, list[Sequence[Any]]]:
    """Of each target its part of each column, in order; ``targets``: that of each row."""
    if not targets:
        return {}
    if targets.count(targets[0]) == len(targets):
        return {targets[0]: list(columns)}
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, target in enumerate(targets):
        rows[target].append(row)
    return {
        target: [[column[row] for row in own] for column in columns] for target, own in rows.items()
    }
