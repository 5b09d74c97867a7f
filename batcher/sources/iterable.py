"""Updates from a caller's iterable, read by the rules one at a time."""

from collections.abc import AsyncGenerator, AsyncIterable, Generator, Iterable, Mapping
from contextlib import aclosing
from typing import Any

from batcher.records import Update
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation

Updates = Iterable[Mapping[str, Any]] | AsyncIterable[Mapping[str, Any]]


async def read_iterable(
    updates: Updates, reader: LineReader
) -> AsyncGenerator[tuple[int, str, Update | list[Violation]], None]:
    """Yield ``(position, target, update or its violations)`` for each entry, position from 1.

    A generator that was given is closed with this one.
    """
    position = 0
    async with aclosing(_each(updates)) as values:
        async for value in values:
            position += 1
            found = reader.from_mapping(value, position)
            target = found.target if isinstance(found, Update) else reader.target_meant(value)
            yield position, target, found


async def _each(updates: Updates) -> AsyncGenerator[Mapping[str, Any], None]:
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
