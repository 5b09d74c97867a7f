"""The updates of one target, each held against what the ones before have made of its trigger."""

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

import anyio
from msgspec import Struct

from batcher.compact import HashMultiset, hashed
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.trigger_reader import LiveTrigger
from batcher.records import Error, Update
from batcher.sources.file_source import FileSource
from batcher.triggers.diff import Writable
from batcher.triggers.forecast import Step, TriggerForecast

Effect: TypeAlias = Literal["changed", "created", "unchanged", "missing", "unreadable"]
EFFECTS: tuple[Effect, ...] = ("changed", "created", "unchanged", "missing", "unreadable")


ReadTrigger: TypeAlias = Callable[[Update], Awaitable[LiveTrigger]]
"""Reads the live trigger of an update."""


class PlannedUpdate(Struct, frozen=True, kw_only=True):
    """What is to be expected of one update. ``error``: why it would change nothing, else None."""

    update: Update
    effect: Effect
    step: Step
    error: Error | None = None


class TargetPlanner:
    """Reads and compares.

    ``left``: of triggers that come more than once, by hash, the number of updates still to come.
    Such a trigger is read once, and kept until its last update. ``writable``: what of a trigger an
    update can say. ``stays``: whether a member is expected to stay where an update omits it.
    """

    def __init__(
        self,
        read: ReadTrigger,
        left: Counter[int],
        writable: Writable,
        *,
        create_missing: bool,
        stays: Callable[[str], bool] = lambda member: True,
    ) -> None:
        self._read_live = read
        self._left = left
        self._writable = writable
        self._create_missing = create_missing
        self._stays = stays
        self._reads: dict[str, _SharedRead] = {}
        self._forecasts: dict[str, TriggerForecast] = {}

    async def read(self, update: Update) -> LiveTrigger:
        """The live trigger of an update. Raises AwsError when every call is refused."""
        name = _name(update)
        if hashed(name) not in self._left:
            return await self._read_live(update)
        if (read := self._reads.get(name)) is None:
            read = self._reads[name] = _SharedRead()
            read.live = await self._read_live(update)
            read.done.set()
        await read.done.wait()
        return read.live

    def plan(self, update: Update, live: LiveTrigger) -> PlannedUpdate:
        """What the update would do; to be asked in the order of the file."""
        step = self._forecast(update, live).step(update)
        if step.there:
            effect: Effect = (
                "created" if step.creates else "changed" if step.changes else "unchanged"
            )
            return PlannedUpdate(update=update, effect=effect, step=step)
        effect = "missing" if _is_missing(live) else "unreadable"
        error = live if isinstance(live, Error) else None
        return PlannedUpdate(update=update, effect=effect, step=step, error=error)

    def _forecast(self, update: Update, live: LiveTrigger) -> TriggerForecast:
        name = _name(update)
        if hashed(name) not in self._left:
            return self._begin(live)
        if (forecast := self._forecasts.get(name)) is None:
            forecast = self._forecasts[name] = self._begin(live)
        self._left[hashed(name)] -= 1
        if not self._left[hashed(name)]:
            self._reads.pop(name, None)
            del self._forecasts[name]
        return forecast

    def _begin(self, live: LiveTrigger) -> TriggerForecast:
        current = None if isinstance(live, Error) else live
        creates = self._create_missing and _is_missing(live)
        return TriggerForecast(current, self._writable, create_missing=creates, stays=self._stays)


class _SharedRead:
    """One read of a trigger, which several updates wait for."""

    def __init__(self) -> None:
        self.done = anyio.Event()
        self.live: LiveTrigger


async def repeated_triggers(source: FileSource) -> Counter[int]:
    """How often each trigger comes that comes more than once, by hash."""
    hashes = HashMultiset()
    async for update in source:
        hashes.add(_name(update))
    return hashes.repetitions()


def _name(update: Update) -> str:
    return f"{update.domain}\0{update.trigger}"


def _is_missing(live: LiveTrigger) -> bool:
    return isinstance(live, Error) and live.code == RESOURCE_NOT_FOUND
