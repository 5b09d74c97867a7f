"""A caller's iterable.

Every entry is read in its position, and a generator is closed whatever happens.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import pytest

from batcher.records import Update
from batcher.sources.iterable import read_iterable
from batcher.updates.line_reader import LineReader
from tests.updates.samples import MODEL

READER = LineReader(MODEL, "main")
GOOD = {"DomainName": "acme", "EventTriggerName": "cart"}
GIVEN: list[Any] = [GOOD, {"target": "other"}, None, GOOD | {"id": "mine"}]


class Generators:
    """Generators of the given updates, sync and async, that say when they end."""

    closed = 0

    def plain(self) -> Iterator[Any]:
        try:
            yield from GIVEN
        finally:
            self.closed += 1

    async def asynchronous(self) -> AsyncIterator[Any]:
        try:
            for each in GIVEN:
                yield each
        finally:
            self.closed += 1


@pytest.mark.parametrize("kind", ["list", "plain", "asynchronous"])
async def test_updates_and_violations_come_with_their_positions(kind: str) -> None:
    generators = Generators()
    given = GIVEN if kind == "list" else getattr(generators, kind)()
    found = [entry async for entry in read_iterable(given, READER)]
    assert [target for _, target, _ in found] == ["main", "other", "main", "main"]
    assert [position for position, *_ in found] == [1, 2, 3, 4]
    assert [update.id if isinstance(update, Update) else "violations" for *_, update in found] == [
        "1",
        "violations",
        "violations",
        "mine",
    ]
    assert generators.closed == (kind != "list")


@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
async def test_a_generator_is_closed_when_the_reading_stops_early(kind: str) -> None:
    generators = Generators()
    async with aclosing(read_iterable(getattr(generators, kind)(), READER)) as entries:
        await anext(entries)
        assert generators.closed == 0
    assert generators.closed == 1
