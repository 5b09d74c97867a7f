"""The before images of a run held against its results and its input.

Whoever undoes a run, or proves it, asks here first whether what it was to keep is there.
"""

from batcher.compact import HashMultiset
from batcher.jobs.run_reader import RunReader
from batcher.records import Update
from batcher.storage.before_images import BeforeImage
from batcher.storage.hash_chain import line_digest
from batcher.storage.journal_reader import damaged


def refuse_lost_images(run: RunReader) -> None:
    """Raise DamageError where the image of an update is not there, or not as it was kept.

    Takes 8 bytes an image.
    """
    journal, there = run.journals.before, HashMultiset()
    for _, line in journal.lines():
        there.add(line_digest(line))
    there.sort()
    for result in run.results():
        if isinstance(result.image, str) and result.image not in there:
            what = f"the image of line {result.line} of the input is not there as it was kept"
            raise damaged(journal.path, what)


def refuse_other_trigger(run: RunReader, number: int, image: BeforeImage, update: Update) -> None:
    """Raise DamageError for an image, at that line of its journal, that is not of its update."""
    of_update = (update.target, update.domain, update.trigger)
    if (image.target or update.target, image.DomainName, image.EventTriggerName) != of_update:
        what = f"is not of the trigger that update {image.id} is of"
        raise damaged(run.directory.before, what, number)
