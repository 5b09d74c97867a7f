"""Files of a spool directory that failed, put back.

The run of a file that is as it was goes on: with what failed or is in doubt and is not superseded,
and with what was not started. So an older update is never put over a newer one. An edited file is
new work, as a whole.
"""

import gzip
import hashlib
import zlib

from msgspec import Struct

from batcher.errors import BatcherError
from batcher.jobs.failed_lines import lines_to_run_again
from batcher.jobs.rewrite import close_books, is_half_rewritten, rewrite_results
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.ports import Claim
from batcher.queues.spool_directory import SpoolDirectory
from batcher.sources.input_file import open_input
from batcher.storage.run_directory import RunDirectory
from batcher.wiring.line_readers import line_reader


class RedrivenFiles(Struct, kw_only=True):
    """How many files were put back: their run goes on (``resumed``), or they are new (``anew``).

    ``left``: in words, why others were not.
    """

    resumed: int = 0
    anew: int = 0
    left: list[str] = []


def redrive_failed_files(spool: SpoolDirectory) -> RedrivenFiles:
    """Put all files that failed back; one that can't be holds no other back."""
    found = RedrivenFiles()
    for name in spool.failures():
        try:
            with spool.hold_failed(name) as failed:
                if _is_as_it_was(failed):
                    _go_on(spool, failed)
                    found.resumed += 1
                else:
                    spool.put_back(failed)
                    found.anew += 1
        except BatcherError as error:
            found.left.append(str(error))
    return found


def _is_as_it_was(failed: Claim) -> bool:
    """Whether the file is the input of the run that is beside it."""
    directory = RunDirectory(failed.run)
    if not directory.manifest.exists() or not failed.path.is_file():  # nothing was sent, or can be
        return False
    try:
        with open_input(failed.path) as file:  # unpacked, as the run knows its input
            sha256 = hashlib.file_digest(file.stream, "sha256").hexdigest()
    except (EOFError, zlib.error, gzip.BadGzipFile):  # damaged since
        return False
    return sha256 == directory.read_manifest().input.sha256


def _go_on(spool: SpoolDirectory, failed: Claim) -> None:
    run = RunReader(failed.run, line_reader(settings_of(failed.run), any_target=True))
    with run.directory:
        reopen(run)
        spool.put_back_with_run(failed)


def reopen(run: RunReader) -> None:
    """Make what is to be run again of a run that this process holds not started.

    Its next session sends it, in the order of the input. Raises DamageError, OutputError.
    """
    if is_half_rewritten(run.journals.known):
        close_books(run)
    again = frozenset(lines_to_run_again(run)[0])
    if not again:
        return
    rewrite_results(run, (line for line, each in run.stored_results() if each.line not in again))
