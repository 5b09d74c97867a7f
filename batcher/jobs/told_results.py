"""The journal of a run that somebody is told of, record by record, once each is on disk."""

from collections.abc import Callable
from typing import TypeAlias

from batcher.records import Result
from batcher.storage.journal import Journal

OnKept: TypeAlias = Callable[[Result, str, int], None]
"""Told of a record that is on disk: as it is there, the name of its file, its line from 1."""


class ToldResults:
    """The ResultStore port over a journal. ``file``: what it is called."""

    def __init__(self, journal: Journal[Result], file: str, on_kept: OnKept) -> None:
        self._journal = journal
        self._file = file
        self._on_kept = on_kept

    async def append(self, result: Result) -> None:
        self._journal.add(result)
        line = self._journal.lines
        await self._journal.flush()
        self._on_kept(result, self._file, line)
