"""The job ``simulate``: which events would start or stop firing with the updates of a file.

Reads as: check the file, simulate its changes. Sends nothing but reads, and these only where the
triggers of the moment are to be read live.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TypeAlias

from anyio.lowlevel import checkpoint
from msgspec import Struct

from batcher.errors import InputError
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.simulated_definitions import SimulatedDefinition, simulated_definitions
from batcher.jobs.simulation_outcome import simulation_report
from batcher.jobs.simulation_report import ExplainedFiring, SimulationReport
from batcher.sources.event_file import EventColumns, read_events
from batcher.sources.local_file import is_local, local_file, place_for_copies
from batcher.sources.segment_members import segment_members
from batcher.triggers.semantics.compiled_triggers import CompiledTriggers
from batcher.triggers.semantics.event_line import Event, EventReader
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.simulated_trigger import SimulatedTrigger
from batcher.triggers.semantics.simulation import Simulation
from batcher.updates.violations import Violation

IN_A_ROW = 256  # events taken before others get a turn
TOP = 10  # profiles that are named


class SimulationOrder(Struct, frozen=True, kw_only=True):
    """What to simulate with.

    ``events``, ``current`` and ``segments``: files as everywhere (``.gz``, ``.zst``, ``-``,
    ``s3://…``), the second also ``live``. ``columns``: of events in a CSV; ``mapping``: of each
    FieldName the path in objects; ``explain``: the id of an event; ``top``: how many profiles to
    name.
    """

    events: str
    current: str | None = None
    segments: str | None = None
    options: FiringOptions = FiringOptions()
    mapping: Mapping[str, str] = {}
    columns: EventColumns | None = None
    skip_invalid: bool = False
    explain: str | None = None
    top: int = TOP


OnInvalid: TypeAlias = Callable[[int, Violation], None]
"""Told of each line of events that is left out as it is none."""

OnEvents: TypeAlias = Callable[[int], None]
"""Told now and then how many events were taken."""


async def simulate_changes(
    file: CheckedFile,
    order: SimulationOrder,
    *,
    on_invalid: OnInvalid | None = None,
    on_events: OnEvents | None = None,
    on_connected: OnConnected | None = None,
) -> SimulationReport:
    """Put every event to the triggers of a file, as they are and as the updates make them.

    Raises InputError for a file that can't be read or has no events, and for a line that is none
    unless these are to be skipped; of live triggers what ``plan_changes`` raises.
    """
    file.refuse_unusable()
    found = await simulated_definitions(file, order.current, order.options, on_connected)
    segments = _members(file, order, found)
    compiled = CompiledTriggers(order.options, order.mapping)
    pairs = [(each, _trigger(each, segments, compiled)) for each in found]
    simulation = Simulation(trigger for _, trigger in pairs if trigger is not None)
    run = _Run(order, simulation, on_invalid, on_events)
    with place_for_copies(order.events) as copies:
        path = _readable(file, order.events, copies / "events")
        await run.take_all(path, EventReader(order.options))
    if not run.taken and not run.invalid:
        raise InputError(f"{_shown(order.events)}: no events in it; nothing was simulated.")
    return simulation_report(pairs, simulation, order, segments, run.invalid, run.explained)


def _trigger(
    found: SimulatedDefinition, segments: Mapping[str, set[str]], compiled: CompiledTriggers
) -> SimulatedTrigger | None:
    """A trigger made ready; None where too little is known of it."""
    if not found.is_whole:
        return None
    _, domain, name = found.key
    return SimulatedTrigger(domain, name, found.old, found.new, segments, compiled)


def _members(
    file: CheckedFile, order: SimulationOrder, found: Iterable[SimulatedDefinition]
) -> dict[str, set[str]]:
    """The members of the segments that triggers are filtered by, as far as they are given."""
    if order.segments is None:
        return {}
    wanted = {
        str(members["SegmentFilter"])
        for each in found
        for members in (each.old, each.new)
        if members is not None and members.get("SegmentFilter")
    }
    with place_for_copies(order.segments) as copies:
        path = _readable(file, order.segments, copies / "segments")
        return segment_members(path, _shown(order.segments), wanted)


def _readable(file: CheckedFile, origin: str, into: Path) -> Path:
    """The path to read that from, which is itself or a copy."""
    if is_local(origin) and Path(origin).is_file():
        return Path(origin)  # unpacked as it is read
    return local_file(origin, into, profile=file.settings.profile, region=file.settings.region)


def _shown(origin: str) -> str:
    return "standard input" if origin == "-" else origin


class _Run:
    """Takes the events of a file, and counts what is none."""

    def __init__(
        self,
        order: SimulationOrder,
        simulation: Simulation,
        on_invalid: OnInvalid | None,
        on_events: OnEvents | None,
    ) -> None:
        self.taken = self.invalid = 0
        self.explained: list[ExplainedFiring] = []
        self._order = order
        self._simulation = simulation
        self._on_invalid = on_invalid
        self._on_events = on_events

    async def take_all(self, path: Path, reader: EventReader) -> None:
        order = self._order
        name = _shown(order.events)
        for line, event in read_events(path, name, reader, order.columns):
            if isinstance(event, Event):
                self._take(event)
            else:
                self._refuse(line, event)
            if not (self.taken + self.invalid) % IN_A_ROW:
                await checkpoint()
                if self._on_events is not None:
                    self._on_events(self.taken)

    def _take(self, event: Event) -> None:
        self.taken += 1
        found = self._simulation.take(event)
        if event.id == self._order.explain and not self.explained:
            self.explained = [ExplainedFiring.of(event, *each) for each in found]

    def _refuse(self, line: int, violations: list[Violation]) -> None:
        if not self._order.skip_invalid:
            raise InputError(
                f"{_shown(self._order.events)}: line {line}: {violations[0]}. Correct it, or leave"
                " such lines out with --skip-invalid-events."
            )
        self.invalid += 1
        if self._on_invalid is not None:
            self._on_invalid(line, violations[0])
