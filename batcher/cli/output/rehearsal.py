"""What a rehearsal has shown, said to people: what would happen, how long it takes, the verdict."""

from collections.abc import Iterator

from batcher.foreign_text import printable
from batcher.jobs.rehearsal_phases import Irreversible, RehearsedRun
from batcher.jobs.rehearsal_report import ProvedBooks, Rehearsal, RehearsedPart
from batcher.jobs.rehearsed_triggers import UnrestoredTrigger
from batcher.jobs.run_audit import Discrepancies
from batcher.number_text import about_duration, duration, number, rate_text, several
from batcher.operations import UPDATE_TRIGGER
from batcher.records import STATUSES, Summary
from batcher.updates.trigger_name import name_of

STEPS = {
    "read": "Reads the triggers as they are …",
    "run": "Runs on a local Customer Profiles …",
    "verify": "Verifies that …",
    "rollback": "Rolls back there …",
    "verify the rollback": "Verifies the rollback …",
}
SHOWN = 10  # lines of a kind
OWN_TIME = 2.0  # times what is expected: then more was this host's own work than waiting for tokens


def rehearsal_lines(found: Rehearsal) -> Iterator[str]:
    """Lines for people; none quotes what a trigger is made of. The last one is the verdict."""
    steps = found.steps
    triggers = several(found.triggers, "trigger")
    missing = f", {number(found.missing)} more are not there" if found.missing else ""
    yield printable(
        f"{several(found.updates, 'update')} of {found.file}, on {triggers} as in"
        f" {found.read_from}{missing}."
    )
    for name, part in found.targets.items():
        yield printable(f"  target {name}: {_part(part)}")
    yield from _discrepancies("Could not be had as they are", found.unread)
    yield from _run("Run", steps.run, found.speed)
    yield from _proved(steps.verified)
    if steps.rollback.run is not None:
        yield from _run("Rollback", steps.rollback.run, found.speed)
    elif steps.rollback.why_not is not None:
        yield printable(f"Rollback: {steps.rollback.why_not}")
    yield from _proved(steps.rollback_verified)
    for trigger in steps.rollback.first_irreversible[:SHOWN]:
        where, members = _trigger(found, trigger), ", ".join(trigger.members)
        yield printable(
            f"  {where}: {members} did not exist before, and an update can't"
            " take it away; rollback --recreate can"
        )
    yield from _unrestored(found)
    yield from _durations(found)
    for each in found.unknown:
        yield printable(each)
    yield printable(f"Kept in {found.directory}/")
    if len(found.problems) > 1:
        yield "Amiss:"
        yield from (printable(f"  {each}") for each in found.problems)
    yield printable(found.verdict)


def _part(part: RehearsedPart) -> str:
    quota = part.quotas[UPDATE_TRIGGER]
    place = f"{part.account or 'unknown account'}, {part.region or 'unknown Region'}"
    pace = f"at {rate_text(quota.rate)} (burst {quota.burst:g}, {quota.origin})"
    return f"{place}: {several(part.updates, 'update')} {pace}, {_lasting(part.seconds)}"


def _run(title: str, run: RehearsedRun, speed: float) -> Iterator[str]:
    if run.summary is None:
        yield printable(f"{title}: nothing was sent: {run.refused}")
        return
    times = number(round(speed)) if speed >= 10 else f"{speed:.3g}"
    pace = "at the real pace" if speed == 1 else f"at up to {times} times the real pace"
    yield f"{title}: {_counted(run.summary)}; here in {duration(run.seconds)}, {pace}."
    yield from _discrepancies("  not as asked", run.unsuccessful)


def _counted(summary: Summary) -> str:
    found = ((status, getattr(summary, status)) for status in (*STATUSES, "not_started"))
    said = [f"{number(count)} {status.replace('_', ' ')}" for status, count in found if count]
    throttles = f", {number(summary.throttles)} throttled" if summary.throttles else ""
    return (", ".join(said) or "nothing done") + throttles


def _proved(found: ProvedBooks | None) -> Iterator[str]:
    if found is None:
        return
    looked = several(found.looked_at, "trigger")
    holds = "it holds" if found.holds else "it does not hold"
    yield f"  verified: {holds}, {looked} looked at."
    yield from _discrepancies("  wrong", found.wrong)
    yield from _discrepancies("  not as asked", found.differs)


def _discrepancies(title: str, kind: Discrepancies) -> Iterator[str]:
    if not kind.count:
        return
    yield f"{title}: {number(kind.count)}"
    for each in kind.first[:SHOWN]:
        yield printable(f"    line {each.line}: {each.what}" if each.line else f"    {each.what}")
    if (more := kind.count - len(kind.first[:SHOWN])) > 0:
        yield f"    … and {number(more)} more"


def _unrestored(found: Rehearsal) -> Iterator[str]:
    kind = found.unrestored
    if not kind.count:
        if found.steps.rollback.run is not None:
            yield "After the rollback every trigger was as before, member by member."
        return
    yield f"Not as before after the rollback: {several(kind.count, 'trigger')}"
    for each in kind.first[:SHOWN]:
        how = "is there, and was not" if each.created else ", ".join(each.members)
        yield printable(f"  line {each.line}: {_trigger(found, each)}: {how}")
    if (more := kind.count - len(kind.first[:SHOWN])) > 0:
        yield f"  … and {number(more)} more"


def _trigger(found: Rehearsal, each: UnrestoredTrigger | Irreversible) -> str:
    return name_of(each, names_targets=len(found.targets) > 1)


def _durations(found: Rehearsal) -> Iterator[str]:
    run, rollback = found.steps.run, found.steps.rollback.run
    undo = "" if rollback is None else f"; the rollback {_lasting(found.undo_seconds)}"
    yield f"Expected at the real pace: {_lasting(found.seconds)}{undo}."
    if found.speed > 1 and run.summary is not None:
        here = run.seconds * found.speed
        said = f"What it took here comes to {duration(here)} at the real pace"
        if found.seconds is None or here > OWN_TIME * found.seconds:
            said = "What it took here is this host's own time, and says nothing of that"
        yield f"{said}; --real-time measures it."


def _lasting(seconds: float | None) -> str:
    if seconds is None:
        return "for an unknown time"
    return about_duration(seconds)
