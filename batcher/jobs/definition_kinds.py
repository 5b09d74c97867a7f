"""What a file of definitions may be written in, and which one it is by its name."""

from pathlib import Path

from msgspec import Struct

from batcher.jobs.csv_definitions import csv_definitions
from batcher.jobs.definitions import ReadDefinitions, line_definitions
from batcher.sources.decompression import COMPRESSED

SPREADSHEETS = (".csv", ".tsv")


class DefinitionKind(Struct, frozen=True, kw_only=True):
    """One way to write definitions. ``unit``: what they are counted by.

    ``is_wanted``: they say how triggers are to be, and not how they are.
    """

    read: ReadDefinitions
    is_wanted: bool = True
    unit: str = "line"


KINDS: dict[str, DefinitionKind] = {
    "updates": DefinitionKind(read=line_definitions, is_wanted=False),
    "csv": DefinitionKind(read=csv_definitions, unit="row"),
}
"""By the name that ``--from`` takes."""


def kind_of(origin: str) -> str:
    """The name of the kind that a file has by its own name."""
    path = Path(origin)
    suffix = path.with_suffix("").suffix if path.suffix in COMPRESSED else path.suffix
    return "csv" if suffix.lower() in SPREADSHEETS else "updates"
