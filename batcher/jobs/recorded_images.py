"""The before images of a run held against its results and its input.

Whoever undoes a run, or proves it, asks here first whether what it was to keep is there.
"""

from collections.abc import Set as AbstractSet
from glob import escape
from itertools import chain

from batcher.compact import HashMultiset, hashed
from batcher.foreign_text import printable
from batcher.freed_memory import give_back_memory
from batcher.jobs.recorded_results import proven_results
from batcher.jobs.run_reader import RunReader
from batcher.records import Update
from batcher.storage.before_images import BeforeImage, read_image, read_images
from batcher.storage.hash_chain import line_digest
from batcher.storage.journal_reader import damaged
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK

TOGETHER = 2_000_000  # images whose ids or digests are looked for at one stroke; 8 bytes each


def refuse_lost_images(run: RunReader) -> None:
    """Raise DamageError where the image of an update is not there, or not as it was kept.

    Takes 8 bytes an image.
    """
    journal, there = run.journals.before, HashMultiset()
    for chunk, _ in journal.chunks():
        there.update(map(line_digest, chunk.split(b"\n")[:-1]))
    some = HashMultiset()
    for results in run.named():
        some.update([each.image for each in results if isinstance(each.image, str)])
        if len(some) >= TOGETHER:
            _refuse_missing(run, there.missing(some))
            some = HashMultiset()
    _refuse_missing(run, there.missing(some))
    del there, some
    give_back_memory()


def _refuse_missing(run: RunReader, missing: set[int]) -> None:
    """Raise DamageError for the first line with one of these digests of its image, by hash."""
    for result in chain.from_iterable(run.named() if missing else ()):
        if isinstance(result.image, str) and hash(result.image) in missing:
            what = f"the image of line {result.line} of the input is not there as it was kept"
            raise damaged(run.journals.before.path, what)


def refuse_other_trigger(run: RunReader, number: int, image: BeforeImage, update: Update) -> None:
    """Raise DamageError for an image, at that line of its journal, that is not of its update."""
    of_update = (update.target, update.domain, update.trigger)
    if (image.target or update.target, image.DomainName, image.EventTriggerName) != of_update:
        what = f"is not of the trigger that update {image.id} is of"
        raise damaged(run.directory.before, what, number)


def first_images(
    run: RunReader, triggers: AbstractSet[int], several: AbstractSet[int]
) -> dict[int, int]:
    """The numbers of the images of what these triggers were before the run, by their hashes.

    ``several``: hashes of the ids of updates that have more than one image: their last one counts.
    Raises DamageError.
    """
    found, before = dict[int, int](), run.journals.before
    if not triggers:
        return found
    for number, image in enumerate(read_images(before), 1):
        if (trigger := hashed(run.image_trigger(image))) not in triggers:
            continue
        first = found.setdefault(trigger, number)
        if hashed(image.id) in several and image.id == read_image(before, first)["id"]:
            found[trigger] = number
    return found


def missing_triggers(directory: RunDirectory) -> str:
    """In words, which triggers a run was to delete and create anew and did not create; "" for none.

    A run that was ended by force may have deleted them. Raises RunDirectoryError, DamageError.
    """
    if not directory.manifest.exists() or not (manifest := directory.read_manifest()).recreate:
        return ""
    journals, done = directory.journals(), HashMultiset()
    for result in proven_results(journals.results):
        if result.status != "invalid":  # its id may be another's
            done.add(result.id)
    done.sort()
    images = read_images(journals.before) if directory.before.exists() else ()
    open_images = (each for each in images if each.lost is not None and each.id not in done)
    names = sorted({f"{each.DomainName}/{each.EventTriggerName}" for each in open_images})
    if not names:
        return ""
    again = "with --recreate " if manifest.kind == ROLLBACK else ""
    return (
        f"{directory.path}: deleted, unless the run was ended just before, and not created anew:"
        f" {printable(', '.join(names))}. The same command again {again}brings that back"
    )


def missing_by(run: RunReader) -> list[str]:
    """What ``missing_triggers`` says of a run, and of the runs beside it that follow from it."""
    path = run.place.absolute()
    beside = sorted(path.parent.glob(f"{escape(path.name)}.*"))
    found = map(missing_triggers, (run.directory, *map(RunDirectory, beside)))
    return [each for each in found if each]
