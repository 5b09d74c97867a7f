"""What lint finds, the codes it has for that, and what a rule is.

A finding quotes no value in its message: values go into ``values``, so that those of sensitive
members are shown only where somebody asked for it.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

from msgspec import Struct

from batcher.triggers.masking import HIDDEN
from batcher.updates.violations import path_text

Severity: TypeAlias = Literal["error", "warning", "info"]
"""error: it can't be what was meant. warning: most likely it is not. info: worth a look."""
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

VALUE_SHOWN_AT_MOST = 64  # characters

Definition: TypeAlias = Mapping[str, Any]
"""Members of UpdateEventTriggerRequest that keep the rules of the model: no type is in doubt."""

Path: TypeAlias = tuple[str | int, ...]
"""As in ``("EventTriggerLimits", "Periods", 0, "Unit")``; empty for the whole definition."""


class LintCode(Struct, frozen=True, kw_only=True):
    """A fault that lint knows; ``code`` and ``name`` never change, and are given once.

    ``name``: lower case with hyphens; ``title``: what is wrong, without a period; ``reason``: why
    it is a fault, and what customers would notice; ``instead``: what to write. ``example``: lines
    that have it, ``mended``: the same lines without it; a test holds both against the rules. A line
    may leave out the names of its trigger.
    """

    code: str
    name: str
    severity: Severity
    title: str
    reason: str
    instead: str
    example: tuple[dict[str, Any], ...]
    mended: tuple[dict[str, Any], ...] = ()


class Finding(Struct, frozen=True, kw_only=True):
    """One fault, and where it is in a definition.

    ``message``: what is wrong just there, with ``{}`` for each of ``values``, and no value in it.
    """

    code: LintCode
    path: Path = ()
    message: str
    values: tuple[Any, ...] = ()

    @property
    def where(self) -> str:
        """The path as people write it; empty for the whole definition."""
        return path_text(self.path)

    def text(self, sensitive: frozenset[str]) -> str:
        """The message with its values as JSON, ``[hidden]`` for those of sensitive members.

        Values of the whole definition may be anything, and count as sensitive.
        """
        hidden = bool(sensitive) and (not self.path or not sensitive.isdisjoint(self.path))
        return self.message.format(*(HIDDEN if hidden else _shown(each) for each in self.values))


class LintContext(Struct, frozen=True, kw_only=True):
    """What a rule may know besides the definition. A rule that needs more adds a member here.

    ``whole``: the definition is all of its trigger; else it is what an update says, and the
    members that it leaves out may be anything.
    """

    whole: bool


Rule: TypeAlias = Callable[[Definition, LintContext], Iterator[Finding]]
"""Looks at one definition; never raises for one that keeps the rules of the model."""


def _shown(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= VALUE_SHOWN_AT_MOST else text[:VALUE_SHOWN_AT_MOST] + "…"
