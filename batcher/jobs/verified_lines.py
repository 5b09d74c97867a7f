"""Of a run, the lines whose live triggers prove something, and what is known of each of them."""

from typing import Any

from msgspec import UNSET

from batcher.accounting.tally import CHANGED
from batcher.error_codes import MORE_THAN_ASKED
from batcher.jobs.run_reader import RunReader, trigger_key
from batcher.storage.before_images import read_images_backwards


def lines_set_again(run: RunReader, set_later: dict[int, frozenset[str]]) -> frozenset[int]:
    """The lines in doubt all of whose members later updates have set."""
    return frozenset(
        update.line
        for update in run.updates(set_later)
        if update.request.keys() <= set_later[update.line]
    )


def images_of(run: RunReader, lines: frozenset[int]) -> dict[int, dict[str, Any]]:
    """What the triggers of these lines were before, as far as that was kept."""
    names = {result.id: result.line for result in run.results() if result.line in lines}
    if not names or not run.directory.before.exists():
        return {}
    found: dict[int, dict[str, Any]] = {}
    for _, image, members in read_images_backwards(run.journals.before):
        if image.id in names:
            found.setdefault(names[image.id], members)  # the last of an update counts
    return found


def last_lines(run: RunReader) -> frozenset[int]:
    """Of each trigger the line of the last update that AWS accepted, if only in part.

    Or that deleted it, and could not create it anew.
    """
    last: dict[int, int] = {}
    for result in run.results():
        if result.status in CHANGED or (result.status == "failed" and result.lost is not UNSET):
            last[trigger_key(result)] = max(last.get(trigger_key(result), 0), result.line)
    return frozenset(last.values())


def more_than_asked(run: RunReader) -> frozenset[int]:
    """The lines whose updates changed what nobody asked for."""
    return frozenset(
        result.line
        for result in run.results()
        if result.status == "differs" and result.error and result.error.code == MORE_THAN_ASKED
    )


def members_set_later(run: RunReader, lines: frozenset[int]) -> dict[int, frozenset[str]]:
    """For these lines, the members that later updates of their trigger have set."""
    earlier: dict[int, list[int]] = {}
    for result in run.results():
        if result.line in lines:
            earlier.setdefault(trigger_key(result), []).append(result.line)
    later: dict[int, frozenset[str]] = {}
    for result in run.results():
        if result.status in ("succeeded", "differs") and trigger_key(result) in earlier:
            (update,) = run.updates([result.line])
            for line in earlier[trigger_key(result)]:
                if line < result.line:
                    later[line] = later.get(line, frozenset()) | frozenset(update.request)
    return later
