"""What lint finds as a log of SARIF 2.1.0, which code scanning of GitHub and others take."""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from batcher.cli.output.echo import echo
from batcher.cli.output.error_report import ErrorReport
from batcher.cli.output.findings import finding_text, total_text
from batcher.cli.output.source_place import source_place
from batcher.foreign_text import printable
from batcher.jobs.line_linter import LintCounts
from batcher.records import Update
from batcher.triggers.lint.codes import INVALID_LINE, LINT_CODES
from batcher.triggers.lint.finding import Finding, LintCode
from batcher.updates.violations import Violation
from batcher.version import __version__

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
VERSION = "2.1.0"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}
FINGERPRINT = "triggerAndPlace/v1"
_INDEXES = {code: index for index, code in enumerate(LINT_CODES)}


class SarifLog:
    """One log on standard output, written as findings come.

    ``origin``: the name of the file; ``sensitive``: members whose values are hidden.
    """

    def __init__(self, origin: str, sensitive: frozenset[str]) -> None:
        self._artifact = _artifact(source_place(origin))
        self.names_targets = False
        self._sensitive = sensitive
        self._results = 0

    def violation(self, line: int, violation: Violation) -> None:
        """Take a rule of the service model that a line breaks."""
        self._write(INVALID_LINE, line, str(violation), [str(line), violation.path])

    def add(self, update: Update, finding: Finding) -> None:
        """Take a finding in the line of an update."""
        said = finding_text(update, finding, self._sensitive, names_targets=self.names_targets)
        identity = [update.target, update.domain, update.trigger, finding.where]
        self._write(finding.code, update.line, said, identity)

    def finish(self, counts: LintCounts | None) -> None:
        """End the log, and say what it came to on standard error."""
        self._end({"executionSuccessful": True})
        if counts is not None:
            echo(total_text(counts), err=True)

    def break_off(self, report: ErrorReport) -> bool:
        """End a log that was begun with why there is no more."""
        if begun := self._results > 0:
            notification = {"level": "error", "message": {"text": printable(report.error)}}
            self._end(
                {
                    "executionSuccessful": False,
                    "toolExecutionNotifications": [notification],
                }
            )
        return begun

    def _write(self, code: LintCode, line: int, said: str, identity: list[str]) -> None:
        where = {"artifactLocation": self._artifact, "region": {"startLine": line}}
        fingerprint = hashlib.sha256("\0".join([code.code, *identity]).encode()).hexdigest()
        result = {
            "ruleId": code.code,
            "ruleIndex": _INDEXES[code.code],
            "level": LEVELS[code.severity],
            "message": {"text": printable(said)},
            "locations": [{"physicalLocation": where}],
            "partialFingerprints": {FINGERPRINT: fingerprint},
        }
        self._results += 1
        sys.stdout.write((_head() if self._results == 1 else ",\n") + json.dumps(result))

    def _end(self, invocation: dict[str, Any]) -> None:
        begun = "\n" if self._results else _head()
        sys.stdout.write(f'{begun}], "invocations": [{json.dumps(invocation)}]}}]}}\n')


def _head() -> str:
    driver = {
        "name": "batcher",
        "semanticVersion": __version__,
        "rules": [_rule(code) for code in LINT_CODES.values()],
    }
    run = f'{{"tool": {json.dumps({"driver": driver})}, "columnKind": "unicodeCodePoints"'
    head = f'{{"$schema": "{SCHEMA}", "version": "{VERSION}"'
    return f'{head}, "runs": [{run}, "results": [\n'


def _rule(code: LintCode) -> dict[str, Any]:
    return {
        "id": code.code,
        "name": code.name,
        "shortDescription": {"text": f"{code.title}."},
        "fullDescription": {"text": code.reason},
        "help": {"text": f"{code.reason} Instead: {code.instead}"},
        "defaultConfiguration": {"level": LEVELS[code.severity]},
    }


def _artifact(origin: str) -> dict[str, Any]:
    """Where the file is: a path that is not absolute counts from the root of the sources."""
    if origin == "-":
        return {"uri": "stdin"}
    if origin.startswith("s3://"):
        return {"uri": quote(origin.encode(errors="surrogateescape"), safe="/:")}
    path = Path(origin)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(bytes(path)), "uriBaseId": "%SRCROOT%"}
