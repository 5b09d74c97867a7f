"""The journals of a run rewritten, and what is made from them.

Whoever is killed in the middle of it leaves books that the next command understands: ``run.json``
first says what is coming, then the journals are put in place, then failed lines and summary are
made from them, and at last ``run.json`` says that it is done.
"""

from collections import defaultdict
from collections.abc import Iterable

import msgspec

from batcher.accounting.tally import Tally, recounted
from batcher.jobs.failed_lines import write_failed
from batcher.jobs.run_reader import RunReader
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.hash_chain import ChainTip, Head
from batcher.storage.run_journals import Heads


def rewrite_results(run: RunReader, lines: Iterable[bytes]) -> None:
    """Replace the results of a run, each without its chain, and what is made from them.

    Raises DamageError, OutputError, InputError.
    """
    now = run.journals.heads()
    with AtomicFile(run.directory.results, replace=True) as file:
        then = msgspec.structs.replace(now, results=write_chained(file, lines))
        run.directory.write_heads(msgspec.structs.replace(now, next=then))
        file.commit()
    close_books(run)


def close_books(run: RunReader) -> None:
    """Make failed lines and summary anew from the results, and say what the journals are."""
    run.reload()
    tallies = defaultdict[str, Tally](Tally)
    for result in run.outcomes():
        tallies[result.target].add(result)
    left_out = write_failed(run)
    if (summary := run.directory.read_summary()) is not None:
        summary = recounted(summary, tallies)
        run.directory.write_summary(msgspec.structs.replace(summary, superseded=left_out))
    run.directory.write_heads(run.journals.heads())
    run.reload()


def write_chained(file: AtomicFile, lines: Iterable[bytes]) -> Head:
    """Write lines, each without its chain, as a new journal; returns its head."""
    tip = ChainTip()
    for line in lines:
        sealed = tip.seal(line)
        tip.extend(sealed)
        file.write(sealed)
    return tip.head()


def is_half_rewritten(known: Heads | None) -> bool:
    """Whether a rewrite did not come to its end, by what ``run.json`` says."""
    return known is not None and known.next is not None
