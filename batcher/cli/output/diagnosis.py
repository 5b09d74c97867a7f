"""What ``doctor`` found, for people: by subject, then what to mend in order, then what to allow."""

import json
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from batcher.cli.output.echo import echo
from batcher.jobs.diagnosis import Check, CheckVerdict, Diagnosis

WIDTH = 80
WORDS: dict[CheckVerdict, str] = {
    "ok": "ok",
    "warning": "warning",
    "fault": "fault",
    "untested": "not tested",
}


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """All of it, in lines of 80 columns as far as its words allow."""
    for subject, checks in groupby(diagnosis.checks, key=lambda check: check.subject):
        yield f"{subject}:"
        for check in checks:
            yield from _wrapped(f"  {WORDS[check.verdict]:<10} ", f"{check.name}: {check.seen}")
    yield ""
    yield from _to_mend(diagnosis.to_mend)
    for subject, document in diagnosis.missing.items():
        yield ""
        yield from _wrapped("", f"A policy that allows what AWS refuses to {subject}:")
        yield from json.dumps(document, indent=2).splitlines()


def print_diagnosis(diagnosis: Diagnosis, *, as_json: bool) -> None:
    """Print it on standard output."""
    if as_json:
        echo(json.dumps(diagnosis_json(diagnosis)))
    else:
        echo("\n".join(diagnosis_lines(diagnosis)), lines=True)


def diagnosis_json(diagnosis: Diagnosis) -> dict[str, Any]:
    """All of it for programs, as JSON has it."""
    return {
        "ok": not diagnosis.has_faults,
        "checks": msgspec.to_builtins(diagnosis.checks),
        "mend": [_advice(check) for check in diagnosis.to_mend],
        "missing_policies": diagnosis.missing,
    }


def _to_mend(checks: list[Check]) -> Iterator[str]:
    if not checks:
        yield "Nothing to mend."
        return
    yield "To mend, in this order:"
    for number, check in enumerate(checks, start=1):
        yield from _wrapped(f"{number:>3}. ", _advice(check))


def _advice(check: Check) -> str:
    return f"{check.subject}, {check.name}: {check.seen} {check.advice}".rstrip()


def _wrapped(head: str, text: str) -> Iterator[str]:
    indent = " " * len(head)
    yield from textwrap.wrap(
        text,
        WIDTH,
        initial_indent=head,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
