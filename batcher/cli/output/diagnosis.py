"""What ``doctor`` found, for people: by subject, then what to mend in order, then what to allow."""

import json
import textwrap
from collections.abc import Iterator
from itertools import groupby
from typing import Any

import msgspec

from batcher.cli.output.echo import echo
from batcher.jobs.diagnosis import Check, CheckVerdict, Diagnosis
from batcher.jobs.doctor import WITHOUT_TARGET
from batcher.number_text import number, several
from batcher.updates.target_causes import TOGETHER_FROM, by_cause, cause_in, targets_text

WIDTH = 80
_OF_TARGET = "target "
WORDS: dict[CheckVerdict, str] = {
    "ok": "ok",
    "warning": "warning",
    "fault": "fault",
    "untested": "not tested",
}


def diagnosis_lines(diagnosis: Diagnosis) -> Iterator[str]:
    """All of it, in lines of 80 columns as far as its words allow."""
    of_targets = list(filter(_is_of_target, diagnosis.checks))
    subjects = {each.subject for each in of_targets}
    together = len(subjects) >= TOGETHER_FROM
    for subject, checks in groupby(diagnosis.checks, key=lambda check: check.subject):
        if together and subject in subjects:
            if subject == of_targets[0].subject:
                yield from _of_many(of_targets, len(subjects))
            continue
        yield f"{subject}:"
        for check in checks:
            yield from _wrapped(f"  {WORDS[check.verdict]:<10} ", f"{check.name}: {check.seen}")
    yield ""
    yield from _to_mend(_alike(diagnosis.to_mend) if together else _each(diagnosis.to_mend))
    yield from _policies(diagnosis.missing, together=together)


def _is_of_target(check: Check) -> bool:
    return check.subject.startswith(_OF_TARGET) and check.name != WITHOUT_TARGET


def _of_many(checks: list[Check], count: int) -> Iterator[str]:
    """Many targets: those that are well in a row, then what is amiss, by its cause."""
    amiss = [each for each in checks if each.verdict in ("fault", "warning")]
    well = count - len({each.subject for each in amiss})
    yield f"{number(count)} targets:"
    if well:
        yield from _wrapped(f"  {WORDS['ok']:<10} ", f"{several(well, 'target')}: nothing amiss.")
    for group in _alike(amiss):
        text = f"{_subjects(group)}: {_seen(group)}"
        yield from _wrapped(f"  {WORDS[group[0].verdict]:<10} ", text)


def _alike(checks: list[Check]) -> list[list[Check]]:
    """Checks of one cause together, in the order of the first of each."""
    return by_cause((_cause(each), each) for each in checks)


def _each(checks: list[Check]) -> list[list[Check]]:
    return [[each] for each in checks]


def _cause(check: Check) -> tuple[str, ...]:
    if not _is_of_target(check):
        return (check.subject, check.verdict, check.name, check.seen)
    return ("", check.verdict, check.name, cause_in(check.seen, _name(check.subject)))


def _name(subject: str) -> str:
    return subject.removeprefix(_OF_TARGET)


def _subjects(group: list[Check]) -> str:
    """Of what they are: of several targets how many, and the first."""
    if len(group) == 1:
        return group[0].subject
    return targets_text([_name(each.subject) for each in group])


def _seen(group: list[Check]) -> str:
    """What was seen; where it differs by the target, that of the first."""
    of_first = ", of the first" if len({each.seen for each in group}) > 1 else ""
    return f"{group[0].name}{of_first}: {group[0].seen}"


def _policies(missing: dict[str, dict[str, Any]], *, together: bool) -> Iterator[str]:
    """A policy for each subject; of many targets those that differ by account and Region once."""
    items = ((_policy_cause(each, missing) if together else each, each) for each in missing)
    for first, *others in by_cause(items):
        also = f" (and, in its own account and Region, to {number(len(others))} more)"
        of = f"{first}{also if others else ''}"
        yield ""
        yield from _wrapped("", f"A policy that allows what AWS refuses to {of}:")
        yield from json.dumps(missing[first], indent=2).splitlines()


def _policy_cause(subject: str, missing: dict[str, dict[str, Any]]) -> str:
    return cause_in(json.dumps(missing[subject]), subject)


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
        "mend": [_advice([check]) for check in diagnosis.to_mend],
        "missing_policies": diagnosis.missing,
    }


def _to_mend(groups: list[list[Check]]) -> Iterator[str]:
    if not groups:
        yield "Nothing to mend."
        return
    yield "To mend, in this order:"
    for place, group in enumerate(groups, start=1):
        yield from _wrapped(f"{place:>3}. ", _advice(group))


def _advice(group: list[Check]) -> str:
    return f"{_subjects(group)}, {_seen(group)} {group[0].advice}".rstrip()


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
