"""A report as Markdown for a pull request: cut to what GitHub takes, with what was cut counted.

Whatever others wrote stands in fenced blocks, which nothing in it can end.
"""

import re
from collections.abc import Iterator

from batcher.accounting.time_spent import TOLD, is_worth_saying
from batcher.foreign_text import printable, shortened
from batcher.number_text import (
    duration,
    duration_of_call,
    maybe_applied_text,
    number,
    pace,
    several,
    without_result_text,
)
from batcher.report.run_report import (
    FailureGroup,
    MaybeSentSection,
    NextStep,
    RunReport,
    SlowUpdate,
    TimeShare,
)
from batcher.report.target_facts import target_places, targets_amiss
from batcher.updates.target_causes import TOGETHER_FROM
from batcher.updates.trigger_name import name_of

CHARACTERS = 65_000  # GitHub takes 65,536 in a comment
RESERVED = 200  # for what is said of what was cut
LONGEST_LINE = 500  # characters of one line that others wrote


def report_markdown(report: RunReport) -> str:
    """The text of a report, CHARACTERS long at most."""
    parts, left, cut = list[str](), CHARACTERS - RESERVED, 0
    for block in _blocks(report):
        if len(block) <= left:
            parts.append(block)
            left -= len(block)
        else:
            cut += 1
    if cut:
        what = several(cut, "section")
        parts.append(f"Not shown, to stay within {number(CHARACTERS)} characters: {what}.\n")
    return "".join(parts)


def _blocks(report: RunReport) -> Iterator[str]:
    """The parts, the most important first."""
    yield f"## Report of a {_word(report.facts.kind)}\n\n"
    yield _fenced("text", _facts(report))
    yield _outcomes(report)
    names_targets = len(report.targets) > 1
    if report.maybe_sent is not None:
        yield _fenced("text", _maybe_sent(report.maybe_sent, names_targets=names_targets))
    for failures in report.failures:
        yield _failures(failures, names_targets=names_targets)
    if report.more_failures:
        yield f"{several(report.more_failures, 'more update')} did not succeed.\n\n"
    yield _fenced("text", _accounts(report))
    yield _steps("To do now", report.next_steps)
    yield _time(report)
    if report.plan is not None:
        yield f"### Changed\n\n{several(report.plan.updates, 'update')} changed something.\n\n"
        for group in report.plan.groups:
            names = ", ".join(group.examples)
            lines = [f"{several(group.count, 'update')}: {names}", *group.changes]
            yield _fenced("text", lines)
        if report.plan.more:
            yield f"And {several(report.plan.more, 'more update')}.\n\n"
    if report.lint is not None and report.lint.findings:
        lines = [
            f"{each.code} {each.severity}: {each.title}: {number(each.count)}"
            for each in report.lint.findings
        ]
        yield "### Lint\n\n" + _fenced("text", lines)
    if report.slowest:
        lines = [_slow(each, names_targets=names_targets) for each in report.slowest[:10]]
        yield "### Slowest\n\n" + _fenced("text", lines)
    yield _steps("To do the same again, and to prove this", report.reproduce)
    if report.notes:
        yield "### Not known\n\n" + _fenced("text", report.notes)


def _facts(report: RunReport) -> Iterator[str]:
    facts = report.facts
    yield facts.state_text
    yield f"Of {facts.input_name}, SHA-256 {facts.input_sha256}"
    if facts.selection is not None:
        yield f"Of a part of it: {facts.selection}"
    ended = facts.finished_at or "?"
    yield f"{facts.started_at} to {ended}, {duration(facts.wall_seconds)} at work"
    if (amiss := targets_amiss(report.targets)) is not None:
        yield f"Targets: {amiss}"
    if len(report.targets) < TOGETHER_FROM:
        for target in report.targets:
            by = "" if target.who is None else f", as {target.who}"
            yield f"{target.name}: {target.account or 'unknown account'}, {target.region}{by}"
    else:
        yield f"In {target_places(report.targets)}"
    if facts.reason is not None:
        yield f"Reason: {facts.reason}"
    for key, value in facts.labels.items():
        yield f"{key}={value}"
    yield f"Run {facts.run} in {facts.directory}"
    if facts.parent is not None:
        yield f"Follows {facts.parent}"


def _outcomes(report: RunReport) -> str:
    accounts = report.accounts
    rows = [
        f"| {_word(status)} | {number(count)} |"
        for status, count in report.named_outcomes.items()
        if count or status in ("succeeded", "not_started")
    ]
    return "\n".join(["| outcome | updates |", "|---|---:|", *rows, ""]) + (
        f"| **together** | **{number(accounts.total)}** |\n\n"
    )


def _maybe_sent(found: MaybeSentSection, *, names_targets: bool) -> Iterator[str]:
    yield found.text
    for each in found.first:
        yield f"line {each.line}, {name_of(each, names_targets=names_targets)}, id {each.id}"
    if found.more:
        yield f"and {number(found.more)} more"


def _accounts(report: RunReport) -> Iterator[str]:
    accounts = report.accounts
    if accounts.damage is not None:
        yield f"DAMAGED: {accounts.damage} This is a report of what stands before that."
    sums = "every line once" if accounts.balanced else "THE ACCOUNTS DO NOT BALANCE"
    yield (
        f"{several(accounts.total, 'update')}, {several(accounts.results, 'result')},"
        f" {several(accounts.duplicates, 'duplicate')}: {sums}"
    )
    if accounts.maybe_applied:
        yield maybe_applied_text(accounts.maybe_applied).strip(" ()")
    yield f"{several(accounts.attempts, 'attempt')}, {several(accounts.throttles, 'throttle')}"
    if (more := accounts.without_result).attempts:
        yield f"And {without_result_text(more.attempts, more.throttles, more.at_least)}"
    yield f"results.jsonl: chain {accounts.chain}, SHA-256 {accounts.sha256}"
    if accounts.unproved:
        yield f"{several(accounts.unproved, 'result')} from before results were chained"


def _failures(group: FailureGroup, *, names_targets: bool) -> str:
    status, maybe = _word(group.status), maybe_applied_text(group.maybe_applied)
    lines = [
        f"{several(group.count, 'update')} {status}: {group.code}{maybe}",
        *(
            f"line {each.line}, {name_of(each, names_targets=names_targets)}, id {each.id}:"
            f" {each.message}"
            for each in group.examples
        ),
    ]
    return _fenced("text", lines) + _steps("", [NextStep(text=group.to_do, command=group.command)])


def _time(report: RunReport) -> str:
    rows = [
        f"| {_word(share.text)}{_below(share)} | {duration(share.seconds)} | {share.share:.0%} |"
        for share in report.time_spent
        if share.seconds >= TOLD
    ]
    parts = ["### Where the time went\n\n"]
    if rows:
        parts.append("\n".join(["| | time | share |", "|---|---:|---:|", *rows, "\n"]))
    parts.append(f"{pace(report.accounts.rate)} were answered other than by a throttle.")
    if (found := report.latency) is not None:
        parts.append(
            f" Half of the updates waited {duration_of_call(found.p50)} for answers of AWS at"
            f" most, 99 % {duration_of_call(found.p99)}, the longest"
            f" {duration_of_call(found.longest)}."
        )
    for saving in report.quota_savings:
        if saving.seconds is not None and is_worth_saying(
            saving.seconds, report.facts.wall_seconds
        ):
            parts.append(f" {saving.times} times the quota would save {duration(saving.seconds)}.")
    return "".join([*parts, "\n\n"])


def _below(share: TimeShare) -> str:
    return "" if share.below_text is None else f" ({share.below_text})"


def _slow(update: SlowUpdate, *, names_targets: bool) -> str:
    where = f"line {update.line}, {name_of(update, names_targets=names_targets)}"
    return f"{duration_of_call(update.seconds)}: {where}, {several(update.attempts, 'attempt')}"


def _steps(title: str, steps: list[NextStep]) -> str:
    head = f"### {title}\n\n" if title else ""
    said = (
        _fenced("text", [step.text])
        if step.command is None
        else _fenced("sh", [f"# {step.text}", step.command], longest=CHARACTERS)
        for step in steps
    )
    return head + "".join(said)


def _word(text: str) -> str:
    """Words of ours, and nothing else that may be in their place."""
    return re.sub(r"[^A-Za-z ,]", "", text.replace("_", " "))


def _fenced(language: str, lines: Iterator[str] | list[str], longest: int = LONGEST_LINE) -> str:
    text = "\n".join(printable(shortened(line, longest)) for line in lines)
    ticks = max(map(len, re.findall("`+", text)), default=0)
    fence = "`" * max(3, ticks + 1)
    return f"{fence}{language}\n{text}\n{fence}\n\n"
