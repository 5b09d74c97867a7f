"""The job ``plan``: what a file of updates would change, held against the live triggers.

Reads as: check the file, plan its changes. Sends no update.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import TypeAlias

import msgspec
from msgspec import Struct

from batcher.accounting.limit import Limit
from batcher.clock import SystemClock
from batcher.engine.ordered_map import ordered_map
from batcher.error_codes import TARGET_UNUSABLE
from batcher.errors import AwsError
from batcher.freed_memory import give_back_memory
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected, connected
from batcher.jobs.run_forecast import TargetForecast
from batcher.jobs.target_planner import (
    EFFECTS,
    Effect,
    PlannedUpdate,
    TargetPlanner,
    repeated_triggers,
)
from batcher.jobs.trigger_reader import TriggerReader
from batcher.jobs.undo_forecast import undo_forecasts
from batcher.records import Error
from batcher.storage.atomic_file import AtomicFile
from batcher.task_groups import open_task_group
from batcher.triggers.forecast import TriggerForecast
from batcher.wiring.omissions import KnownOmissions

PERMISSIONS = (
    "These credentials have to be allowed to profile:GetEventTrigger; without a plan: batcher run"
    " --no-before."
)

OnPlanned: TypeAlias = Callable[[PlannedUpdate], None]


class Plan(Struct, frozen=True, kw_only=True):
    """What a file of updates comes to: how many have which effect.

    ``irreversible``: those that set a member that no update can clear again; ``conflicts``: those
    between updates. ``too_many``: more would change than ``max_changes`` of the settings allows.
    ``omissions``: what is known of members that updates omit, by target that could be used;
    ``staying``: the members that make updates irreversible, by target; ``undo``: of each target
    what it takes to undo those that would change their trigger.
    """

    effects: dict[Effect, int]
    irreversible: int
    conflicts: int
    max_changes: Limit | None
    omissions: dict[str, KnownOmissions] = {}
    staying: dict[str, set[str]] = {}
    undo: list[TargetForecast] = []

    @property
    def total(self) -> int:
        return sum(self.effects.values())

    @property
    def changing(self) -> int:
        """Updates that would change or create their trigger."""
        return self.effects["changed"] + self.effects["created"]

    @property
    def may_change(self) -> int:
        """Updates that would change something, or could not be held against their trigger."""
        return self.changing + self.effects["unreadable"]

    @property
    def too_many(self) -> bool:
        limit = self.max_changes
        return limit is not None and limit.exceeded_by(self.may_change, self.total)

    @property
    def complete(self) -> bool:
        """Whether every update has a trigger, and no more would change than is allowed."""
        return not (self.too_many or self.effects["missing"] or self.effects["unreadable"])


async def plan_changes(
    file: CheckedFile,
    on_planned: OnPlanned | None = None,
    *,
    out: Path | None = None,
    replace: bool = False,
    on_connected: OnConnected | None = None,
) -> Plan:
    """Read every live trigger of a file, and compare it with what is wanted of it.

    ``on_planned`` is told of every update, those of a target in the order of the file. ``out``:
    keeps the plan, to be run, unless too much would change; an update that could not be compared
    is no part of it; a file of that name goes with ``replace`` only. Raises InputError,
    OutputExistsError, OutputError, SettingsError; AwsError when no target can be
    used or every call is refused, CredentialsError.
    """
    file.refuse_unusable()
    give_back_memory()  # of lists that grew, one for each of many targets
    counts, staying = Counter[str](), defaultdict[str, set[str]](set)
    changed = Counter[str]()
    with nullcontext() if out is None else AtomicFile(out, replace=replace) as kept:

        def take(planned: PlannedUpdate) -> None:
            if on_planned is not None:
                on_planned(planned)
            irreversible, conflicts = bool(planned.step.irreversible), len(planned.step.conflicts)
            counts.update({planned.effect: 1, "irreversible": irreversible, "conflicts": conflicts})
            changed[planned.update.target] += planned.effect == "changed"
            if irreversible:
                staying[planned.update.target].update(planned.step.irreversible)
            if kept is not None and planned.effect != "unreadable":
                kept.write(_line(planned))

        omissions, undo = await _plan_targets(file, take, on_connected, changed)
        plan = Plan(
            effects={effect: counts[effect] for effect in EFFECTS},
            irreversible=counts["irreversible"],
            conflicts=counts["conflicts"],
            undo=undo,
            max_changes=file.settings.max_changes,
            omissions=omissions,
            staying=dict(staying),
        )
        if kept is not None and not plan.too_many:
            kept.commit()
    return plan


def _line(planned: PlannedUpdate) -> bytes:
    """The line of an update, and what it is based on."""
    update = msgspec.structs.replace(planned.update, based_on=planned.step.based_on)
    return msgspec.json.encode(update.as_line()) + b"\n"


async def _plan_targets(
    file: CheckedFile,
    take: OnPlanned,
    on_connected: OnConnected | None,
    changed: Mapping[str, int],
) -> tuple[dict[str, KnownOmissions], list[TargetForecast]]:
    """Plan all targets side by side; of one that can't be used, every update is unreadable.

    ``changed``: of each target how many were planned to change something. Returns of the others
    what is known of members that updates omit, and what undoing these takes.
    """
    async with connected(file.settings, file.inspection.targets) as connection:
        if on_connected is not None:
            on_connected(connection.targets)
        known = connection.lanes.omissions.known
        omissions = {name: known(target) for name, target in connection.targets.items()}
        try:
            async with open_task_group() as tasks:
                for name, target in connection.targets.items():
                    reader = TriggerReader(
                        target, connection.lanes, PERMISSIONS, len(connection.targets)
                    )
                    tasks.start_soon(_plan_target, file, name, reader, omissions[name], take)
                for name, error in connection.unusable.items():
                    tasks.start_soon(_leave_out, file, name, error, take)
        finally:
            connection.pacers.remember()
        return omissions, undo_forecasts(connection, changed, SystemClock().wall())


async def _leave_out(file: CheckedFile, name: str, error: AwsError, take: OnPlanned) -> None:
    reason = Error(code=TARGET_UNUSABLE, message=str(error))
    async for update in file.lane_source(file.inspection.targets[name]):
        step = TriggerForecast(None, file.reader.model.writable).step(update)
        take(PlannedUpdate(update=update, effect="unreadable", step=step, error=reason))


async def _plan_target(
    file: CheckedFile, name: str, reader: TriggerReader, known: KnownOmissions, take: OnPlanned
) -> None:
    index = file.inspection.targets[name]
    source = file.lane_source(index)
    repeated = await repeated_triggers(source) if index.triggers < len(index) else Counter[int]()
    planner = TargetPlanner(
        reader.read,
        repeated,
        file.reader.model.writable,
        create_missing=file.settings.create_missing,
        stays=known.stays,
    )
    await ordered_map(
        aiter(source),
        planner.read,
        lambda update, live: take(planner.plan(update, live)),
        ahead=reader.ahead,
    )
