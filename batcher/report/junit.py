"""A report as JUnit XML, as Jenkins, GitLab and the like read it: a test case an update.

Made a case at a time: as many as there are take no memory.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import escape, quoteattr

from batcher.accounting.verdicts import maybe_applied_note
from batcher.records import Result
from batcher.report.run_report import RunReport

# in XML 1.0, and what steers a terminal
_ILLEGAL = re.compile("[^\t\n\r\u0020-\u007e\u00a0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
KINDS = {
    "failed": "failure",
    "differs": "failure",
    "partial": "failure",
    "in_doubt": "error",
    "invalid": "error",
    "stale": "skipped",
    "not_started": "skipped",
}
"""What a status is there; the others have passed."""


_MAYBE_SENT = "up to {:,} of those without one may have been changed"


def junit_xml(
    report: RunReport,
    results: Iterable[Result],
    not_started: Iterable[tuple[int, tuple[str, str] | None]],
) -> Iterator[str]:
    """The document, in pieces. ``not_started``: line, domain and trigger of what has no result.

    ``results`` and these have to be as many as the report says.
    """
    facts, outcomes = report.facts, report.accounts.outcomes
    counts = dict.fromkeys(("failure", "error", "skipped"), 0)
    for status, kind in KINDS.items():
        counts[kind] += outcomes.get(status, 0)
    sums = {
        "tests": sum(outcomes.values()),
        "failures": counts["failure"],
        "errors": counts["error"],
        "skipped": counts["skipped"],
        "time": f"{facts.wall_seconds:.3f}",
    }
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites{_attributes({'name': 'batcher', **sums})}>\n"
    named = {"name": f"{facts.kind} of {facts.input_name}", **sums, "timestamp": facts.started_at}
    yield f"<testsuite{_attributes(named)}>\n<properties>\n"
    for name, value in _properties(report):
        yield f"<property{_attributes({'name': name, 'value': value})}/>\n"
    yield "</properties>\n"
    yield from map(_case, results)
    found = report.maybe_sent
    why = "not started" if found is None else f"no result; {_MAYBE_SENT.format(found.updates)}"
    for line, names in not_started:
        case = {**_names(line, *(names or (None, None))), "time": "0.000"}
        skipped = _attributes({"message": why})
        yield f"<testcase{_attributes(case)}>\n<skipped{skipped}/>\n</testcase>\n"
    if (damage := report.accounts.damage) is not None:
        yield f"<system-err>{escape(_legal(damage))}</system-err>\n"
    yield "</testsuite>\n</testsuites>\n"


def _properties(report: RunReport) -> Iterator[tuple[str, str]]:
    facts, accounts = report.facts, report.accounts
    yield "run", facts.run
    yield "directory", facts.directory
    yield "state", facts.state
    yield "input_sha256", facts.input_sha256
    yield "results_sha256", accounts.sha256
    yield "chain", accounts.chain
    if facts.reason is not None:
        yield "reason", facts.reason
    yield from facts.labels.items()


def _case(result: Result) -> str:
    case = {
        **_names(result.line, result.domain, result.trigger, result.id),
        "time": f"{sum(_times(result)):.3f}",
    }
    if (kind := KINDS.get(result.status)) is None:
        return f"<testcase{_attributes(case)}/>\n"
    error = result.error
    message = "" if error is None else error.message
    code = result.status if error is None else error.code
    told = {"message": f"{code}: {message}{maybe_applied_note(result)}"}
    if kind != "skipped":
        told = {"type": code, **told}
    return f"<testcase{_attributes(case)}>\n<{kind}{_attributes(told)}/>\n</testcase>\n"


def _times(result: Result) -> Iterator[float]:
    spent = result.seconds
    yield from (spent.token, spent.calling, spent.backoff, spent.unreachable)


def _names(
    line: int, domain: str | None, trigger: str | None, id: str | None = None
) -> dict[str, str]:
    named = "" if id in (None, str(line)) else f", id {id}"
    return {"classname": domain or "no domain", "name": f"{trigger or ''} (line {line}{named})"}


def _attributes(values: Mapping[str, object]) -> str:
    return "".join(f" {name}={quoteattr(_legal(str(value)))}" for name, value in values.items())


def _legal(text: str) -> str:
    """A text with the replacement character for what XML can't say."""
    return _ILLEGAL.sub("\ufffd", text)
