"""``failed.jsonl``: the updates of a run that failed or are in doubt, ready to be run again."""

from collections.abc import Iterator

import msgspec
from msgspec import UNSET, UnsetType

from batcher.errors import BatcherError
from batcher.jobs.run_family import family_of, is_same, lines_again, newer_results, superseded
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.logs import logger
from batcher.records import OPEN, Superseded
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.file_system import remove
from batcher.storage.journal_reader import LINE_AT_MOST
from batcher.storage.regular_file import open_regular
from batcher.wiring.line_readers import line_reader

LINES_TOLD = 20  # of the lines that are left out


def write_failed(run: RunReader) -> Superseded | UnsetType:
    """Write the file anew; there is none where it would have no line.

    What a retry has done since is left out, and what would undo a later update: that is returned,
    if there is any. Raises OutputError, DamageError.
    """
    lines, left_out = lines_to_run_again(run)
    _write(run, lines)
    return superseded_lines(left_out)


def superseded_lines(lines: frozenset[int]) -> Superseded | UnsetType:
    """What is told of lines that are left out, if there are any."""
    if not lines:
        return UNSET
    return Superseded(updates=len(lines), lines=sorted(lines)[:LINES_TOLD])


def lines_to_run_again(run: RunReader) -> tuple[list[int], frozenset[int]]:
    """The lines of the file, and those that are left out of it as superseded.

    Raises DamageError.
    """
    newer = newer_results(run)
    lines = run.chosen(lambda own: own.status in OPEN and newer.get(own.id, own).status in OPEN)
    if left_out := superseded(run, lines):
        logger().warning("failed.left_out", updates=len(left_out), reason="superseded")
    return [line for line in lines if line not in left_out], left_out


def _write(run: RunReader, lines: list[int]) -> None:
    if _has_just(run, lines):
        return
    if not lines:
        remove(run.directory.failed)
        return
    with AtomicFile(run.directory.failed, replace=True) as file:
        for _, line in _encoded(run, lines):
            file.write(line)
        file.commit()


def renew_family(run: RunReader) -> list[str]:
    """Write the files anew of a run that this process holds, and of all that it belongs with.

    So they are right whatever became of an update in any of them. Does nothing for a run that
    belongs with no other. Returns, in words, which of the others could not be written; raises as
    ``write_failed`` does for the run itself.
    """
    family, wrong = family_of(run.directory), list[str]()
    if not family.retries:
        return wrong
    write_failed(run)
    for each in (family.root, *family.retries):
        if is_same(each, run.directory):
            continue
        try:
            reader = line_reader(settings_of(each.path), any_target=True)
            with each:
                write_failed(RunReader(each.path, reader))
        except (BatcherError, OSError) as error:
            wrong.append(f"{each.failed}: can't be made anew: {error}")
            logger().warning("failed.not_renewed", path=str(each.failed), reason=str(error))
    return wrong


def is_as_written(run: RunReader) -> bool:
    """Whether the file has what it has to, and what it had to before later retries.

    Raises DamageError.
    """
    lines = run.chosen(lambda result: result.status in OPEN)
    needed = frozenset(lines_to_run_again(run)[0])
    try:
        descriptor = open_regular(run.directory.failed)
    except FileNotFoundError:
        return not needed
    with open(descriptor, "rb") as file:
        there = file.readline(LINE_AT_MOST)
        for line, encoded in _encoded(run, lines):
            if there == encoded:
                there = file.readline(LINE_AT_MOST)
            elif line in needed:
                return False
        return not there


def _has_just(run: RunReader, lines: list[int]) -> bool:
    try:
        descriptor = open_regular(run.directory.failed)
    except FileNotFoundError:
        return not lines
    with open(descriptor, "rb") as file:
        there = all(file.readline(LINE_AT_MOST) == line for _, line in _encoded(run, lines))
        return bool(lines) and there and not file.read(1)


def _encoded(run: RunReader, lines: list[int]) -> Iterator[tuple[int, bytes]]:
    encode = msgspec.json.Encoder().encode
    for line, members in lines_again(run, lines):
        yield line, encode(members) + b"\n"
