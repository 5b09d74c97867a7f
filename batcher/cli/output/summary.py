"""The end of a run, said to people: what became of it, where the time went, what was written."""

from collections.abc import Iterator
from heapq import nsmallest

from batcher.accounting.time_spent import TOLD, is_worth_saying
from batcher.cli.output.created import created_lines
from batcher.cli.output.next_command import next_command
from batcher.cli.output.next_steps import next_steps
from batcher.cli.output.selected_part import part_text
from batcher.error_codes import NOT_RECREATED
from batcher.foreign_text import printable
from batcher.jobs.run_ending import UNSUCCESSFUL, RunEnding
from batcher.jobs.waves import ChangedUpdates
from batcher.number_text import (
    duration,
    maybe_applied_text,
    number,
    pace,
    several,
    without_result_text,
)
from batcher.records import (
    STATUSES,
    Counts,
    RequestCount,
    Result,
    SelectedPart,
    Summary,
    Superseded,
    TargetSummary,
)
from batcher.storage.run_directory import RunDirectory
from batcher.updates.target_causes import TOGETHER_FROM, by_cause, cause_in, targets_text
from batcher.updates.target_places import places_text
from batcher.updates.trigger_name import name_of

_KINDS = (*STATUSES, "not_started")
_COUNTED = ("total", *_KINDS, "maybe_applied")
CHANGED_SHOWN = 20  # updates of a wave
_READ_BACK = {"as_asked": "as asked", "differs": "not as sent", "unread": "could not be read"}


def summary_lines(directory: RunDirectory, summary: Summary, ending: RunEnding) -> Iterator[str]:
    """Lines for people; none quotes a sensitive member."""
    yield f"{several(summary.total, 'update')}: {_counted(summary)}{_left(ending)}."
    yield from _identified(summary)
    if isinstance(summary.selection, SelectedPart) and summary.selection.left_out:
        yield printable(f"Only a part: {part_text(summary.selection)}")
    yield (
        f"{several(summary.attempts, 'attempt')}, {number(summary.throttles)} throttled; "
        f"{pace(summary.rate)} over {duration(summary.wall_seconds)}."
    )
    if isinstance(summary.without_result, RequestCount):
        more = summary.without_result
        yield f"And {without_result_text(more.attempts, more.throttles, more.at_least)}."
    for code, count in summary.errors.items():
        yield f"  {code}: {number(count)}"
    yield from _failures(summary, ending.failures)
    yield from _read_back(summary)
    yield from created_lines(summary, ending)
    if summary.restored:
        yield (
            f"{several(summary.restored, 'update')} cleared what was left out, as AWS does not"
            " keep that: it was put back at once, and whole triggers were sent after that."
        )
    if gone := summary.errors.get(NOT_RECREATED):
        yield (
            f"{several(gone, 'trigger')} DELETED AND NOT CREATED ANEW: what each has to be is in"
            f" {directory.failed}; {next_command('retry', directory.path)} creates it."
        )
    yield from _time(summary)
    if isinstance(summary.targets, dict):
        yield from _targets(summary.targets)
    if summary.stopped:
        yield f"Stopped early: {_sentence(summary.stopped)}"
    yield from _written(directory, summary, ending)


def changed_lines(changed: ChangedUpdates, *, names_targets: bool) -> Iterator[str]:
    """What a wave has changed, update by update, for the question whether to go on."""
    first = "first " if changed.count == changed.wave_count else ""
    updates = several(changed.wave_count, "update")
    shown = nsmallest(CHANGED_SHOWN, changed.wave, key=lambda update: update.line)
    if not shown:
        yield f"{updates} changed something: see results.jsonl"
        return
    yield f"Those were the {first}{updates} that changed something:"
    for each in shown:
        status = each.status.replace("_", " ")
        name = name_of(each, names_targets=names_targets)
        yield printable(f"  line {each.line}, id {each.id}: {name} {status}")
    if (more := changed.wave_count - len(shown)) > 0:
        yield f"  … and {number(more)} more: see results.jsonl"


def left_out(found: Superseded) -> str:
    """What is not to be run again, as a later update has changed its trigger since."""
    updates = several(found.updates, "update")
    why = "as a later update has changed the trigger since"
    return f"Left out of failed.jsonl, {why}: {updates} ({first_lines(found)})"


def first_lines(found: Superseded) -> str:
    """The lines that are told of what is left out."""
    more = " …" if found.updates > len(found.lines) else ""
    return f"line {', '.join(map(str, found.lines))}{more}"


def _sentence(reason: str) -> str:
    """Why it stopped, and what to do now; the errors that end a run have that in them."""
    reason = reason.removesuffix(".")
    advice = "" if "same command again" in reason else " Run the same command again to resume."
    return f"{reason}.{advice}"


def _counted(counts: Counts) -> str:
    found = ((status, getattr(counts, status)) for status in _KINDS)
    said = [f"{number(count)} {status.replace('_', ' ')}" for status, count in found if count]
    return (", ".join(said) or "nothing done") + maybe_applied_text(counts.maybe_applied)


def _left(ending: RunEnding) -> str:
    """What of those without a result may have been applied."""
    up_to = f"up to {number(ending.maybe_sent)} of those without a result may have been changed"
    return f"; {up_to}" if ending.maybe_sent else ""


def _identified(summary: Summary) -> Iterator[str]:
    """Of what this is the sum: the input, when, where, by whom, and why."""
    if summary.input is not None:
        name, sha256 = printable(summary.input.name), summary.input.sha256[:12]
        yield f"Of {name} (SHA-256 {sha256}…), {summary.started_at} to {summary.finished_at}."
    if summary.region is not None:
        yield f"In {_place(summary, _unknown(summary))}."
    if isinstance(summary.reason, str):
        yield printable(f"Reason: {summary.reason}")
    if isinstance(summary.labels, dict):
        pairs = (f"{key}={value}" for key, value in summary.labels.items())
        yield printable(f"Labels: {', '.join(pairs)}")


def _place(part: TargetSummary, unknown: str = "unknown account") -> str:
    by = "" if part.who is None else f", as {part.who}"
    return printable(f"{part.account or unknown}, {part.region}{by}")


def _unknown(summary: Summary) -> str:
    """What stands for the account of a run that has none, or none that all of its targets share."""
    parts = summary.targets.values() if isinstance(summary.targets, dict) else ()
    differ = len({part.account for part in parts}) > 1
    return "several accounts" if differ else "unknown account"


def _read_back(summary: Summary) -> Iterator[str]:
    """What the sample of live triggers showed."""
    if not (found := summary.read_back):
        return
    said = [f"{number(count)} {_READ_BACK[name]}" for name, count in found.items()]
    yield f"Read back (--verify) {several(sum(found.values()), 'trigger')}: {', '.join(said)}."
    if differing := found.get("differs"):
        yield (
            f"{several(differing, 'update')} ACCEPTED BY AWS, AND NOT TO BE SEEN IN THE LIVE"
            " TRIGGER: results.jsonl names what differs. Either somebody changed it at that moment,"
            " or what answers is not AWS."
        )


def _time(summary: TargetSummary) -> Iterator[str]:
    """Where the time went, and what twice the quota would save."""
    if summary.wall_seconds < 1:
        return
    if causes := _seconds(summary):
        yield f"The time went: {causes}."
    if is_worth_saying(summary.double_quota_saves, summary.wall_seconds):
        yield f"Twice the quota would save about {duration(summary.double_quota_saves)}."
    if is_worth_saying(summary.held_by_concurrency, summary.wall_seconds):
        yield (
            f"All requests that may be in flight at once were for"
            f" {duration(summary.held_by_concurrency)}, while the quota had room: --concurrency"
            " auto takes as many as descriptors (ulimit -n) and memory allow."
        )


def _seconds(spent: TargetSummary) -> str:
    seconds = spent.seconds
    causes = {
        "quota": seconds.token - spent.held_by_pace,
        "a pace below the quota": min(spent.held_by_pace, seconds.token),
        "answers": seconds.calling,
        "backoff": seconds.backoff,
        "nothing could be sent": seconds.unreachable,
        "own work": seconds.queued,
        "paused": seconds.paused,
    }
    said = [f"{cause} {duration(spent)}" for cause, spent in causes.items() if spent >= TOLD]
    return ", ".join(said)


def _targets(targets: dict[str, TargetSummary]) -> Iterator[str]:
    """Each target; of many those together that ended alike."""
    if len(targets) < TOGETHER_FROM:
        groups = [[name] for name in targets]
    else:
        groups = by_cause((_end(name, target), name) for name, target in targets.items())
        groups.sort(key=lambda names: -sum(_unsuccessful(targets[name]) for name in names))
    first_of = dict[str, str]()  # by cause: the target that is told with it
    for names in groups:
        if len(names) == 1:
            (name,), stopped = names, targets[names[0]].stopped
            first = name if stopped is None else first_of.setdefault(cause_in(stopped, name), name)
            yield from _target(name, targets[name], first)
        else:
            yield from _together({name: targets[name] for name in names})


def _unsuccessful(target: TargetSummary) -> int:
    return target.total - target.succeeded - target.unchanged


def _end(name: str, target: TargetSummary) -> tuple[object, ...]:
    """How a target ended: with updates of which kinds, and stopped by what."""
    kinds = tuple(each for each in _KINDS if getattr(target, each))
    return kinds, None if target.stopped is None else cause_in(target.stopped, name)


def _together(targets: dict[str, TargetSummary]) -> Iterator[str]:
    parts = list(targets.values())
    counted = Counts(**{each: sum(getattr(part, each) for part in parts) for each in _COUNTED})
    slowest = max(part.wall_seconds for part in parts)
    yield printable(
        f"  {targets_text(list(targets))}: {several(counted.total, 'update')}: {_counted(counted)};"
        f" {duration(slowest)} at most"
    )
    if known := [part for part in parts if part.region is not None]:
        yield f"    in {places_text(known)}"
    if parts[0].stopped:
        yield f"    stopped: {parts[0].stopped}"


def _target(name: str, target: TargetSummary, first: str) -> Iterator[str]:
    """``first``: the target that was stopped by the same cause, and is told before."""
    text = f"  target {name}: {several(target.total, 'update')}: {_counted(target)}"
    if target.attempts or target.wall_seconds >= TOLD:
        causes = f" ({told})" if (told := _seconds(target)) else ""
        text += f"; {pace(target.rate)} over {duration(target.wall_seconds)}{causes}"
    yield text
    if target.region is not None:
        yield f"    in {_place(target)}"
    if target.stopped:
        above = f"as target {first}"
        is_short = first == name or len(target.stopped) <= len(above)
        yield f"    stopped: {target.stopped if is_short else above}"


def _failures(summary: Summary, failures: list[Result]) -> Iterator[str]:
    """Which updates did not succeed, the first ones, and why not."""
    if not failures:
        return
    count = sum(getattr(summary, status) for status in UNSUCCESSFUL)
    yield "They are:" if count == len(failures) else f"The first of these {number(count)}:"
    for each in failures:
        why = "" if each.error is None else f": {each.error.code}: {each.error.message}"
        where = f"line {each.line}, {each.domain}/{each.trigger}"
        named = "" if each.id == str(each.line) else f", id {each.id}"
        target = f", target {each.target}" if isinstance(summary.targets, dict) else ""
        yield printable(f"  {where}{named}{target} {each.status.replace('_', ' ')}{why}")


def _written(directory: RunDirectory, summary: Summary, ending: RunEnding) -> Iterator[str]:
    yield f"Results: {directory.results}   Summary: {directory.summary}   Log: {directory.log}"
    if isinstance(summary.superseded, Superseded):
        yield left_out(summary.superseded)
    yield from next_steps(directory, summary, ending)
