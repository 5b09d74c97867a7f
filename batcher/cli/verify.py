"""``batcher verify``: settles what is in doubt, and proves the books of a run."""

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import msgspec

from batcher.accounting.remedies import Remedy, remedy
from batcher.cli.idle_target import refuse_target_at_run
from batcher.cli.interruption import run_command
from batcher.cli.options import settings_at_run
from batcher.cli.output.echo import echo
from batcher.cli.output.next_command import next_command
from batcher.cli.output.reading_progress import ReadingProgress
from batcher.cli.output.selected_part import part_lines, part_text
from batcher.cli.repair_notice import repair_with_notice
from batcher.cli.selection import selector_at_run, taken_selection
from batcher.errors import BatcherError
from batcher.foreign_text import printable
from batcher.jobs.live_findings import MaybeSentFound, Reads
from batcher.jobs.run_audit import UNFINISHED, Discrepancies
from batcher.jobs.run_reader import settings_of
from batcher.jobs.undo import rollbacks_of
from batcher.jobs.verify import Verification, verify_run
from batcher.number_text import maybe_applied_text, number, several
from batcher.storage.run_directory import RunDirectory
from batcher.storage.wave_file import read_waves
from batcher.updates.target_causes import TOGETHER_FROM, by_cause, cause_in, targets_text
from batcher.updates.target_places import places_text


def do_verify(
    run: Path, in_doubt_only: bool, repair: bool, as_json: bool, config: Path | None, **given: Any
) -> None:
    selection = taken_selection(given)
    if repair:
        repair_with_notice(run)
    settings = settings_at_run(given, config, settings_of(run))
    refuse_target_at_run(RunDirectory(run).read_manifest().targets, settings)
    selector = selector_at_run(run, selection)
    with ReadingProgress("live triggers", form=settings.progress) as progress:
        live = not in_doubt_only
        found = run_command(
            partial(verify_run, run, settings, live=live, selector=selector, on_look=progress.read)
        )
    if as_json:
        echo(msgspec.json.encode(found))
    _say(run, found, [] if selector is None else selector.unmatched())
    raise SystemExit(0 if found.holds else 1)


def _say(run: Path, found: Verification, unmatched: list[str]) -> None:
    counts = ", ".join(
        f"{count:,} {name.replace('_', ' ')}" for name, count in found.counts.items() if count
    )
    left = "without a result" if found.without_result.updates else "not started"
    echo(
        f"{several(found.updates, 'update')}: {counts or 'none done'}, {found.not_started:,} {left}"
        f"{maybe_applied_text(found.maybe_applied)}.",
        err=True,
    )
    if found.part is not None and found.part.left_out:
        echo(f"It is a run of a part: {part_text(found.part)}", err=True)
    if found.selection is not None:
        echo(f"Only a part is looked at: {part_text(found.selection)}", err=True)
        for line in part_lines(None, unmatched):
            echo(line, err=True)
    if found.settled:
        settled = ", ".join(f"{count:,} {name}" for name, count in found.settled.items())
        echo(f"Were in doubt, and are settled now: {settled}.", err=True)
    if found.superseded:
        later = "superseded: later updates have set all their members"
        echo(f"Stay in doubt, {found.superseded:,} {later}.", err=True)
    echo(_looked_at(found), err=True)
    _say_without_result(found.without_result)
    for line in _reads(found.read):
        echo(line, err=True)
    if found.unseen:
        echo(f"Not seen: {several(found.unseen, 'live trigger')}; verify again.", err=True)
    if found.left_out:
        left = f"{several(found.left_out, 'live trigger')} (--in-doubt-only)"
        echo(f"Not looked at: {left}; verify without it to see all.", err=True)
    for names in by_cause((cause_in(why, name), name) for name, why in found.stopped.items()):
        echo(f"  {targets_text(names)}: {found.stopped[names[0]]}", err=True)
    _say_discrepancies("Not as asked", found.differs)
    if rollbacks := rollbacks_of(run):
        put_back = "so live triggers are as they were before it, where that put them back"
        echo(f"This run was rolled back by {', '.join(map(str, rollbacks))}: {put_back}.", err=True)
        if found.selection is None and (flags := _targets_that_stay(run, rollbacks)):
            rest = next_command("verify", run, *flags)
            echo(f"To verify the targets that it left as the run made them: {rest}", err=True)
    _say_discrepancies("Could not be read; verify again", found.unread)
    unfinished = [each.what for each in found.wrong.first] == [UNFINISHED]
    books = "The books are not closed" if unfinished else "The books are wrong"
    _say_discrepancies(books, found.wrong)
    if found.not_started and not unfinished:
        echo(f"Not done: {several(found.not_started, 'update')}; {_goes_on(run)}.", err=True)
    if found.errors:
        echo(_without_success(run, found), err=True)
    echo(_verdict(found), err=True)


def _targets_that_stay(run: Path, rollbacks: Collection[Path]) -> list[str]:
    """Flags that select the targets of a run which no rollback touched; none where that is all."""
    try:
        touched = {
            name for each in rollbacks for name in RunDirectory(each).read_manifest().targets
        }
        rest = [name for name in RunDirectory(run).read_manifest().targets if name not in touched]
    except BatcherError:  # what can't be read is told of by what needs it
        return []
    names = rest if touched and len(rest) < TOGETHER_FROM else []
    return [word for name in names for word in ("--only-target", name)]


def _looked_at(found: Verification) -> str:
    """What the live triggers were, each counted once."""
    kinds = (
        (found.not_applied, "without the change of their update"),
        (found.differs.count, "not as asked"),
        (found.unread.count, "could not be read"),
    )
    more = "".join(f", {count:,} {what}" for count, what in kinds if count)
    count = several(found.looked_at, "live trigger")
    return f"{count} looked at, {found.as_asked:,} as asked{more}."


def _say_without_result(found: MaybeSentFound) -> None:
    """What was found of updates without a result that may have been applied."""
    if not found.updates:
        return
    why = (
        "as they have before images"
        if found.has_images
        else "as no before images tell which were sent"
    )
    kinds = (
        (found.applied, "were applied" if found.has_images else "are as asked"),
        (found.not_applied, "do not show it"),
        (found.unclear, "can't be told"),
        (found.unread, "were not seen"),
    )
    said = ", ".join(f"{count:,} {what}" for count, what in kinds if count)
    at_most = f"up to {found.updates:,} may have been applied"
    echo(f"Without a result: {at_most}, {why}: {said}.", err=True)
    _say_first(found.first)


def _without_success(run: Path, found: Verification) -> str:
    """What has an error in the books, which hold with it, and what helps."""
    codes = ", ".join(f"{number(count)} {code}" for code, count in found.errors.items())
    told = f"What did not succeed, by the books: {printable(codes)}."
    if found.counts.get("failed") and {*map(remedy, found.errors)} <= {Remedy.RETRY}:
        return f"{told} To run the failed ones again: {next_command('retry', run)}"
    return f"{told} What helps each is in the report: {next_command('report', run)}"


def _reads(read: Mapping[str, Reads]) -> Iterator[str]:
    """How many live triggers were read where and when; of many targets together."""
    if len(read) < TOGETHER_FROM:
        for name, each in read.items():
            place = f"{each.account or 'unknown account'}, {each.region}"
            yield f"  read of {place} (target {name}, {each.endpoint}): {_read_when([each])}"
        return
    first = next(iter(read.values()))
    yield (
        f"  read of {number(len(read))} targets, the first at {first.endpoint}:"
        f" {_read_when(read.values())} (--json has each)"
    )
    yield f"    in {places_text(read.values())}"


def _read_when(read: Collection[Reads]) -> str:
    """How many triggers were read, and from when to when."""
    first = min((each.first_at for each in read if each.first_at), default=None)
    last = max((each.last_at for each in read if each.last_at), default=None)
    when = "" if first is None else f", {first} to {last}"
    return f"{number(sum(each.triggers for each in read))}{when}"


def _goes_on(run: Path) -> str:
    """What the command of a run does, given again."""
    again = "the command of the run, given again, goes on with"
    if (undo := read_waves(RunDirectory(run).waves).undo) is None:
        return f"{again} them"
    if not undo.done:
        return f"the run is to be put back, and {again} that"
    by = "" if undo.directory is None else f" by {undo.directory}"
    return f"the run was put back{by}, and never goes on"


def _verdict(found: Verification) -> str:
    if found.holds:
        none = "The books hold; there was no live trigger to look at."
        so_far = "It holds." if found.selection is None else "It holds, as far as it is looked at."
        return so_far if found.looked_at else none
    if found.amiss:
        return "It does not hold."
    return "The books hold and nothing is in doubt; the live triggers are not proved."


def _say_discrepancies(title: str, kind: Discrepancies) -> None:
    if not kind.count:
        return
    echo(f"{title}: {kind.count:,}", err=True)
    _say_first(kind)


def _say_first(kind: Discrepancies) -> None:
    for each in kind.first:
        echo(f"  line {each.line}: {each.what}" if each.line else f"  {each.what}", err=True)
    if more := kind.count - len(kind.first):
        echo(f"  … and {more:,} more", err=True)
