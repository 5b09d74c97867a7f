"""Of a run, the lines whose live triggers prove something, and what is known of each of them."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from msgspec import UNSET

from batcher.accounting.tally import CHANGED
from batcher.compact import HashMultiset, LineSet, hashed
from batcher.error_codes import MORE_THAN_ASKED
from batcher.freed_memory import give_back_memory
from batcher.jobs.run_reader import RunReader
from batcher.records import BriefResult, NamedResult
from batcher.storage.before_images import read_members_of


def lines_set_again(run: RunReader, set_later: dict[int, frozenset[str]]) -> frozenset[int]:
    """The lines in doubt all of whose members later updates have set."""
    return frozenset(
        update.line
        for update in run.updates(set_later)
        if update.request.keys() <= set_later[update.line]
    )


def images_of(
    run: RunReader, lines: frozenset[int], without_result: LineSet
) -> dict[int, dict[str, Any]]:
    """What the triggers of these lines were before, as far as that was kept."""
    names = {result.id: result.line for result in _of(run, lines)}
    names |= {update.id: update.line for update in run.updates(without_result)}
    if not names or not run.directory.before.exists():
        return {}
    # the last of an update counts
    return {names[id]: members for id, members in read_members_of(run.journals.before, names)}


def last_lines(run: RunReader) -> LineSet:
    """Of each trigger the line of the last update that AWS accepted, if only in part.

    Or that deleted it, and could not create it anew. Takes 8 bytes a line.
    """
    triggers, found = HashMultiset(), LineSet()
    for results in run.named():
        triggers.update(map(run.trigger_key, filter(_has_set, results)))
    several, last = triggers.repeated(), dict[int, int]()
    del triggers
    give_back_memory()
    for results in run.named():
        for result in filter(_has_set, results):
            if several and (key := hashed(run.trigger_key(result))) in several:
                last[key] = max(last.get(key, 0), result.line)
            else:
                found.add(result.line)
    for line in last.values():
        found.add(line)
    return found


def _has_set(result: NamedResult) -> bool:
    """Whether the live trigger shows what an update made of it, if only in part."""
    return result.status in CHANGED or is_deleted(result)


def is_deleted(result: BriefResult) -> bool:
    """Whether an update deleted its trigger, and could not create it anew."""
    return result.status == "failed" and result.lost is not UNSET


def earlier_lines(run: RunReader, last: LineSet, open_lines: LineSet) -> dict[int, list[int]]:
    """By line of ``last`` the later ones of its trigger of which nobody knows: ``open_lines``.

    If one of these was applied, the trigger no longer shows what the earlier one made of it. Takes
    200 bytes for each of these.
    """
    later = dict[int, list[int]]()
    for update in run.updates(open_lines):
        later.setdefault(run.trigger_key(update), []).append(update.line)
    found = dict[int, list[int]]()
    for result in chain.from_iterable(run.named() if later else ()):
        if result.line in last and result.line not in open_lines:
            after = [each for each in later.get(run.trigger_key(result), ()) if each > result.line]
            found |= {result.line: after} if after else {}
    return found


def _of(run: RunReader, lines: frozenset[int]) -> Iterator[NamedResult]:
    """The results of these lines."""
    for results in run.named() if lines else ():
        yield from (result for result in results if result.line in lines)


def more_than_asked(run: RunReader) -> frozenset[int]:
    """The lines whose updates changed what nobody asked for."""
    return frozenset(
        result.line
        for result in run.outcomes()
        if result.status == "differs" and result.error and result.error.code == MORE_THAN_ASKED
    )


def members_set_later(run: RunReader, lines: frozenset[int]) -> dict[int, frozenset[str]]:
    """For these lines, the members that later updates of their trigger have set."""
    earlier: dict[int, list[int]] = {}
    for result in _of(run, lines):
        earlier.setdefault(run.trigger_key(result), []).append(result.line)
    later: dict[int, frozenset[str]] = {}
    for result in chain.from_iterable(run.named() if earlier else ()):
        if result.status in ("succeeded", "differs") and run.trigger_key(result) in earlier:
            (update,) = run.updates([result.line])
            for line in earlier[run.trigger_key(result)]:
                if line < result.line:
                    later[line] = later.get(line, frozenset()) | frozenset(update.request)
    return later
