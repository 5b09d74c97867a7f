"""Definitions of triggers as ``batcher compose`` takes them, whatever they are written in.

Each comes with where it stands, in the format of a line, not yet checked.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.updates.hint import Hint
from batcher.updates.line_reader import LineReader
from batcher.updates.member_path import MemberPath
from batcher.updates.violations import Violation

NAMES = ("DomainName", "EventTriggerName")  # TRIGGER_NAMES, in the order in which they are written
OURS = ("id", "target", "priority", "domain_map")  # what a definition may say of its update


class Definition(Struct, frozen=True, kw_only=True):
    """A trigger in the format of an update line, members of AWS's and ours where it has them.

    ``line``: or row, or position; ``parts``: values below members, put there in this order;
    ``violations``: all that keeps it from being one; then the members may be its names at most.
    ``columns``: by path, where it was written, such as ``column C``; ``empty``: the paths of cells
    that say nothing.
    """

    line: int
    members: dict[str, Any]
    parts: tuple[tuple[MemberPath, Any], ...] = ()
    violations: list[Violation] = []
    columns: Mapping[str, str] = {}
    empty: tuple[MemberPath, ...] = ()

    def place(self, path: str) -> str:
        """A path, with the column that it is in or below."""
        for above, column in self.columns.items():
            if path == above or path.startswith((f"{above}.", f"{above}[")):
                return f"{path} ({column})"
        return path


Definitions: TypeAlias = Iterator[Definition]


def _ignored(_: str) -> None:
    """Hear a note, and do nothing."""


class DefinitionFile(Struct, frozen=True, kw_only=True):
    """A plain file of definitions, to be read more than once. ``origin``: what people call it.

    ``template``: members that every definition has that does not say otherwise; ``domain``: of
    definitions that name none; ``parameters``: values for the names that a template of
    CloudFormation refers to. ``on_note`` is told what was done to definitions of other tools.
    """

    path: Path
    origin: str
    reader: LineReader
    on_hint: Callable[[Hint], None]
    template: Mapping[str, Any] = {}
    on_note: Callable[[str], None] = _ignored
    domain: str | None = None
    parameters: Mapping[str, str] = {}


ReadDefinitions: TypeAlias = Callable[[DefinitionFile], Definitions]
