"""The rules of one definition, run once for all triggers that have the same one."""

from collections.abc import Sequence
from hashlib import blake2b
from itertools import chain
from typing import NamedTuple

import msgspec

from batcher.operations import TRIGGER_NAMES
from batcher.triggers.lint.definition_rules import NAME_RULES, RULES
from batcher.triggers.lint.finding import Definition, Finding, LintContext, Rule
from batcher.triggers.lint.line_rules import behaviour

KEPT_AT_MOST = 4096  # different definitions of which it is known what is wrong with them
FINDINGS_KEPT = 32_768  # in them, of a few hundred bytes each


class Linted(NamedTuple):
    """What the rules find in a definition, and what it does, as in ``behaviour``."""

    findings: tuple[Finding, ...]
    behaviour: str | None


class DefinitionLinter:
    """Finds what is wrong with definitions; remembers it of the last different ones."""

    def __init__(self, rules: Sequence[Rule] = RULES, names: Sequence[Rule] = NAME_RULES) -> None:
        self._rules = rules
        self._names = names
        self._encode = msgspec.json.Encoder(order="deterministic").encode
        self._contexts = {whole: LintContext(whole=whole) for whole in (False, True)}
        self._known: dict[bytes, Linted] = {}
        self._findings = 0  # of those that are known

    def __repr__(self) -> str:
        return f"<DefinitionLinter: {len(self._known):,} definitions>"

    def look(self, definition: Definition, *, whole: bool) -> Linted:
        """What the rules find, and what the trigger does. ``whole`` as in LintContext."""
        context = self._contexts[whole]
        known = self._content(definition, context)
        of_names = chain.from_iterable(rule(definition, context) for rule in self._names)
        return Linted((*known.findings, *of_names), known.behaviour)

    def _content(self, definition: Definition, context: LintContext) -> Linted:
        content = {name: each for name, each in definition.items() if name not in TRIGGER_NAMES}
        key = blake2b(self._encode(content), digest_size=16, salt=bytes([context.whole])).digest()
        if (known := self._known.get(key)) is None:
            found = chain.from_iterable(rule(content, context) for rule in self._rules)
            known = Linted(tuple(found), behaviour(content))
            self._keep(key, known)
        return known

    def _keep(self, key: bytes, known: Linted) -> None:
        self._findings += len(known.findings)
        if len(self._known) >= KEPT_AT_MOST or self._findings > FINDINGS_KEPT:
            self._known.clear()
            self._findings = len(known.findings)
        self._known[key] = known
