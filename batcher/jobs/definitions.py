"""Definitions of triggers as ``batcher compose`` takes them, whatever they are written in.

Each comes with where it stands, in the format of a line, not yet checked.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

import msgspec
from msgspec import Struct

from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.updates.hint import Hint
from batcher.updates.input_hint import hint_of
from batcher.updates.line_reader import LineReader
from batcher.updates.member_path import MemberPath
from batcher.updates.violations import Violation


class Definition(Struct, frozen=True, kw_only=True):
    """A trigger in the format of an update line, members of AWS's and ours where it has them.

    ``line``: or row, or position; ``parts``: values below members, put there in this order;
    ``violations``: all that keeps it from being one; then the members may be its names at most.
    ``columns``: by path, where it was written, such as ``column C``.
    """

    line: int
    members: dict[str, Any]
    parts: tuple[tuple[MemberPath, Any], ...] = ()
    violations: list[Violation] = []
    columns: Mapping[str, str] = {}

    def place(self, path: str) -> str:
        """A path, with the column that it is in or below."""
        for above, column in self.columns.items():
            if path == above or path.startswith((f"{above}.", f"{above}[")):
                return f"{path} ({column})"
        return path


Definitions: TypeAlias = Iterator[Definition]


class DefinitionFile(Struct, frozen=True, kw_only=True):
    """A plain file of definitions, to be read more than once. ``origin``: what people call it.

    ``template``: members that every definition has that does not say otherwise.
    """

    path: Path
    origin: str
    reader: LineReader
    on_hint: Callable[[Hint], None]
    template: Mapping[str, Any] = {}


ReadDefinitions: TypeAlias = Callable[[DefinitionFile], Definitions]


def line_definitions(file: DefinitionFile) -> Definitions:
    """The definitions of a file of updates, or of an export.

    Raises InputError when the file can't be read.
    """
    is_first = True
    with open_input(file.path, file.origin) as opened:
        for line, _, raw in opened.lines():
            read = file.reader.read(raw, line)
            if isinstance(read, Update):
                yield Definition(line=line, members=msgspec.json.decode(raw))
                continue
            hint = hint_of(opened.head, file.reader.model) if is_first else None
            if hint is not None:
                file.on_hint(hint)
            is_first = False
            named = file.reader.trigger_of(raw) or ()
            names = dict(zip(("DomainName", "EventTriggerName"), named, strict=False))
            yield Definition(line=line, members=names, violations=read or [])
