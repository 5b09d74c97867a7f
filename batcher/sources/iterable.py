"""Updates from a caller's iterable, read by the rules one at a time."""

from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Generator,
    Iterable,
    Mapping,
)
from typing import Any

from batcher.records import Update
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation

Entry = tuple[int, Update | list[Violation]]


class IterableSource:
    """Iterates over ``(position, update or its violations)``, position from 1.

    A generator that was given is closed at the end.
    """

    def __init__(
        self,
        updates: Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]],
        reader: LineReader,
    ) -> None:
        self._updates = updates
        self._reader = reader

    async def __aiter__(self) -> AsyncIterator[Entry]:
        position = 0
        values = _each(self._updates)
        try:
            async for value in values:
                position += 1
                yield position, self._reader.from_mapping(value, position)
        finally:
            await values.aclose()


async def _each(updates: Iterable[Any] | AsyncIterable[Any]) -> AsyncGenerator[Any, None]:
    if isinstance(updates, AsyncIterable):
        values = aiter(updates)
        try:
            async for value in values:
                yield value
        finally:
            if isinstance(values, AsyncGenerator):
                await values.aclose()
    else:
        iterator = iter(updates)
        try:
            for value in iterator:
                yield value
        finally:
            if isinstance(iterator, Generator):
                iterator.close()
