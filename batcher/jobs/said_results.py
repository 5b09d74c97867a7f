"""Results that say why they are there, and what they belong to, where somebody said so."""

from collections.abc import Mapping
from typing import Any

from msgspec.structs import replace

from batcher.ports import ResultStore
from batcher.records import Result


class SaidResults:
    """A ResultStore: each result has what was ``said``, its members ``reason`` and ``labels``."""

    def __init__(self, results: ResultStore, said: Mapping[str, Any]) -> None:
        self._results = results
        self._said = said

    async def append(self, result: Result) -> None:
        await self._results.append(replace(result, **self._said) if self._said else result)
