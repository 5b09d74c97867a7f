"""Updates linted beside the triggers as they are now: an export, or live.

A trigger is looked at as the update leaves it. What was wrong before, in a member that the update
does not set, is counted and not told.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from batcher.error_codes import RESOURCE_NOT_FOUND, TARGET_UNUSABLE
from batcher.jobs.attached_triggers import Attached, attached_triggers
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.current_triggers import (
    LIVE,
    CurrentTrigger,
    current_triggers,
    exported_triggers,
)
from batcher.jobs.line_linter import (
    LineLinter,
    beside_earlier,
    in_order,
    trigger_hash,
)
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.operations import NEEDED_TO_CREATE, TRIGGER_NAMES
from batcher.records import Error, Update
from batcher.sources.input_file import open_input
from batcher.sources.local_file import is_local, local_file, place_for_copies
from batcher.triggers.diff import same
from batcher.triggers.lint.finding import Finding
from batcher.triggers.lint.line_rules import (
    changes_nothing,
    dropped_limits,
    no_such_trigger,
    set_twice,
)
from batcher.triggers.lint.live_rules import unattached
from batcher.triggers.lint.set_members import SetMembers
from batcher.updates.line_reader import LineReader
from batcher.updates.trigger_name import name_of

AT_ONCE = 10_000  # updates whose live triggers are held at a time

OnUnreadTrigger: TypeAlias = Callable[[str, Error], None]
"""Told what could not be read, in words, and why."""


class CurrentLinter:
    """Lints the updates of a file in order, and counts what it leaves out.

    ``repeated`` and ``members`` as in ``trigger_repetitions`` and ``repeated_members``; ``origin``:
    ``live``, or an export, which is read once. Holds the live triggers of 10,000 updates at a time,
    or some 60 bytes of each of an export; and those that further lines are of.
    """

    def __init__(
        self,
        file: CheckedFile,
        linter: LineLinter,
        repeated: Mapping[int, int],
        members: SetMembers,
        origin: str,
        on_unread: OnUnreadTrigger | None = None,
    ) -> None:
        self.untouched = 0
        self._skipped = set[str]()  # those of errors; where nothing can be read, the job ends
        self._file = file
        self._linter = linter
        self._members = members
        self._origin = origin
        self._on_unread = on_unread
        self._left = dict(repeated)  # lines still to come, by the hash of a trigger
        self._made: dict[TriggerKey, CurrentTrigger] = {}  # what updates made of repeated ones
        self._attached: Attached = {}

    @property
    def unread(self) -> int:
        """How many triggers, lists and targets could not be read."""
        return len(self._skipped)

    async def lint(self, on_connected: OnConnected | None = None) -> None:
        """Lint all. Raises as ``lint_updates``."""
        if self._origin == LIVE:
            await self._list_integrations()
            await self._lint_live(on_connected)
            self._linter.conclude(self._file)
            return
        with self._at_hand() as origin:
            wanted = TriggerKeys(map(TriggerKey.of, in_order(self._file)))
            found = exported_triggers(origin, wanted, self._file.settings)
            for update in in_order(self._file):
                self._lint(update, found)
            self._linter.conclude(self._file)
            self._conclude_beside(origin, wanted)

    async def _lint_live(self, on_connected: OnConnected | None) -> None:
        updates, settings = in_order(self._file), self._file.settings
        while some := list(islice(updates, AT_ONCE)):
            wanted = {TriggerKey.of(update) for update in some} - self._made.keys()
            found = await current_triggers(LIVE, wanted, settings, on_connected)
            on_connected = None
            for update in some:
                self._lint(update, found)

    def _conclude_beside(self, origin: str, named: TriggerKeys) -> None:
        """Hold what updates make of triggers against those of the export that are not ``named``.

        Lines that name no domain, or break a rule, are left out.
        """
        reader = LineReader(self._file.reader.model, default_target="")
        with open_input(Path(origin)) as file:
            for line, _, raw in file.lines():
                names = reader.trigger_of(raw)
                if names is None or named.are_meant(*names):
                    continue
                other = reader.read(raw, line)
                if isinstance(other, Update):
                    self._linter.conclude_beside(self._file, other)

    @contextmanager
    def _at_hand(self) -> Iterator[str]:
        """Where the export is read from, also more than once."""
        if is_local(self._origin):
            yield self._origin
            return
        settings = self._file.settings
        with place_for_copies(self._origin) as copies:
            into, profile, region = copies / "current.jsonl", settings.profile, settings.region
            yield str(local_file(self._origin, into, profile=profile, region=region))

    async def _list_integrations(self) -> None:
        domains = {name: index.domains for name, index in self._file.inspection.targets.items()}
        self._attached = await attached_triggers(self._file.settings, domains)
        for (target, domain), listed in sorted(self._attached.items()):
            if isinstance(listed, Error):
                self._skip(f"integrations of domain {domain}, target {target}", listed)

    def _lint(self, update: Update, found: Mapping[TriggerKey, CurrentTrigger]) -> None:
        key = TriggerKey.of(update)
        current = self._made.get(key) or found[key]
        if isinstance(current, Error):
            self._lint_alone(update, current)
        elif TRIGGER_NAMES.issuperset(update.request):
            self._linter.add(update)  # it makes nothing of its trigger
        else:
            self._lint_beside(update, current)
        self._let_go(update)

    def _lint_alone(self, update: Update, why: Error) -> None:
        """Of a trigger that is not there, or could not be read."""
        self._linter.add(update)
        if why.code == TARGET_UNUSABLE:
            self._skip(f"target {update.target}", why)
        elif why.code != RESOURCE_NOT_FOUND:
            names_targets = len(self._file.inspection.targets) > 1
            self._skip(f"trigger {name_of(update, names_targets=names_targets)}", why)
        elif self._creates(update):
            self._keep(update, update.request)
        else:
            self._linter.tell(update, [no_such_trigger()])
        self._linter.tell(update, beside_earlier(update, self._members))

    def _lint_beside(self, update: Update, current: Any) -> None:
        linter, after = self._linter, {**current, **update.request}
        linter.count()
        made = linter.look(after, whole=True)
        if all(_touches(update, each) for each in made.findings):
            linter.tell(update, made.findings)
        else:
            self._tell_new(update, made.findings, linter.look(current, whole=True).findings)
        linter.note(update, made)
        linter.tell(update, set_twice(self._members.earlier(update.line)))
        linter.tell(update, dropped_limits(update.request, current))
        if same(update.request, current):
            linter.tell(update, [changes_nothing()])
        attached = self._attached.get((update.target, update.domain))
        if isinstance(attached, frozenset):
            linter.tell(update, unattached(update.trigger, attached))
        self._keep(update, after)

    def _tell_new(
        self, update: Update, findings: tuple[Finding, ...], before: tuple[Finding, ...]
    ) -> None:
        """Tell what the update touches or brings about, and count what else there is."""
        told = [each for each in findings if _touches(update, each) or each not in before]
        self.untouched += len(self._linter.wanted(findings)) - len(self._linter.wanted(told))
        self._linter.tell(update, told)

    def _creates(self, update: Update) -> bool:
        has_all = all(name in update.request for name in NEEDED_TO_CREATE)
        return self._file.settings.create_missing and has_all

    def _keep(self, update: Update, made: dict[str, Any]) -> None:
        if self._left and trigger_hash(update) in self._left:
            self._made[TriggerKey.of(update)] = made

    def _let_go(self, update: Update) -> None:
        """Forget what was made of a trigger with its last line."""
        if self._left and (name := trigger_hash(update)) in self._left:
            self._left[name] -= 1
            if not self._left[name]:
                self._made.pop(TriggerKey.of(update), None)

    def _skip(self, what: str, why: Error) -> None:
        """Count and tell what can't be read, once."""
        if what not in self._skipped:
            self._skipped.add(what)
            if self._on_unread is not None:
                self._on_unread(what, why)


def _touches(update: Update, finding: Finding) -> bool:
    return bool(finding.path) and finding.path[0] in update.request
