"""What is provably whole of a journal that is not as it was written. Reads only.

A line is when its chain is that of itself and of what the line before says its own is: so one that
was changed, or lost, takes no more with it than the line that comes after the gap.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

from batcher.storage.hash_chain import link, split
from batcher.storage.journal_reader import LINE_AT_MOST
from batcher.storage.regular_file import open_regular


class SalvagedLine(Struct, frozen=True):
    """A line of a damaged journal.

    ``body``: without newline and chain; ``whole``: it is provably as it was written; ``old``: as
    far as can be told, as it is from before lines were chained.
    """

    body: bytes
    whole: bool
    old: bool = False


def salvaged_lines(path: Path, unchained: int | None) -> Iterator[SalvagedLine]:
    """Every line of a journal but for a torn last one, oldest first; none where there is no file.

    ``unchained``: so many lines at its beginning may have no chain; None: any number.

    Raises DamageError for what is no regular file of this user, and OSError.
    """
    try:
        descriptor = open_regular(path)
    except FileNotFoundError:
        return
    before: bytes | None = b""  # the chain of the line before; None: it says none
    left, chained = unchained, False
    with os.fdopen(descriptor, "rb") as file:
        while line := file.readline(LINE_AT_MOST):
            ended = line.endswith(b"\n")
            if not ended and len(line) < LINE_AT_MOST:
                return
            body, said = split(line.removesuffix(b"\n"))
            chain = None if before is None else link(before, body)
            old = ended and said is None and not chained and left != 0
            yield SalvagedLine(body, ended and said is not None and said == chain, old)
            if old and left is not None:
                left -= 1
            chained = chained or said is not None
            before = chain if old else said
