"""What the live triggers of a run showed, added up: each that was looked at counts once."""

from collections.abc import Callable
from typing import TypeAlias

import msgspec
from msgspec import Struct

from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.engine.live_comparison import DIFFERS, NOT_APPLIED, SETTLES
from batcher.error_codes import MORE_THAN_ASKED, RESOURCE_NOT_FOUND
from batcher.jobs.run_audit import Discrepancies
from batcher.records import Error, Result
from batcher.updates.trigger_name import name_of


class MaybeSentFound(Struct, kw_only=True):
    """What the live triggers say of ``updates`` without a result that may have been applied.

    ``applied``: by the run, or, where nobody looked before it (not ``has_images``), as asked since
    whenever; ``not_applied``; ``unclear``: changed by somebody since. The rest was not read.
    ``first``: those of the first lines that are not ``not_applied``.
    """

    updates: int = 0
    has_images: bool = True
    applied: int = 0
    not_applied: int = 0
    unclear: int = 0
    first: Discrepancies = msgspec.field(default_factory=Discrepancies)

    @property
    def unread(self) -> int:
        return self.updates - self.applied - self.not_applied - self.unclear

    def add(self, line: int, where: str, found: Result) -> None:
        """Take what the trigger of one of them showed."""
        code = None if found.error is None else found.error.code
        if code in NOT_APPLIED:
            self.not_applied += 1
        elif code is None or found.status == "succeeded":
            self.applied += 1
            was = "it was applied" if self.has_images else "it is as asked: applied, or so before"
            self.first.add(line, f"{where}: {was}")
        elif code in DIFFERS:
            self.unclear += 1
            self.first.add(line, f"{where}: {code}: whether it was applied can't be told")


class Reads(Struct, kw_only=True):
    """The live triggers of one target that were read: how many answers, where, and when.

    ``first_at`` and ``last_at``: UTC, of the first request and the last answer.
    """

    triggers: int = 0
    account: str | None
    region: str
    endpoint: str
    first_at: str | None = None
    last_at: str | None = None

    def add(self, started_at: str, now: str) -> None:
        """Count one that was answered."""
        self.triggers += 1
        self.first_at = min(self.first_at or started_at, started_at)
        self.last_at = now


OnLook: TypeAlias = Callable[[int, int], None]
"""Told how many live triggers were looked at so far, and of how many."""


class LiveFindings:
    """What the live triggers showed; a Journal whose results are looked at and not kept.

    ``lines``: those whose triggers were to be looked at; of them ``doubtful``: with a result, of
    which nobody knew whether they were applied, and ``deleted``: whose update deleted its trigger;
    ``started``: without a result, of which nobody knows it, either. ``earlier``: lines that others
    of these set again, if they were applied: then what they show says nothing.

    ``settled``: what became of doubtful lines, None for as asked; ``stopped``: why targets were
    left before their end; ``names_targets``: of triggers, too.
    """

    def __init__(
        self,
        *,
        lines: LineSet,
        doubtful: frozenset[int],
        deleted: frozenset[int],
        started: LineSet,
        earlier: dict[int, list[int]],
        superseded: int,
        on_look: OnLook | None,
        names_targets: bool,
        has_images: bool,
    ) -> None:
        self._on_look = on_look
        self._names_targets = names_targets
        self._doubtful, self._deleted = doubtful, deleted
        self._earlier = earlier
        self._held = list[tuple[Result, str]]()  # of these, until all was looked at
        self._applied = set[int]()  # of doubtful and started lines
        self._answers = 0
        self.started = started
        self.superseded = superseded
        self.lines = lines
        self.settled: dict[int, Error | None] = {}
        self.stopped: dict[str, str] = {}
        self.as_asked = self.not_applied = self.set_again = 0
        self.differs, self.unread = Discrepancies(), Discrepancies()
        self.without_result = MaybeSentFound(updates=len(started), has_images=has_images)
        self.read: dict[str, Reads] = {}

    @property
    def looked_at(self) -> int:
        return self.as_asked + self.not_applied + self.differs.count + self.unread.count

    @property
    def has_answers(self) -> bool:
        return self._answers > 0

    @property
    def unseen(self) -> int:
        return len(self.lines) - self.looked_at - self.set_again

    async def append(self, result: Result) -> None:
        self._answers += 1
        if self._on_look is not None:
            self._on_look(self._answers, len(self.lines))
        now = SystemClock().wall()
        if result.line in self._earlier:
            self._held.append((result, now))
        else:
            self._count(result, now)

    def close(self) -> None:
        """Count what was held back, where no later update has changed its trigger since."""
        for result, now in self._held:
            if self._applied.isdisjoint(self._earlier[result.line]):
                self._count(result, now)
            else:
                self.set_again += 1

    def _count(self, result: Result, now: str) -> None:
        line, error = result.line, result.error
        if error is None or error.code in DIFFERS:
            self.read[result.target].add(result.started_at, now)
        is_applied = error is None or result.status == "succeeded"
        if is_applied and (line in self._doubtful or line in self.started):
            self._applied.add(line)
        if line in self.started:
            self.without_result.add(line, self._where(result), result)
        if line in self._doubtful:
            self._settle(result)
        if error is None:
            self.as_asked += 1
        elif error.code in NOT_APPLIED and (line in self.settled or line in self.started):
            self.not_applied += 1
        else:
            kind = self.differs if error.code in DIFFERS else self.unread
            kind.add(line, f"{self._where(result)}: {error.code}: {error.message}")

    def _settle(self, result: Result) -> None:
        line, error = result.line, result.error
        is_gone = error is not None and error.code == RESOURCE_NOT_FOUND
        if line in self._deleted and is_gone:
            return
        if error is None or error.code in SETTLES:
            self.settled[line] = error
        elif result.status == "succeeded":
            self.settled[line] = error if error.code == MORE_THAN_ASKED else None

    def _where(self, result: Result) -> str:
        return name_of(result, names_targets=self._names_targets)
