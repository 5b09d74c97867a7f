"""What is told of an input that is no JSON Lines of updates, and the command that makes them."""

import shlex

from msgspec import Struct

from batcher.updates.packed_data import UNPACKED_BY

MENDED = ".mended.jsonl"  # the end of the name of what a command makes


class Hint(Struct, frozen=True, kw_only=True):
    """What an input is, and what makes lines of updates of it.

    ``what``: ends "This is …"; ``of_values``: there is one object a line, and what is wrong is in
    these. ``filter``: a shell command from standard input to standard output; None where none can.
    ``advice``: what to do instead, or as well.
    """

    what: str
    of_values: bool = False
    filter: str | None = None
    advice: str = ""

    def text(self, origin: str) -> str:
        """In words, for an input of that name: a path, ``-`` or ``s3://…``; a command ends it."""
        wanted = "" if self.of_values else " One JSON object a line is wanted."
        said = f"This is {self.what}.{wanted}"
        said = f"{said} {self.advice}" if self.advice else said
        return said if self.filter is None else f"{said} {mends(origin, self.filter)}"


def mends(origin: str, filter: str, *, as_stored: bool = False) -> str:
    """The command that puts an input through a filter, into a file beside it.

    ``as_stored``: it is not packed, whatever its name says.
    """
    if origin == "-":
        return f"Put this before batcher, as one more filter: {filter}"
    in_s3 = origin.startswith("s3://")
    folder, slash, own = origin.rpartition("/")
    stem, _, suffix = own.rpartition(".")
    unpack = UNPACKED_BY.get(suffix)
    if unpack:
        stem = stem.rpartition(".")[0] or stem
    steps = [unpack, filter] if unpack and not as_stored else [filter]
    if in_s3:
        steps.insert(0, f"aws s3 cp {shlex.quote(origin)} -")
    else:
        steps[0] += f" < {shlex.quote(origin)}"
    place = "" if in_s3 else folder + slash
    return f"This mends it: {' | '.join(steps)} > {shlex.quote(place + (stem or own) + MENDED)}"
