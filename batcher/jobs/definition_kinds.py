"""What a file of definitions may be written in, and which one it is by its name."""

from functools import partial
from pathlib import Path

from msgspec import Struct

from batcher.jobs.csv_definitions import csv_definitions
from batcher.jobs.definitions import ReadDefinitions
from batcher.jobs.foreign_definitions import document_definitions
from batcher.jobs.line_definitions import line_definitions
from batcher.sources.decompression import COMPRESSED
from batcher.updates.foreign_document import Tool

BY_SUFFIX = {
    ".csv": "csv",
    ".tsv": "csv",
    ".template": "cloudformation",
    ".tfstate": "awscc",
    ".yaml": "cloudformation",
    ".yml": "cloudformation",
}


class DefinitionKind(Struct, frozen=True, kw_only=True):
    """One way to write definitions. ``unit``: what they are counted by.

    ``is_wanted``: they say how triggers are to be, and not how they are; ``is_once``: each trigger
    is there once, as a tool manages it.
    """

    read: ReadDefinitions
    is_wanted: bool = True
    unit: str = "line"
    is_once: bool = False


KINDS: dict[str, DefinitionKind] = {
    "updates": DefinitionKind(read=line_definitions, is_wanted=False),
    "csv": DefinitionKind(read=csv_definitions, unit="row"),
    **{
        tool.value: DefinitionKind(
            read=partial(document_definitions, tool=tool), unit="trigger", is_once=True
        )
        for tool in Tool
    },
}
"""By the name that ``--from`` takes."""


def kind_of(origin: str) -> str:
    """The name of the kind that a file has by its own name."""
    path = Path(origin)
    suffix = path.with_suffix("").suffix if path.suffix in COMPRESSED else path.suffix
    return BY_SUFFIX.get(suffix.lower(), "updates")
