"""A retry: the updates of a run that failed or are in doubt, chosen to be run again."""

import shlex
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from msgspec import Struct

from batcher.errors import InputError
from batcher.foreign_text import printable
from batcher.jobs.run_family import family_of, lines_again, newer_results, superseded
from batcher.jobs.run_reader import RunReader
from batcher.records import OPEN, STATUSES, BriefResult, SelectedPart
from batcher.updates.selection import Selector


class RetryChoice(Struct, frozen=True, kw_only=True, eq=False):
    """What a retry would send again.

    ``groups``: how many of each error code and status; ``superseded``: lines left out, as a later
    update, of this run or of its retries, has changed their trigger since; ``unreadable``: in
    words, runs that belong to this one, and nobody can say what they did; ``part``: where it was
    narrowed to some of these, what was left out.
    """

    run: RunReader
    lines: list[int]
    groups: Counter[tuple[str, str]]
    superseded: frozenset[int]
    unreadable: list[str]
    part: SelectedPart | None

    def updates(self) -> Iterator[dict[str, Any]]:
        """The update lines, in the order of the input.

        Raises InputError when there are none left.
        """
        if len(self.superseded) == len(self.lines):
            raise InputError(
                "nothing to retry: to send any of them now would undo a later update. Leave them."
            )
        lines = (line for line in self.lines if line not in self.superseded)
        for _, members in lines_again(self.run, lines):
            yield members


def choose(
    run: RunReader, codes: Collection[str] = (), selector: Selector | None = None
) -> RetryChoice:
    """Choose what failed or is in doubt; ``codes``: only with one of these error codes.

    ``selector``: only of the triggers that it takes.

    What a retry of this run has done since counts as done.

    Raises InputError when nothing is of that kind.
    """
    groups, others = Counter[tuple[str, str]](), Counter[str]()
    newer = newer_results(run)
    selected = None if selector is None else run.selected(selector)
    left_out = 0

    def wanted(own: BriefResult) -> bool:
        nonlocal left_out
        result = newer.get(own.id, own) if own.status in OPEN else own
        code = "" if result.error is None else result.error.code
        if result.status not in OPEN:
            others[result.status] += 1
        elif codes and code not in codes:
            others[code] += 1
        elif selected is not None and own.line not in selected:
            left_out += 1
        else:
            groups[code, result.status] += 1
            return True
        return False

    lines, part = run.chosen(wanted), None
    if selector is not None:
        by = str(selector.selection)
        part = SelectedPart(by=by, left_out=left_out, of=left_out + len(lines))
    if not lines and part is not None and left_out:
        raise InputError(
            f"nothing to retry: all {left_out:,} updates are left out by {part.by}. Give another"
            " part."
        )
    if not lines:
        raise InputError(_nothing(run, codes, others))
    return RetryChoice(
        run=run,
        lines=lines,
        groups=groups,
        superseded=superseded(run, lines),
        unreadable=family_of(run.directory).unreadable,
        part=part,
    )


def _nothing(run: RunReader, codes: Collection[str], others: Counter[str]) -> str:
    counts = (f"{count:,} {name.replace('_', ' ')}" for name, count in others.most_common())
    what = (
        f"no result has the error {' or '.join(codes)}"
        if codes
        else ("no update failed or is in doubt")
    )
    found = ", ".join(counts) or "none"
    advice = "Leave it as it is"
    if codes:
        advice = "Give another --code, or none"
        if others.keys() - STATUSES:  # errors: of updates that failed or are in doubt
            advice += f": batcher retry {printable(shlex.quote(run.where))}"
    return f"nothing to retry: {what}. Results of {run.where}: {found}. {advice}."
