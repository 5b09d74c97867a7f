"""What a template, a state or a plan of another tool holds: its event triggers, and others."""

from typing import Any

from msgspec import Struct


class ForeignResource(Struct, frozen=True, kw_only=True):
    """An event trigger as a tool has it. ``name``: as the tool calls it, "" where it does not.

    ``place``: where in the file its members stand. ``value``: in the tool's words; a value that is
    not known yet is an ``UnknownValue``.
    """

    name: str = ""
    place: str = ""
    value: dict[str, Any]


class ForeignResources(Struct, frozen=True, kw_only=True):
    """``others``: resources that are no event trigger. ``pending``: triggers still to be made.

    ``unmade``: those whose condition is not true. ``names``: what values can be given for.
    """

    triggers: list[ForeignResource]
    others: int = 0
    pending: int = 0
    unmade: int = 0
    names: frozenset[str] = frozenset()
