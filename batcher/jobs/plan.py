"""The plan: every live trigger of a file of updates read, at reading's own pace, and held against
what is wanted of it.

Reads only, and says nothing to anybody; the command line shows what is told here.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Literal, TypeAlias

import anyio
from msgspec import Struct

from batcher.accounting.tally import Tally, stop_reason
from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.compact import HashMultiset, hashed
from batcher.config import Settings
from batcher.engine.ordered_map import ordered_map
from batcher.engine.retrying import Retrying
from batcher.error_codes import RESOURCE_NOT_FOUND, TARGET_UNUSABLE
from batcher.errors import AwsError
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.records import Error, Update
from batcher.sources.file_source import FileSource, Inspection, TargetIndex, inspect, materialize
from batcher.task_groups import open_task_group
from batcher.triggers.forecast import Step, TriggerForecast
from batcher.wiring.lanes import Lanes
from batcher.wiring.line_readers import line_reader
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector

AHEAD = 256  # triggers of a target read ahead of the one that is told next

Outcome: TypeAlias = Literal["changed", "created", "unchanged", "missing", "unreadable"]
OUTCOMES: tuple[Outcome, ...] = ("changed", "created", "unchanged", "missing", "unreadable")


class Planned(Struct, frozen=True, kw_only=True):
    """What is to be expected of one update.

    ``error``: why there is nothing to change, else None.
    """

    update: Update
    outcome: Outcome
    step: Step
    error: Error | None = None


class Survey:
    """One file surveyed.

    Reads as: inspect, connect, plan; every step may be the last. ``folder`` takes copies of the
    input.
    """

    def __init__(self, origin: str, folder: Path, settings: Settings) -> None:
        self.origin = origin
        self.settings = settings
        self.inspection: Inspection
        self._folder = folder
        self._reader = line_reader(settings)
        self._pacers: Pacers
        self._lanes: Lanes
        self._targets: dict[str, AwsTarget] = {}
        self._unusable: dict[str, AwsError] = {}
        self._path: Path

    @property
    def sensitive(self) -> frozenset[str]:
        """The members whose content is shown on demand only."""
        return self._reader.model.sensitive

    def inspect(self, on_fault: Callable[[int, str, str], None] | None = None) -> Inspection:
        """Check every line. Raises InputError when the file can't be read."""
        self._path = materialize(
            self.origin, self._folder / "input.jsonl", profile=self.settings.profile
        )
        self.inspection = inspect(self._path, self._reader, on_fault=on_fault)
        return self.inspection

    async def connect(self, stack: AsyncExitStack) -> None:
        """Open every target's client.

        Raises SettingsError, and the AwsError of the first target when none can be used.
        """
        clock, log = SystemClock(), logger()
        self._pacers = await stack.enter_async_context(
            open_pacers(self.settings, clock=clock, log=log)
        )
        self._lanes = Lanes(self.settings, self._pacers, clock=clock, log=log)
        connector = TargetConnector(self.settings)
        self._targets, self._unusable = await connector.connect(self.inspection.targets, stack)

    async def plan(self, tell: Callable[[Planned], None]) -> None:
        """Tell of every update, those of a target in the order of the file.

        Raises AwsError, CredentialsError, InputError.
        """
        try:
            async with open_task_group() as tasks:
                for name, target in self._targets.items():
                    tasks.start_soon(self._plan_target, target, self.inspection.targets[name], tell)
                for name, error in self._unusable.items():
                    tasks.start_soon(self._leave_out, error, self.inspection.targets[name], tell)
        finally:
            self._pacers.remember()

    async def _leave_out(
        self, error: AwsError, index: TargetIndex, tell: Callable[[Planned], None]
    ) -> None:
        """Tell of the updates of a target that can't be used."""
        why = Error(code=TARGET_UNUSABLE, message=str(error))
        async for update in FileSource(self._path, index, self._reader):
            step = TriggerForecast(None, create_missing=False).step(update)
            tell(Planned(update=update, outcome="unreadable", step=step, error=why))

    async def _plan_target(
        self, target: AwsTarget, index: TargetIndex, tell: Callable[[Planned], None]
    ) -> None:
        source = FileSource(self._path, index, self._reader)
        tally, repeated = Tally(), await _repeated(source, index)
        reading = self._lanes.reading(target, GET_TRIGGER, tally)
        desk = _Desk(
            target.name, reading, tally, repeated, create_missing=self.settings.create_missing
        )
        await ordered_map(
            aiter(source),
            desk.look,
            lambda update, looked: tell(desk.planned(update, looked)),
            ahead=AHEAD,
        )


class _Looked(Struct, frozen=True):
    """What a trigger was found to be; or why not."""

    current: Mapping[str, Any] | None
    error: Error | None

    @property
    def missing(self) -> bool:
        return self.error is not None and self.error.code == RESOURCE_NOT_FOUND


class _Desk:
    """One target's updates planned.

    A trigger that comes more than once is read once, and kept until its last update.
    """

    def __init__(
        self,
        target: str,
        reading: Retrying,
        tally: Tally,
        repeated: Counter[int],
        *,
        create_missing: bool,
    ) -> None:
        self._target = target
        self._create_missing = create_missing
        self._reading = reading
        self._tally = tally
        self._left = repeated
        self._looks: dict[tuple[str, str], _Look] = {}
        self._forecasts: dict[tuple[str, str], TriggerForecast] = {}

    async def look(self, update: Update) -> _Looked:
        """The live trigger of an update. Raises AwsError when every call is refused."""
        if _hash(update) not in self._left:
            return await self._ask(update)
        key = (update.domain, update.trigger)
        if (look := self._looks.get(key)) is None:
            look = self._looks[key] = _Look()
            look.found = await self._ask(update)
            look.over.set()
        await look.over.wait()
        return look.found

    def planned(self, update: Update, looked: _Looked) -> Planned:
        """What the update would do; to be asked in the order of the file."""
        step = self._forecast(update, looked).step(update)
        if not step.there:
            outcome: Outcome = "missing" if looked.missing else "unreadable"
            return Planned(update=update, outcome=outcome, step=step, error=looked.error)
        outcome = "created" if step.creates else "changed" if step.changes else "unchanged"
        return Planned(update=update, outcome=outcome, step=step)

    async def _ask(self, update: Update) -> _Looked:
        effort = await self._reading.run_attempts(update)
        if reason := stop_reason(self._tally, None):
            raise AwsError(
                f"target {self._target}: {reason}. These credentials have to be allowed to"
                " profile:GetEventTrigger; without a plan: batcher run --no-before."
            )
        assert effort is not None  # nobody drains this pacer
        assert effort.last is not None
        return _Looked(effort.last.answer, effort.error)

    def _forecast(self, update: Update, looked: _Looked) -> TriggerForecast:
        if (value := _hash(update)) not in self._left:
            return self._begin(looked)
        key = (update.domain, update.trigger)
        forecast = self._forecasts.setdefault(key, self._begin(looked))
        self._left[value] -= 1
        if not self._left[value]:
            self._looks.pop(key, None)
            del self._forecasts[key]
        return forecast

    def _begin(self, looked: _Looked) -> TriggerForecast:
        return TriggerForecast(
            looked.current, create_missing=self._create_missing and looked.missing
        )


class _Look:
    """One look at a trigger, which several wait for."""

    def __init__(self) -> None:
        self.over = anyio.Event()
        self.found = _Looked(None, None)


def _hash(update: Update) -> int:
    return hashed(f"{update.domain}\0{update.trigger}")


async def _repeated(source: FileSource, index: TargetIndex) -> Counter[int]:
    """How often each trigger comes that comes more than once, by hash."""
    if index.triggers == len(index):
        return Counter()
    hashes = HashMultiset()
    async for update in source:
        hashes.add(f"{update.domain}\0{update.trigger}")
    repeated = hashes.repeated()
    return Counter([value async for update in source if (value := _hash(update)) in repeated])
