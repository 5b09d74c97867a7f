"""The job ``drift``: live triggers held against an export, or against the end state of a run.

Reads alone: all that it has of a target is a reader of triggers. Whatever the list shows to be
unmoved since the base is not read one by one.
"""

from collections import defaultdict
from collections.abc import (
    AsyncIterator,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from heapq import merge
from itertools import chain
from typing import Any, NamedTuple, TypeAlias

from msgspec import Struct

from batcher.config import Settings
from batcher.engine.ordered_map import ordered_map
from batcher.error_codes import RESOURCE_NOT_FOUND, TARGET_UNUSABLE, UNREADABLE_ANSWER
from batcher.errors import InputError
from batcher.foreign_text import printable
from batcher.jobs.base_triggers import BaseTriggers
from batcher.jobs.connection import OnConnected, connected, identities
from batcher.jobs.drift_base import DriftBase
from batcher.jobs.drift_report import Drifted, DriftedTrigger, DriftReport
from batcher.jobs.run_places import refuse_other_places
from batcher.jobs.trigger_keys import TriggerKey
from batcher.jobs.trigger_reader import LiveTrigger, TriggerReader
from batcher.records import Error
from batcher.target_identity import TargetIdentity
from batcher.task_groups import open_task_group
from batcher.triggers.diff import Change, same
from batcher.triggers.drift import BaseTrigger, drift_of
from batcher.triggers.omission import is_whole
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model
from batcher.wiring.places import by_place

PERMISSIONS = (
    "These credentials have to be allowed to profile:ListEventTriggers and profile:GetEventTrigger."
)

NOT_WHOLE = Error(code=UNREADABLE_ANSWER, message="the answer does not show what every trigger has")
UNKNOWN_MEMBER = Error(
    code="UnknownMember", message="it was changed, and perhaps only in what is to be ignored"
)

OnHeld: TypeAlias = Callable[[int, int], None]
"""Told how many triggers were held so far, and of how many."""


class DriftOptions(Struct, frozen=True, kw_only=True):
    """What to look for. ``ignored``: members that do not count; ``new``: also new triggers.

    ``selector``: of new ones only those that it takes.
    """

    ignored: frozenset[str] = frozenset()
    new: bool = True
    selector: Selector | None = None


async def find_drift(
    base: DriftBase,
    settings: Settings,
    options: DriftOptions | None = None,
    *,
    on_connected: OnConnected | None = None,
    on_held: OnHeld | None = None,
) -> DriftReport:
    """Hold live triggers against a base.

    A trigger that an export has under several names of one place is held once.

    Raises RunDirectoryError where a target is another account, Region or endpoint than the run's;
    InputError where an export has a trigger twice, and not the same; AwsError when none can be used
    or every call is refused, CredentialsError, SettingsError.
    """
    options = options or DriftOptions()
    domains = _domains_of_targets(base, options)
    others = await identities(settings, base.places.keys() - domains.keys())
    _refuse_elsewhere(base, others, settings, reads=False)
    total, untold = len(base.triggers) + len(base.untold), len(base.untold)
    report = DriftReport(base=total, held=untold)
    report.drifted += [_drifted(key, "unknown", error) for key, error in base.untold.items()]
    if not domains:
        return report
    async with connected(settings, sorted(domains)) as connection:
        places = {name: target.identity for name, target in connection.targets.items()}
        _refuse_elsewhere(base, places, settings, reads=True)
        if on_connected is not None:
            on_connected(connection.targets)
        for name, error in connection.unusable.items():
            why = Error(code=TARGET_UNUSABLE, message=str(error))
            report.drifted += _unreadable(name, domains[name], base.triggers, why)
        groups = by_place(connection.targets)
        known = by_place(connection.targets, connection.unopened, base.places)
        together = {name: names for names in known for name in names}
        if base.run is None:  # a run's triggers have one name for each place
            report.base -= sum(_repeated(base.triggers, names, domains) for names in groups)
        try:
            async with open_task_group() as tasks:
                for name, target in connection.targets.items():
                    reader = TriggerReader(
                        target, connection.lanes, PERMISSIONS, len(connection.targets)
                    )
                    other_names = _OtherNames.of(name, together[name], domains, base)
                    holder = _TargetHolder(
                        name, base, domains[name], reader, options, report, on_held, other_names
                    )
                    tasks.start_soon(holder.hold)
        finally:
            connection.pacers.remember()
    report.drifted.sort(key=lambda each: (each.target, each.domain, each.trigger or ""))
    return report


def _refuse_elsewhere(
    base: DriftBase, now: Mapping[str, TargetIdentity], settings: Settings, *, reads: bool
) -> None:
    if base.run is not None:
        refuse_other_places(base.run, base.places, now, settings, sends=reads)


def _drifted(
    key: TriggerKey, outcome: Drifted, error: Error | None = None, changes: Collection[Change] = ()
) -> DriftedTrigger:
    return DriftedTrigger(
        target=key.target,
        domain=key.domain,
        trigger=key.trigger,
        outcome=outcome,
        changes=list(changes),
        error=error,
    )


def _unlisted(target: str, domain: str, error: Error) -> DriftedTrigger:
    """A domain of which new triggers can't be told."""
    return DriftedTrigger(
        target=target, domain=domain, trigger=None, outcome="unreadable", error=error
    )


_Domains: TypeAlias = Mapping[str, Sequence[int]]
"""Of each domain of a target the places of its triggers in the base; none: only new ones are told.
"""


def _domains_of_targets(base: DriftBase, options: DriftOptions) -> Mapping[str, _Domains]:
    found = defaultdict[str, dict[str, Sequence[int]]](dict)
    for (target, domain), places in base.triggers.by_domain().items():
        found[target][domain] = places
    for target, domain in base.left_out if options.new and base.whole_domains else ():
        found[target][domain] = ()
    return found


def _unreadable(
    target: str, domains: _Domains, base: BaseTriggers, why: Error
) -> Iterator[DriftedTrigger]:
    """All that a target has in the base, of one that can't be used."""
    for domain, places in domains.items():
        for name in base.in_order(places):
            yield _drifted(TriggerKey(target, domain, name), "unreadable", why)
        if not places:
            yield _unlisted(target, domain, why)


class _Held(NamedTuple):
    """A trigger to hold. ``base``: None for one that is new; ``moved``: it has to be read."""

    key: TriggerKey
    base: BaseTrigger | None
    moved: bool


class _OtherNames(NamedTuple):
    """What a base has of the place of a target under other names.

    ``triggers``: domain and name of each; ``domains``: in which another one looks for new ones;
    ``held``: the triggers that another one holds.
    """

    triggers: frozenset[tuple[str, str]] = frozenset()
    domains: frozenset[str] = frozenset()
    held: frozenset[tuple[str, str]] = frozenset()

    @classmethod
    def of(
        cls,
        target: str,
        names: Sequence[str],
        domains: Mapping[str, _Domains],
        base: DriftBase,
    ) -> "_OtherNames":
        """``names``: all of the place; ``domains``: of each."""

        def triggers_of(some: Iterable[str]) -> frozenset[tuple[str, str]]:
            each = (_triggers_of(base.triggers, domains[name]) for name in some)
            return frozenset(chain.from_iterable(each))

        before = names[: names.index(target)]
        return cls(
            triggers=triggers_of(name for name in names if name != target),
            domains=frozenset().union(*(domains[name] for name in before)),
            held=triggers_of(before) if base.run is None else frozenset(),
        )


def _triggers_of(base: BaseTriggers, domains: _Domains) -> Iterator[tuple[str, str]]:
    for domain, places in domains.items():
        yield from ((domain, trigger) for trigger in map(base.name, places))


def _repeated(base: BaseTriggers, names: Sequence[str], domains: Mapping[str, _Domains]) -> int:
    """How many triggers of a place a base has again, under another of its names.

    Raises InputError where one is there twice, and not the same.
    """
    if len(names) < 2:
        return 0
    first, repeated = dict[tuple[str, str], str](), 0
    for name in names:
        for domain, trigger in _triggers_of(base, domains[name]):
            one = first.setdefault((domain, trigger), name)
            if one == name:
                continue
            repeated += 1
            was, again = (base[TriggerKey(each, domain, trigger)].members for each in (one, name))
            if not same(was, again) or not same(again, was):
                raise InputError(
                    f"{printable(f'{domain}/{trigger}')}: the base has it for target {one} and for"
                    f" target {name}, which are one account and Region, and not the same. Leave one"
                    " of them out."
                )
    return repeated


class _TargetHolder:
    """Holds the triggers of one target, in order, and reports what it finds."""

    def __init__(
        self,
        target: str,
        base: DriftBase,
        domains: _Domains,
        reader: TriggerReader,
        options: DriftOptions,
        report: DriftReport,
        on_held: OnHeld | None,
        others: _OtherNames,
    ) -> None:
        self._target = target
        self._others = others
        self._reader = reader
        self._options = options
        self._finds_new = options.new and base.whole_domains
        self._report = report
        self._on_held = on_held
        self._writable = installed_update_model().writable
        self._base = base.triggers
        self._domains = domains

    async def hold(self) -> None:
        await ordered_map(self._triggers(), self._read, self._tell, ahead=self._reader.ahead)

    async def _triggers(self) -> AsyncIterator[_Held]:
        for domain, places in sorted(self._domains.items()):
            listed = await self._listed(domain)
            for name in merge(self._base.in_order(places), self._new(domain, listed)):
                key = TriggerKey(self._target, domain, name)
                base = self._base.get(key)
                if base is None or key[1:] not in self._others.held:
                    moved = base is not None and not base.unmoved(listed.get(name))
                    yield _Held(key, base, moved)

    def _new(self, domain: str, listed: Iterable[str]) -> list[str]:
        """The names of the new triggers of a domain that are to be told, sorted."""
        keys = (TriggerKey(self._target, domain, name) for name in listed)
        return sorted(key.trigger for key in keys if self._finds_new and self._is_new(key))

    async def _listed(self, domain: str) -> Mapping[str, float | None]:
        """When the triggers of a domain were changed last, where that tells anything."""
        if not (self._finds_new or (self._target, domain) in self._base.timed):
            return {}
        found = await self._reader.last_updated(domain)
        if not isinstance(found, Error):
            return found
        if self._finds_new and found.code != RESOURCE_NOT_FOUND:  # in no domain there is no new one
            self._report.drifted.append(_unlisted(self._target, domain, found))
        return {}

    def _is_new(self, key: TriggerKey) -> bool:
        """Whether the base does not have a trigger that is to be told, once for its place."""
        if key in self._base or key.domain in self._others.domains:
            return False
        return key[1:] not in self._others.triggers and self._selects(key)

    def _selects(self, key: TriggerKey) -> bool:
        selector = self._options.selector
        return selector is None or selector.takes(key.domain, key.trigger, key.target)

    async def _read(self, held: _Held) -> LiveTrigger | None:
        if not held.moved:
            return None
        return await self._reader.read_named(held.key.names)

    def _tell(self, held: _Held, live: LiveTrigger | None) -> None:
        report = self._report
        if held.base is None:
            report.drifted.append(_drifted(held.key, "new"))
            return
        report.held += 1
        report.read += held.moved
        if live is None:
            report.same += 1
        elif isinstance(live, Error):
            gone = live.code == RESOURCE_NOT_FOUND
            report.drifted.append(_drifted(held.key, "gone" if gone else "unreadable", live))
        else:
            self._compare(held.key, held.base, live)
        if self._on_held is not None:
            self._on_held(report.held, report.base)

    def _compare(self, key: TriggerKey, base: BaseTrigger, live: Mapping[str, Any]) -> None:
        if not is_whole({}, None, live):
            self._report.drifted.append(_drifted(key, "unreadable", NOT_WHOLE))
            return
        outcome, changes = drift_of(base, live, self._writable, self._options.ignored)
        if outcome == "same":
            self._report.same += 1
        elif outcome == "changed":
            self._report.drifted.append(_drifted(key, "changed", changes=changes))
        else:
            self._report.drifted.append(_drifted(key, "unknown", UNKNOWN_MEMBER))
