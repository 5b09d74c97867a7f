"""The updates of a run without a result that may have been applied all the same.

A session that was ended by force, or could not keep its results any more, leaves some that were
under way. Where it looked first, they have a before image, which others may have, too: an image is
kept just before the send. Where it did not, or might create a trigger, nothing tells them from
those that were never sent. Reads only.
"""

from collections.abc import Iterable

from msgspec import UNSET, Struct

from batcher.compact import LineSet
from batcher.jobs.images_in_flight import ImagesInFlight
from batcher.jobs.run_reader import RunReader
from batcher.number_text import number, several
from batcher.records import NamedResult
from batcher.report.run_report import MaybeSentSection, UpdateName
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_sessions import keeps_images

NAMED = 20  # that are told by name


class MaybeSent(Struct, frozen=True, kw_only=True, eq=False):
    """Of updates without a result those that may have been applied; the others were not.

    ``has_images``: each has a before image; else they are all that have no result.
    """

    lines: LineSet
    has_images: bool

    @property
    def count(self) -> int:
        return len(self.lines)

    def of_target(self, lines: LineSet) -> int:
        """How many of a target's lines are among them."""
        return len(self.lines.both(lines))

    def first(self, run: RunReader) -> list[UpdateName]:
        """The first ones of that run, by line. Raises DamageError, InputError."""
        some = [line for line, _ in zip(self.lines, range(NAMED), strict=False)]
        return [
            UpdateName(
                line=each.line,
                id=each.id,
                target=each.target,
                domain=each.domain,
                trigger=each.trigger,
            )
            for each in run.updates(some)
        ]


NOTHING_SENT = MaybeSent(lines=LineSet(), has_images=True)


def section(run: RunReader, found: MaybeSent, left: int) -> MaybeSentSection | None:
    """What a report says of them, of ``left`` updates without a result; None where there are none.

    Raises DamageError, InputError.
    """
    if not found.count:
        return None
    first = found.first(run)
    return MaybeSentSection(
        updates=found.count, text=_text(found, left), first=first, more=found.count - len(first)
    )


def _text(found: MaybeSent, left: int) -> str:
    has = f"{several(left, 'update')} {'has' if left == 1 else 'have'} no result"
    if found.has_images:
        return (
            f"{has}; up to {number(found.count)} of them may have been changed: those that have a"
            " before image, which is kept just before the send. The others were never sent."
        )
    return (
        f"{has}; up to {number(found.count)} of them may have been changed: nothing tells which"
        " were under way when the run was ended, as it did not keep an image before each send."
    )


def is_killed(directory: RunDirectory) -> bool:
    """Whether the last session in a directory was ended by force; asked by who does not hold it."""
    return directory.noted_holder() is not None and not directory.is_held()


def maybe_sent(run: RunReader, *, killed: bool) -> MaybeSent:
    """What may have been sent of a run that no process is at work on.

    ``killed``: its last session was ended by force. Raises DamageError, InputError.
    """
    if _is_finished(run):  # as nearly always, and then nothing has to be read
        return NOTHING_SENT
    done, unseen = LineSet(), not keeps_images(run.manifest.sessions)
    images = ImagesInFlight(done)
    for results in run.named():
        done.add_all([each.line for each in results])
        images.note(results)
        unseen = unseen or any(map(_is_sent_unseen, results))
    left = LineSet()
    for lines in run.lines.of_target.values():
        left = left.union(lines.without(done))
    if not left or not (killed or _has_lost_words(run, len(left))):
        return NOTHING_SENT
    creates = run.manifest.settings.get("create_missing", False)
    if unseen or creates or not run.directory.before.exists():
        return MaybeSent(lines=_updates(run, left, done), has_images=False)
    found = images.without_result(run.journals.before, run.lines)
    return MaybeSent(lines=_own(run, left, (id for id, _ in found)), has_images=True)


def _is_finished(run: RunReader) -> bool:
    summary = run.directory.read_summary()
    return summary is not None and not summary.not_started


def _is_sent_unseen(result: NamedResult) -> bool:
    """Whether its trigger was not looked at first: else it has an image, or created it."""
    return result.attempts > 0 and result.image is UNSET and result.created is UNSET


def _has_lost_words(run: RunReader, left: int) -> bool:
    """Whether an earlier session was ended by force, or the last one could not close the books."""
    summary, spent = run.directory.read_summary(), run.manifest.spent
    may_have_sent = spent is not None and spent.may_have_sent
    return may_have_sent or summary is None or summary.not_started != left


def _updates(run: RunReader, left: LineSet, done: LineSet) -> LineSet:
    """Of lines without a result those that can be sent: invalid ones may be among them.

    A run that skips these gives them their results as it begins, and may be killed meanwhile.
    """
    if not run.manifest.settings.get("skip_invalid", False):
        return left
    found = LineSet()
    for update in run.updates_but(done):
        found.add(update.line)
    return found


def _own(run: RunReader, left: LineSet, ids: Iterable[str]) -> LineSet:
    """Of lines without a result those with these ids."""
    found = LineSet()
    with run.lines_again() as again:
        for id in ids:
            for line in run.lines.lines_of([id])[id]:
                if line in left and again.update_of(id, line) is not None:
                    found.add(line)
    return found
