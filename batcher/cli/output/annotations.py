"""What lint finds as workflow commands of GitHub Actions, which show it beside the line.

What text a command takes: GitHub's "Workflow commands", "Setting an error message"; how it is
escaped: the ``command`` module of its toolkit.
"""

from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import ErrorReport
from batcher.cli.output.findings import finding_text, total_text
from batcher.cli.output.source_place import source_place
from batcher.foreign_text import printable
from batcher.jobs.line_linter import LintCounts
from batcher.records import Update
from batcher.triggers.lint.codes import INVALID_LINE
from batcher.triggers.lint.finding import Finding, LintCode
from batcher.updates.violations import Violation

LEVELS = {"error": "error", "warning": "warning", "info": "notice"}


class Annotations:
    """One command for each finding, on standard output.

    ``origin``: the name of the file; ``sensitive``: members whose values are hidden.
    """

    def __init__(self, origin: str, sensitive: frozenset[str]) -> None:
        self._origin = source_place(origin)
        self.names_targets = False
        self._sensitive = sensitive

    def violation(self, line: int, violation: Violation) -> None:
        """Take a rule of the service model that a line breaks."""
        self._annotate(INVALID_LINE, line, str(violation))

    def add(self, update: Update, finding: Finding) -> None:
        """Take a finding in the line of an update."""
        said = finding_text(update, finding, self._sensitive, names_targets=self.names_targets)
        self._annotate(finding.code, update.line, said)

    def finish(self, counts: LintCounts | None) -> None:
        """Say what it came to, on standard error."""
        if counts is not None:
            echo(total_text(counts), err=True)

    def break_off(self, report: ErrorReport) -> bool:
        """Say nothing more: each command is whole."""
        return False

    def _annotate(self, code: LintCode, line: int, said: str) -> None:
        where = {} if self._origin == "-" else {"file": self._origin, "line": str(line)}
        members = {**where, "title": f"{code.code} {code.name}"}
        written = ",".join(f"{name}={_member(value)}" for name, value in members.items())
        echo(f"::{LEVELS[code.severity]} {written}::{_text(said)}")


def _text(text: str) -> str:
    """What stands behind the second ``::``; one line, as a command ends with it."""
    return printable(text).replace("%", "%25")


def _member(text: str) -> str:
    return _text(text).replace(":", "%3A").replace(",", "%2C")
