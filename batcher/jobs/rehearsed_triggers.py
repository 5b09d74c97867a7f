"""The triggers of a rehearsal: put into the emulators as they are, and held against that after."""

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.current_triggers import CurrentTrigger
from batcher.jobs.rehearsal_emulators import RehearsalEmulators
from batcher.jobs.run_audit import SHOWN, Discrepancies
from batcher.jobs.trigger_keys import TriggerKey
from batcher.records import Error
from batcher.updates.trigger_name import name_of


class UnrestoredTrigger(Struct, frozen=True, kw_only=True):
    """A trigger that is not as it was. ``members``: in which; ``created``: it was not there."""

    line: int
    target: str
    domain: str
    trigger: str
    created: bool
    members: list[str]


class Unrestored(Struct, kw_only=True):
    """Triggers that are not as they were: how many, ``created`` among them, and the first ones."""

    count: int = 0
    created: int = 0
    first: list[UnrestoredTrigger] = []

    def add(self, trigger: UnrestoredTrigger) -> None:
        """Count one."""
        self.count += 1
        self.created += trigger.created
        if len(self.first) < SHOWN:
            self.first.append(trigger)


class RehearsedTriggers:
    """The triggers that a file names; all of them are held in memory, as the emulator does.

    ``lines``: of each the first line that names it. ``missing``: those that are not there;
    ``unread``: those that could not be had as they are.
    """

    def __init__(self, lines: Mapping[TriggerKey, int], emulators: RehearsalEmulators) -> None:
        self._lines = lines
        self._names_targets = len({key.target for key in lines}) > 1
        self._emulators = emulators
        self._seeds: dict[TriggerKey, Mapping[str, Any]] = {}
        self.missing = 0
        self.unread = Discrepancies()

    def __len__(self) -> int:
        """How many are there."""
        return len(self._seeds)

    def seed(
        self, current: Mapping[TriggerKey, CurrentTrigger], moments: Mapping[TriggerKey, float]
    ) -> None:
        """Put them into the emulators; a domain of theirs is taken to be there.

        ``moments``: when they were last changed, as far as that is known: what a line is based on
        may name that time.
        """
        for key, found in current.items():
            self._emulators.seed_domain(key)
            if not isinstance(found, Error):
                self._put(key, found, moments.get(key))
            elif found.code == RESOURCE_NOT_FOUND:
                self.missing += 1
            else:
                self._note_unread(key, found.code)

    def _put(self, key: TriggerKey, found: Mapping[str, Any], moment: float | None) -> None:
        if self._emulators.seed(key, found, moment):
            self._seeds[key] = found
        else:
            self._note_unread(key, "what is there is no whole trigger by the service model")

    def _note_unread(self, key: TriggerKey, why: str) -> None:
        name = name_of(key, names_targets=self._names_targets)
        self.unread.add(self._lines[key], f"{name}: {why}")

    def unrestored(self) -> Unrestored:
        """Hold each against what it was, member by member."""
        found = Unrestored()
        for key, line in self._lines.items():
            before, after = self._seeds.get(key), self._emulators.trigger(key)
            if before == after:
                continue
            was, now = before or {}, after or {}
            members = sorted(name for name in {*was, *now} if was.get(name) != now.get(name))
            created = before is None
            found.add(
                UnrestoredTrigger(
                    line=line,
                    target=key.target,
                    domain=key.domain,
                    trigger=key.trigger,
                    created=created,
                    members=[] if created else members,
                )
            )
        return found
