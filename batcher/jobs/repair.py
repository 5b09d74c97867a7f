"""The repair of a run directory that something else has changed: what is provably whole is kept.

An update whose result is lost may have been sent: it is in doubt, for ``verify`` to settle, and no
resume sends it over a later one. The damaged files stay, under names of their own.
"""

import os
from contextlib import ExitStack, suppress
from itertools import count
from pathlib import Path

import msgspec
from msgspec import Struct

from batcher.errors import DamageError, OutputExistsError, RunDirectoryError
from batcher.jobs.rewrite import close_books, write_chained
from batcher.jobs.run_family import family_of, is_same
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.jobs.run_salvage import RunSalvage
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_system import remove
from batcher.storage.hash_chain import EMPTY
from batcher.storage.regular_file import open_regular
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_journals import NO_LINES, Heads
from batcher.storage.run_retries import noted_retries
from batcher.wiring.line_readers import line_reader


class Repair(Struct, frozen=True, kw_only=True):
    """What the repair of a run did: lines that are lost.

    ``in_doubt``: updates that may have been sent, as results are lost; ``without_image``: those
    whose before image is lost, so that they can't be put back; ``kept``: the damaged files.
    """

    path: Path
    results_lost: int = 0
    images_lost: int = 0
    in_doubt: int = 0
    without_image: int = 0
    kept: list[Path]


def repair_run(path: Path) -> list[Repair]:
    """Repair the run in a directory and those that it belongs with, which are held meanwhile.

    Returns what was done to those that were damaged. Failed lines and summary of the run are made
    anew in any case. Takes some 100 bytes for each image of an update without a result.

    Raises RunDirectoryError when there is no such run, one is in use, or its input is gone or
    changed; DamageError for a file that nothing can be taken from, OutputError.
    """
    repairs, run = list[Repair](), _reader(RunDirectory(path))
    with ExitStack() as held:
        held.enter_context(run.directory)
        if (kept := _without_damaged_retries(run.directory)) is not None:
            repairs.append(Repair(path=path, kept=[kept]))
        family = family_of(run.directory)
        others = [each for each in (family.root, *family.retries) if _is_other(each, run.directory)]
        runs = [run, *map(_reader, others)]
        for each in runs[1:]:
            held.enter_context(each.directory)
        for each in runs:
            salvage = RunSalvage(each)
            if salvage.is_damaged:
                repairs.append(_rewrite(each, salvage))
        for each in runs:  # once they are all whole: they are read for it
            close_books(each)
    return repairs


def _reader(directory: RunDirectory) -> RunReader:
    return RunReader(directory.path, line_reader(settings_of(directory.path), any_target=True))


def _is_other(directory: RunDirectory, own: RunDirectory) -> bool:
    """Whether it is another run, and its journals are damaged."""
    if is_same(directory, own):
        return False
    try:
        journals = directory.journals()
        journals.results.tip()
        journals.before.tip()
    except DamageError:
        return True
    return False


def _without_damaged_retries(directory: RunDirectory) -> Path | None:
    """Do without a ``retries.json`` that can't be read; returns the copy that is kept of it."""
    try:
        noted_retries(directory)
    except RunDirectoryError:
        kept = _kept_beside(directory.retries)
        remove(directory.retries)
        return kept
    return None


def _kept_beside(path: Path) -> Path:
    """Copy a file to a new name beside its own; returns that."""
    for number in count(1):
        copy = path.with_name(f"{path.name}.damaged-{number}")
        with suppress(OutputExistsError), AtomicFile(copy) as file:
            with os.fdopen(open_regular(path), "rb") as damaged:
                file.write_from(damaged)
            file.commit()
            return copy
    raise AssertionError("numbers never end")


def _rewrite(run: RunReader, salvage: RunSalvage) -> Repair:
    """Put what is whole in place, as a rewrite of the journals that can be killed anywhere."""
    directory, known = run.directory, run.journals.known or NO_LINES
    looked = directory.before.exists()
    with ExitStack() as stack:
        files = [
            stack.enter_context(AtomicFile(each, replace=True))
            for each in (directory.results, directory.before)
        ]
        then = Heads(
            results=write_chained(files[0], salvage.result_lines()),
            before=write_chained(files[1], salvage.image_lines()) if looked else EMPTY,
            unproven=salvage.old,
        )
        kept = [
            _kept_beside(each) for each in (directory.results, directory.before) if each.exists()
        ]
        directory.write_heads(
            msgspec.structs.replace(known, unproven=max(known.unproven, salvage.old), next=then)
        )
        for file in files if looked else files[:1]:
            file.commit()
    return Repair(
        path=directory.path,
        results_lost=salvage.results_lost,
        images_lost=salvage.images_lost,
        in_doubt=salvage.in_doubt,
        without_image=salvage.without_image,
        kept=kept,
    )
