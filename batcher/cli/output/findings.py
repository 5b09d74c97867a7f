"""What lint finds, as it is found: for people the first ones of each code, or all as JSON."""

import json
import sys
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Protocol

from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import ErrorReport
from batcher.cli.output.next_command import next_command
from batcher.cli.output.violations import ViolationPrinter
from batcher.errors import InputError
from batcher.foreign_text import printable
from batcher.jobs.line_linter import LintCounts
from batcher.number_text import several
from batcher.records import Update
from batcher.triggers.lint.codes import LINT_CODES
from batcher.triggers.lint.finding import SEVERITIES, Finding
from batcher.updates.trigger_name import name_of
from batcher.updates.violations import Violation

SHOWN_OF_A_CODE = 10
COLUMNS = 80


class FindingPrinter(Protocol):
    """Takes what is found, and prints it at once; holds none.

    ``names_targets``: of triggers, too; set where a file is for several.
    """

    names_targets: bool

    def violation(self, line: int, violation: Violation) -> None:
        """Take a rule of the service model that a line breaks."""
        ...

    def add(self, update: Update, finding: Finding) -> None:
        """Take a finding in the line of an update."""
        ...

    def finish(self, counts: LintCounts | None) -> None:
        """Say what it came to; None: the lines break rules, and nothing was linted."""
        ...

    def break_off(self, report: ErrorReport) -> bool:
        """End what was begun with why there is no more; returns whether anything was."""
        ...


class FindingText:
    """For people, on standard error: by line, the first ten of each code, and counts of all.

    ``sensitive``: members whose values are hidden; ``violations`` prints rules that are broken.
    """

    def __init__(self, sensitive: frozenset[str], violations: ViolationPrinter) -> None:
        self.names_targets = False
        self._sensitive = sensitive
        self.violation = violations.add
        self._shown = Counter[str]()
        self._line = 0

    def add(self, update: Update, finding: Finding) -> None:
        """Take a finding in the line of an update."""
        code = finding.code
        self._shown[code.code] += 1
        if self._shown[code.code] > SHOWN_OF_A_CODE:
            return
        if update.line != self._line:
            self._line = update.line
            name = name_of(update, names_targets=self.names_targets)
            echo(f"line {update.line}: {name}", err=True)
        said = f"  {code.code} {code.severity}: {finding.text(self._sensitive)}"
        for part in _wrapped(printable(said)):
            echo(part, err=True)
        if finding.path:
            echo(f"    at {finding.where}", err=True)

    def finish(self, counts: LintCounts | None) -> None:
        """Say what it came to."""
        if counts is None:
            return
        for line in self._summary(counts):
            for part in _wrapped(line):
                echo(part, err=True)
        if counts.codes:
            echo(f"What a code means: batcher explain {next(iter(counts.codes))}", err=True)

    def break_off(self, report: ErrorReport) -> bool:
        """Say nothing more: the error says it."""
        return False

    def _summary(self, counts: LintCounts) -> Iterator[str]:
        for code, count in counts.codes.items():
            known = LINT_CODES[code]
            rest = "" if count <= SHOWN_OF_A_CODE else f" ({SHOWN_OF_A_CODE} of them shown)"
            yield f"{code} {known.severity}: {count:,}{rest}: {known.title}"
        if counts.untouched:
            faults = several(counts.untouched, "fault")
            yield f"Left out: {faults} of members that no line sets; they were there before."
        if counts.unread:
            yield "Not all could be looked at, as said above."
        yield total_text(counts)


class FindingJson:
    """As entries of ``findings`` in one JSON object on standard output.

    ``sensitive`` and ``violations`` as in FindingText.
    """

    def __init__(self, sensitive: frozenset[str], violations: ViolationPrinter) -> None:
        self.names_targets = False
        self._sensitive = sensitive
        self.violation = violations.add
        self._begun = False

    def add(self, update: Update, finding: Finding) -> None:
        """Take a finding in the line of an update."""
        entry = {
            "line": update.line,
            "id": update.id,
            "target": update.target,
            "domain": update.domain,
            "trigger": update.trigger,
            "code": finding.code.code,
            "name": finding.code.name,
            "severity": finding.code.severity,
            "path": finding.where,
            "message": finding.text(self._sensitive),
        }
        sys.stdout.write((",\n" if self._begun else '{"findings": [\n') + _json(entry))
        self._begun = True

    def finish(self, counts: LintCounts | None) -> None:
        """End the object with the counts."""
        if counts is not None:
            self._end(
                total=counts.total,
                **{f"{severity}s": counts.of(severity) for severity in SEVERITIES},
                codes=counts.codes,
                untouched=counts.untouched,
                unread=counts.unread,
            )

    def break_off(self, report: ErrorReport) -> bool:
        """End the object with why there are no counts."""
        if begun := self._begun:
            self._end(**report.as_json())
        return begun

    def _end(self, **members: Any) -> None:
        begun = "\n" if self._begun else '{"findings": ['
        ends = "".join(f", {_json(name)}: {_json(value)}" for name, value in members.items())
        sys.stdout.write(f"{begun}]{ends}}}\n")


def finding_text(
    update: Update, finding: Finding, sensitive: frozenset[str], *, names_targets: bool
) -> str:
    """In one line: of which trigger it is, where in its definition, and what is wrong there."""
    place = f"{finding.where}: " if finding.path else ""
    name = name_of(update, names_targets=names_targets)
    return f"{name}: {place}{finding.text(sensitive)}"


def total_text(counts: LintCounts) -> str:
    """How many updates there are and how much was found, as in ``4,800 updates: 2 errors.``."""
    return f"{several(counts.total, 'update')}: {counts_text(counts)}."


def counts_text(counts: LintCounts) -> str:
    """``2 errors, 5 warnings, 1 info``."""
    found = {severity: counts.of(severity) for severity in SEVERITIES}
    words = [
        f"{count:,} info" if severity == "info" else several(count, severity)
        for severity, count in found.items()
        if count
    ]
    return ", ".join(words) or "nothing found"


def say_lint(counts: LintCounts | None, file: str) -> None:
    """Say on standard error what lint has found in the file of another command.

    Raises InputError where it has found errors.
    """
    if counts is None or not counts.codes:
        return
    found, see = f"lint: {counts_text(counts)}", f"To see them: {next_command('lint', file)}"
    if counts.of("error"):
        raise InputError(
            f"{found}; nothing was done. Mend the errors, or leave their codes out"
            f" (--lint-ignore), or lint nothing (--no-lint). {see}"
        )
    echo(f"{found}. {see}", err=True)


def _wrapped(line: str) -> list[str]:
    indent = " " * 4
    return textwrap.wrap(
        line, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def _json(value: Mapping[str, Any] | Any) -> str:
    return printable(json.dumps(value, ensure_ascii=False))
