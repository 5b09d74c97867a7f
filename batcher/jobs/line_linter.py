"""What lint finds in the lines of a file, each by itself and beside the others.

Holds hashes of lines; never a line.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from typing import TypeAlias

from msgspec import Struct

from batcher.compact import HashMultiset, hashed
from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile
from batcher.records import Update
from batcher.sources.file_source import FileSource
from batcher.sources.line_index import LineIndex
from batcher.sources.line_owners import LineOwners
from batcher.sources.lines_again import LinesAgain, open_lines_again
from batcher.triggers.lint.codes import LINT_CODES, CodeSelection
from batcher.triggers.lint.finding import Definition, Finding, Severity
from batcher.triggers.lint.line_rules import behaviour, said_before, set_twice, twin
from batcher.triggers.lint.linter import DefinitionLinter, Linted
from batcher.triggers.lint.set_members import SetMembers
from batcher.triggers.lint.twins import Twins

TOGETHER = 64  # lines that are read again together

OnFinding: TypeAlias = Callable[[Update, Finding], None]
"""Told of a finding, and of the update whose line it is in."""


class LintCounts(Struct, frozen=True, kw_only=True):
    """How much was found: ``codes`` has the number of findings by code, for ``total`` updates.

    ``untouched``: faults that were there before, in members that no update sets; ``unread``:
    triggers, and lists of integrations, that could not be read, so that they were not looked at.
    """

    total: int
    codes: dict[str, int]
    untouched: int = 0
    unread: int = 0

    def of(self, severity: Severity) -> int:
        """How many findings have that severity."""
        return sum(
            count for code, count in self.codes.items() if LINT_CODES[code].severity == severity
        )


def code_selection(settings: Settings) -> CodeSelection:
    """The codes that the settings want. Raises SettingsError for one that there is not."""
    select, ignore = settings.lint_select, settings.lint_ignore
    return CodeSelection(select.codes if select else (), ignore.codes if ignore else ())


class LineLinter:
    """Lints updates one at a time; ``on_finding`` is told of what is wanted by the settings.

    ``definitions``: the rules of one definition. ``total``: how many were looked at.
    """

    def __init__(
        self,
        settings: Settings,
        on_finding: OnFinding | None = None,
        definitions: DefinitionLinter | None = None,
    ) -> None:
        """Raises SettingsError for a code that there is not."""
        self._wanted = code_selection(settings)
        self._on_finding = on_finding
        self._definitions = definitions or DefinitionLinter()
        self._twins = Twins()
        self._codes = Counter[str]()
        self.total = 0

    def add(self, update: Update) -> None:
        """Look at an update by itself."""
        self.count()
        linted = self.look(update.request, whole=False)
        self.tell(update, linted.findings)
        self.note(update, linted)

    def count(self) -> None:
        """Count an update that is looked at."""
        self.total += 1

    def look(self, definition: Definition, *, whole: bool) -> Linted:
        """What is wrong with a definition. ``whole`` as in LintContext."""
        return self._definitions.look(definition, whole=whole)

    def note(self, update: Update, made: Linted) -> None:
        """Remember what an update makes of its trigger, to find others like it."""
        if made.behaviour is not None:
            self._twins.add(update.target, update.domain, made.behaviour, update.line)

    def tell(self, update: Update, findings: Iterable[Finding]) -> None:
        """Count the findings that are wanted, and tell of them."""
        for finding in self.wanted(findings):
            self._codes[finding.code.code] += 1
            if self._on_finding is not None:
                self._on_finding(update, finding)

    def wanted(self, findings: Iterable[Finding]) -> list[Finding]:
        """The findings whose codes are wanted."""
        return [each for each in findings if each.code in self._wanted]

    def conclude(self, file: CheckedFile) -> None:
        """Tell of triggers that do the same, once all lines of that file were looked at."""
        self._twins.finish()
        owners = LineOwners(file.inspection.targets.values())
        with open_lines_again(file.path, owners, file.reader) as again:
            for group in self._twins.groups():
                updates = _updates_of(group, again)
                first = next(updates)
                for update in updates:
                    if update.trigger != first.trigger:
                        self.tell(update, [twin(first.trigger, first.line)])

    def conclude_beside(self, file: CheckedFile, other: Update) -> None:
        """Tell of those that do the same as a trigger that no line is of; after ``conclude``.

        ``other``: all of that trigger; without a target it is of any.
        """
        does = behaviour(other.request)
        for name, index in file.inspection.targets.items():
            if does is not None and other.target in ("", name) and other.domain in index.domains:
                if not (lines := self._twins.lines(name, other.domain, does)):
                    continue
                with open_lines_again(file.path, LineOwners([index]), file.reader) as again:
                    for update in _updates_of(lines, again):
                        self.tell(update, [twin(other.trigger, None)])

    def counts(self, *, untouched: int = 0, unread: int = 0) -> LintCounts:
        codes = dict(sorted(self._codes.items()))
        return LintCounts(total=self.total, codes=codes, untouched=untouched, unread=unread)


def in_order(file: CheckedFile, skip: Callable[[int], bool] | None = None) -> Iterator[Update]:
    """The updates of all targets of a file in the order of their lines.

    ``skip`` says which lines are not read.
    """
    of_targets = (_updates(file, index, skip) for index in file.inspection.targets.values())
    return heapq.merge(*of_targets, key=lambda update: update.line)


def beside_earlier(update: Update, members: SetMembers) -> Iterator[Finding]:
    """What is wrong with a line beside earlier ones of its trigger."""
    if members and (earlier := members.earlier(update.line)):
        yield from set_twice(earlier)
        yield from said_before(update.request, earlier)


def trigger_repetitions(file: CheckedFile) -> Counter[int]:
    """How many lines are of each trigger that more than one is of, by its hash.

    Reads the file where there are any, and so does ``repeated_members``.
    """
    names = HashMultiset()
    for index in _with_repeated(file):
        for update in _updates(file, index):
            names.add(_name(update))
    return names.repetitions()


def repeated_members(file: CheckedFile, repeated: Container[int]) -> SetMembers:
    """What lines set of the triggers that are repeated ones, by their hashes."""
    found = SetMembers()
    for index in _with_repeated(file):
        for update in _updates(file, index):
            if trigger_hash(update) in repeated:
                found.add(update)
    found.finish()
    return found


def trigger_hash(update: Update) -> int:
    """The hash of the trigger that an update is of."""
    return hashed(_name(update))


def _name(update: Update) -> str:
    return f"{update.target}\0{update.domain}\0{update.trigger}"


def _with_repeated(file: CheckedFile) -> Iterator[LineIndex]:
    """The targets of which a trigger comes more than once."""
    return (each for each in file.inspection.targets.values() if each.triggers < len(each))


def _updates(
    file: CheckedFile, index: LineIndex, skip: Callable[[int], bool] | None = None
) -> Iterator[Update]:
    return FileSource(file.path, index, file.reader, skip, order=index.lines).updates()


def _updates_of(lines: Sequence[int], again: LinesAgain) -> Iterator[Update]:
    """The updates of some lines, read again."""
    for begin in range(0, len(lines), TOGETHER):
        some = lines[begin : begin + TOGETHER]
        again.read_ahead(some)
        for line in some:
            if (update := again.update(line)) is None:
                raise LookupError(line)
            yield update
