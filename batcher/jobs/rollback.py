"""A rollback: before images put back, newest first, where a trigger is as the run had made it."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from glob import escape
from operator import itemgetter
from typing import Any

import msgspec
from msgspec import Struct, field

from batcher.accounting.verdicts import is_maybe_applied
from batcher.compact import HashMultiset, LineSet, NumbersByLine, hashed
from batcher.errors import InputError, RunDirectoryError
from batcher.freed_memory import give_back_memory
from batcher.jobs.recorded_images import (
    TOGETHER,
    first_images,
    refuse_lost_images,
    refuse_other_trigger,
)
from batcher.jobs.recorded_results import checked_chunks
from batcher.jobs.run_family import family_of, results_of
from batcher.jobs.run_reader import RunReader
from batcher.jobs.undo_line import Undo, UndoneResult, make_undo
from batcher.records import BriefResult, Update
from batcher.sources.line_index import LinesOfIds
from batcher.sources.lines_again import LinesAgain
from batcher.storage.before_images import (
    BeforeImage,
    read_image,
    read_image_chunks,
    read_images_backwards,
)
from batcher.storage.journal_reader import JournalReader, damaged, decode_line, decode_lines
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK
from batcher.triggers.diff import digest
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model
from batcher.wiring.omissions import KnownOmissions

UNCHANGING = ("unchanged", "failed", "stale", "invalid")
FIRST = 20  # undos that can't be done in full: so many are kept to be shown, all are counted


class RollbackReport(Struct, kw_only=True):
    """How many updates a rollback undoes, and what of them stays.

    ``kinds``: of these, how many there are of each kind, as Undo has it; ``partial``: undone, but
    for members that did not exist before (``first_partial``: of which triggers); ``unsure``:
    undone, and perhaps not in full, as no answer came; ``unseen``: applied without a before image,
    as they created their trigger or were not to look first; ``left_out``: those that were not
    selected.
    """

    undone: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    partial: int = 0
    first_partial: list[Undo] = []
    unsure: int = 0
    unseen: int = 0
    left_out: int = 0


def make_rollback(
    run: RunReader,
    add: Callable[[dict[str, Any]], None],
    *,
    recreate: bool = False,
    selector: Selector | None = None,
    known: Mapping[str, KnownOmissions] | None = None,
) -> RollbackReport:
    """Make the update lines that put a run's changes back; ``add`` is told of each.

    ``recreate``: what an update can't take away goes all the same; ``selector``: only triggers
    that it takes; ``known``: by target, what becomes of members that an update omits: what is
    cleared can be taken away. Raises InputError when there is nothing to undo, and as ``undos``
    does.
    """
    report = RollbackReport()
    for undo in undos(run, recreate=recreate, known=known):
        names = undo.line["DomainName"], undo.line["EventTriggerName"]
        if selector is not None and not selector.takes(*names, undo.target):
            report.left_out += 1
            continue
        report.undone += 1
        report.kinds[undo.kind] += 1
        if undo.remains and not undo.sure:
            report.unsure += 1
        elif undo.remains:
            report.partial += 1
            if report.partial <= FIRST:
                report.first_partial.append(undo)
        add(undo.line)
    report.unseen = _without_image(run, selector)
    if selector is not None and report.left_out and not report.undone:
        raise InputError(
            f"nothing to undo: all {report.left_out:,} updates are left out by"
            f" {selector.selection}. Give another part."
        )
    if not report.undone:
        raise InputError(_nothing(run, unseen_text(report.unseen)))
    return report


def _has_changed_nothing(run: RunReader) -> bool:
    """Whether each update has a result, and none can have changed anything."""
    left = sum(map(len, run.lines.of_target.values()))
    for results in run.named():
        if any(each.status not in UNCHANGING or is_maybe_applied(each) for each in results):
            return False
        left -= len(results)
    return not left


def _nothing(run: RunReader, unseen: str) -> str:
    """Why there is nothing to put back. ``unseen``: what was applied without an image, in words."""
    if not unseen:
        return f"nothing to undo: {run.where} has changed nothing. Leave it as it is."
    return (
        f"nothing to undo: {run.where} has no before images. {unseen} Give what it is to be as a"
        " file of updates, and run that."
    )


def unseen_text(count: int) -> str:
    """In words, what so many updates did that were applied without a before image; "" for none."""
    updates = f"{count:,} update{'' if count == 1 else 's'}"
    stays = (
        "created a trigger, did not look at it first, or lost their images: what they did stays."
    )
    return f"{updates} {stays}" if count else ""


def undos(
    run: RunReader,
    *,
    recreate: bool = False,
    known: Mapping[str, KnownOmissions] | None = None,
) -> Iterator[Undo]:
    """What puts a run's changes back, newest first. ``recreate``: in full, whatever that takes.

    ``known`` as in ``make_rollback``.

    An update without an answer may have been applied: its trigger is held against what it would
    have made of it. Raises RunDirectoryError without images, InputError where
    nothing was changed, either, DamageError.
    """
    before = run.journals.before
    refuse_lost_images(run)
    if not before.path.exists():
        if _has_changed_nothing(run):
            raise InputError(_nothing(run, ""))
        raise RunDirectoryError(
            f"{run.directory.path}: this run kept no before images, so what it changed can't be"
            " put back. Run with --before to be able to."
        )
    undone = _undone_in_part(run) if recreate else {}
    repeated, several, seen = _repeated_triggers(run), _ids_of_several(before), set[str]()
    give_back_memory()  # of these, as much is needed now for the results
    results, writable = _Results(run), installed_update_model().writable
    originals = first_images(run, repeated, several)
    # by trigger of several images: what undoing the newer ones leaves behind
    left_behind: dict[int, dict[str, Any]] = {}
    for number, image, members, update in _imaged_updates(run, results):
        if several and hashed(image.id) in several:
            # what was found last is what the update has replaced
            if image.id in seen:
                continue
            seen.add(image.id)
        refuse_other_trigger(run, number, image, update)
        trigger = hashed(run.image_trigger(image)) if repeated else 0
        left = left_behind.get(trigger, {})
        found = None if known is None else known.get(update.target)
        stays = (lambda _: True) if found is None else found.stays
        undo = make_undo(update, results.of(update.line), members, left, stays)
        if number != originals.get(trigger, number):
            original = read_image(before, originals[trigger])
            undo.line["based_on"]["undone_sha256"] = digest(original, writable)
        if sha256 := undone.pop(run.trigger_key(update), None) if undone else None:
            undo.line["based_on"] = {"sha256": sha256}
        if undo.remains and undo.sure and trigger in repeated and not recreate:
            remains = {name: update.request[name] for name in undo.remains}
            left_behind[trigger] = left | remains
        yield undo


def _imaged_updates(
    run: RunReader, results: "_Results"
) -> Iterator[tuple[int, BeforeImage, dict[str, Any], Update]]:
    """Number, image, its members and its update of each image, newest first.

    What is needed of these is read together. Raises DamageError.
    """
    before = run.journals.before
    with run.lines_again() as again:
        for images in read_images_backwards(before):
            lines = results.likely_lines([image.id for _, image, _ in images])
            again.read_ahead(filter(None, lines))
            results.read_ahead(filter(None, lines))
            for (number, image, members), line in zip(images, lines, strict=True):
                if (update := results.update_of(image.id, line, again)) is None:
                    what = f"is the image of an update {image.id} that the run does not have"
                    raise damaged(before.path, what, number)
                yield number, image, members, update


def _repeated_triggers(run: RunReader) -> set[int]:
    """The hashes of the triggers that have more than one image."""
    triggers = HashMultiset()
    for images in read_image_chunks(run.journals.before):
        triggers.update(map(run.image_trigger, images))
    return triggers.repeated()


def _ids_of_several(before: JournalReader) -> set[int]:
    """The hashes of the ids of updates that have more than one image."""
    names = HashMultiset()
    for images in read_image_chunks(before):
        names.update([image.id for image in images])
    return names.repeated()


def _undone_in_part(run: RunReader) -> dict[int, str]:
    """The digests of what earlier rollbacks left of triggers that they put back not in full.

    By trigger key: in part, or otherwise than asked. Those that recreate are no part of it: one of
    them may be resumed. Raises RunDirectoryError, DamageError.
    """
    path, left = run.place.absolute(), dict[int, tuple[str, str, str]]()
    for each in sorted(path.parent.glob(f"{escape(path.name)}.{ROLLBACK}*")):
        if not (found := RunDirectory(each)).manifest.exists():
            continue
        manifest = found.read_manifest()
        if (manifest.kind, manifest.recreate) != (ROLLBACK, False):
            continue
        for result in results_of([found, *family_of(found).retries]):
            if isinstance(result.digest, str):
                news = (result.finished_at, result.status, result.digest)
                key = run.trigger_key(result)
                left[key] = max(left.get(key, news), news, key=itemgetter(0))
    not_in_full = ("partial", "differs")
    return {key: digest for key, (_, status, digest) in left.items() if status in not_in_full}


def _without_image(run: RunReader, selector: Selector | None) -> int:
    """How many updates that are selected succeeded and have no image.

    That of a result with a digest is there, or the run was refused.
    """
    selected = None if selector is None else run.selected(selector)
    some, missing, kept = HashMultiset(), 0, None
    for results in run.named():
        changed = [each for each in results if each.status in ("succeeded", "differs")]
        unseen = [each for each in changed if not isinstance(each.image, str)]
        some.update(
            [each.id for each in unseen if selected is None or each.line in selected],
        )
        if len(some) >= TOGETHER:
            kept = kept or _imaged_ids(run)
            missing += len(kept.missing(some))
            some = HashMultiset()
    if not len(some):
        return missing
    return missing + len((kept or _imaged_ids(run)).missing(some))


def _imaged_ids(run: RunReader) -> HashMultiset:
    kept = HashMultiset()
    for images in read_image_chunks(run.journals.before):
        kept.update([image.id for image in images])
    return kept


class _Results:
    """The results of a run, and its updates by id: 4 bytes a line, 5 more for an id that is a name.

    Raises DamageError.
    """

    def __init__(self, run: RunReader) -> None:
        self._journal = run.journals.results
        self._numbers = NumbersByLine()  # in the journal, from 1
        self._invalid = LineSet()  # lines that broke a rule: their id may be another's
        self._ahead: dict[int, UndoneResult] = {}  # by number
        for first, results in checked_chunks(self._journal, run.lines, BriefResult):
            lines = [each.line for each in results]
            self._numbers.put_all(lines, range(first, first + len(lines)))
            for line in [each.line for each in results if each.status == "invalid"]:
                self._invalid.add(line)
        self._lines = LinesOfIds(run.ids)

    def likely_lines(self, names: Sequence[str]) -> list[int]:
        """Of each id the line whose it most likely is; 0 where there is none."""
        return self._lines.first_of_each(names)

    def read_ahead(self, lines: Iterable[int]) -> None:
        """Read the results of these lines together, which are likely to be asked for next."""
        numbers = sorted(filter(None, map(self._numbers.of, lines)))
        content = list(self._journal.lines_at(numbers))
        found = decode_lines(content, _DECODER, self._journal.path, numbers)
        self._ahead = dict(zip(numbers, found, strict=True))

    def update_of(self, name: str, likely: int, again: LinesAgain) -> Update | None:
        """The update of that id, one with a result before one without; None where there is none.

        ``likely``: the line that is looked at first. A stopped run may have read ahead of an update
        that it did not come to.
        """
        is_settled = self._numbers.of(likely) > 0 and likely not in self._invalid
        update = again.update(likely) if is_settled else None
        if update is not None and update.id == name:
            return update
        found = [line for line in self._lines.lines(name) if line not in self._invalid]
        for line in sorted(found, key=lambda line: (not self._numbers.of(line), line)):
            has_result = self._numbers.of(line) > 0
            update = again.update(line) if has_result else again.update_of(name, line)
            if update is not None and update.id == name:
                return update
        return None

    def of(self, line: int) -> UndoneResult | None:
        """What undoing needs of the result of a line; None when there is none."""
        if not (number := self._numbers.of(line)):
            return None
        if (ahead := self._ahead.get(number)) is not None:
            return ahead
        journal = self._journal
        return decode_line(journal.line(number), _DECODER.decode, journal.path, number)


_DECODER = msgspec.json.Decoder(UndoneResult)
