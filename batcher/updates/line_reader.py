"""From a line's bytes, or a caller's mapping, to an update or all that is wrong with it.

No file is read here. The order: decode, check against the model, split our members from AWS's.
"""

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from batcher.records import BasedOn, Update
from batcher.updates.domain_map import DomainMap
from batcher.updates.json_syntax import text_violations
from batcher.updates.plain_json import PlainJson
from batcher.updates.selection import Selection, Selector
from batcher.updates.target_names import TargetNames
from batcher.updates.update_model import UpdateModel
from batcher.updates.violations import Violation, name_text, path_text

LINE_AT_MOST = 1 << 20  # bytes
MAPPED_BY_ANOTHER = (
    "its domain is already that of another --domain-map; make a new plan with this one, or leave it"
    " out"
)


class LineReader:
    """Reads lines by the rules of a model.

    ``known_targets``: those that a line may name, also by account; None for any. ``domains``: what
    to call them. ``selector``: of the lines that are part of the job; None where all are.
    ``priority``: of lines that give none.
    """

    def __init__(
        self,
        model: UpdateModel,
        default_target: str,
        known_targets: frozenset[str] | TargetNames | None = None,
        domains: DomainMap | None = None,
        selection: Selection | None = None,
        priority: int = 0,
    ) -> None:
        self.model = model
        self.default_target = default_target
        if isinstance(known_targets, frozenset):
            known_targets = TargetNames.of(known_targets, {})
        self._targets = known_targets
        self._known_targets = None if known_targets is None else known_targets.names
        self._domains = domains
        self.selector = None if selection is None else Selector(selection, known_targets)
        self.default_priority = priority
        ours = {"id", "target", "based_on", "chain", "lost", "sha256", "LastUpdatedAt", "sent_at"}
        ours |= {"domain_map", "priority"}
        self._names = model.constants | ours
        self._decode_names = msgspec.json.Decoder(_Names).decode
        decoder = msgspec.json.Decoder(float_hook=_fraction)
        self._decode, self._decode_lines = decoder.decode, decoder.decode_lines
        self._encode = msgspec.json.Encoder().encode

    def narrowed(self, selection: Selection | None, targets: TargetNames) -> "LineReader":
        """A reader by the same rules, for which only those lines are part of the job.

        ``targets``: those that lines may name for it.
        """
        return LineReader(self.model, self.default_target, targets, self._domains, selection)

    def selects(self, raw: bytes) -> bool:
        """Whether a line is part of the job; one that names no trigger can't be left out."""
        return self.selector is None or self.is_taken(raw, self.selector, unnamed=True)

    def is_taken(self, raw: bytes, selector: Selector, *, unnamed: bool = False) -> bool:
        """Whether a line is selected. ``unnamed``: what is so of one that names no trigger.

        No rule of the model is looked at.
        """
        if (named := self._named(raw)) is None:
            return unnamed
        target = self.default_target if named.target is None else self.target_name(named.target)
        domain = self._mapped(named.DomainName, named.domain_map)
        return selector.takes(domain, named.EventTriggerName, target)

    def read(self, raw: bytes, line: int) -> Update | list[Violation] | None:
        """The update of a line, or its violations; None for a blank line.

        ``raw``: UTF-8 JSON, with or without its newline. ``line`` is 1-based and becomes the id
        where the line gives none.
        """
        if len(raw) > LINE_AT_MOST:
            return [Violation(message=f"longer than {LINE_AT_MOST:,} bytes")]
        try:
            value = self._decode(raw)
            if self.model.accepts(value) and not self._may_repeat(raw, value):
                return self._known(value, line)
        except (ValueError, RecursionError):  # those of decoding are ValueErrors
            pass
        return self._read_slowly(raw, line)

    def read_all(self, raws: Sequence[bytes], lines: Sequence[int]) -> list[Update] | None:
        """The updates of lines as ``read`` gives them, where all are right and plain; else None.

        ``raws``: each with its end; ``lines``: their numbers.
        """
        content = b"".join(raws)
        if max(map(len, raws), default=0) > LINE_AT_MOST:
            return None
        if self.model.quick.read(content, len(raws)) is None:
            return None
        with suppress(ValueError, RecursionError):  # those of decoding are ValueErrors
            values = self._decode_lines(content)
            found = list(map(self._known, values, lines))
            updates = [each for each in found if isinstance(each, Update)]
            return updates if len(updates) == len(found) else None
        return None

    def read_quickly(self, content: bytes, count: int) -> list[Any] | None:
        """The updates of so many lines at one stroke, where all are right; else None.

        ``content``: the lines with their ends. Each has the members of a line that the model knows,
        those that it leaves out as UNSET: ``targets_of`` and ``urgencies_of`` say what that means.
        """
        if self.selector is not None or self._domains is not None:
            return None
        if len(content) > LINE_AT_MOST:  # one of them may be too long
            return None
        found = self.model.quick.read(content, count)
        if found is None or self._known_targets is None:
            return found
        return found if self._known_targets.issuperset(self.targets_of(found)) else None

    def targets_of(self, found: list[Any]) -> list[str]:
        """The targets of what was read quickly."""
        named = [each.target for each in found]
        return [self.default_target if name is UNSET else name for name in named]

    def urgencies_of(self, found: list[Any]) -> list[int]:
        """How urgent it is."""
        given = [each.priority for each in found]
        return [self.default_priority if urgency is UNSET else urgency for urgency in given]

    def trigger_of(self, raw: bytes) -> tuple[str, str] | None:
        """The domain and the name of the trigger that a line is of; None where it names none.

        No rule of the model is looked at.
        """
        if (named := self._named(raw)) is None:
            return None
        return self._mapped(named.DomainName, named.domain_map), named.EventTriggerName

    def _named(self, raw: bytes) -> "_Names | None":
        try:
            return self._decode_names(raw)
        except (ValueError, RecursionError):
            return None

    def _read_slowly(self, raw: bytes, line: int) -> Update | list[Violation] | None:
        """Read a line that is wrong or unusual: all checks, in the order that explains most."""
        if not raw.strip():
            return None
        if violations := text_violations(raw, self._names):
            return violations
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            return [Violation(message=f"not JSON: {error}")]
        return self._checked(value, line)

    def from_mapping(self, value: Mapping[str, Any], line: int) -> Update | list[Violation]:
        """The update of a mapping in the format of a line, or its violations; it is copied.

        What JSON has no word for (datetime, bytes, NaN, names that are no strings) is a violation.
        """
        try:
            copied = self._decode(self._encode(value))
            # equal: nothing in it was put into JSON's words first
            if copied == value and self.model.accepts(copied):
                return self._known(copied, line)
        except (TypeError, ValueError, RecursionError):
            pass  # what is wrong is said below
        plain = PlainJson()
        copied = plain.copy(value, [])
        if plain.refused:
            return [
                Violation(path=path_text(self.model.shown(path)), message=why)
                for path, why in plain.refused
            ]
        return self._checked(copied, line)

    def _checked(self, value: Any, line: int) -> Update | list[Violation]:
        violations = self.model.check(value)
        if not violations:
            return self._known(value, line)
        if not isinstance(value, dict):
            return violations
        named = value.get("target")
        is_told = named is None if "target" not in value else isinstance(named, str)
        return violations + (self._unknown_target(named) if is_told else [])

    def _known(self, value: dict[str, Any], line: int) -> Update | list[Violation]:
        """The update of a value that keeps the rules of the model, if its target is known."""
        named_target = value.pop("target", None)
        target = self.default_target if named_target is None else named_target
        if self._known_targets is not None and target not in self._known_targets:
            if violations := self._unknown_target(named_target):
                return violations
            target = self.target_name(target)
        base = msgspec.convert(value.pop("based_on"), BasedOn) if "based_on" in value else None
        value.pop("chain", None)
        value.pop("lost", None)
        priority: int | None = value.pop("priority", None)
        mapped_by, named = value.pop("domain_map", None), value["DomainName"]
        if (domain := self._mapped(named, mapped_by)) != named:
            if mapped_by is not None:
                return [Violation(path="domain_map", message=MAPPED_BY_ANOTHER)]
            value["DomainName"], mapped_by = domain, str(self._domains)
        return Update(
            id=value.pop("id", None) or str(line),
            line=line,
            target=target,
            request=value,
            based_on=base,
            domain_map=mapped_by,
            priority=priority,
            urgency=self.default_priority if priority is None else priority,
        )

    def _mapped(self, domain: str, mapped_by: str | None) -> str:
        """The domain to use. ``mapped_by``: the map that the line was put through already."""
        domains = self._domains
        return domain if domains is None or mapped_by == str(domains) else domains.renamed(domain)

    def target_name(self, text: str) -> str:
        """The name of the target that a line means; of none that is known, what it says."""
        return text if self._targets is None else self._targets.find(text) or text

    def has_target(self, name: str) -> bool:
        """Whether lines may be of the target of that name."""
        return self._targets is None or self._targets.find(name) is not None

    def target_meant(self, value: Any) -> str:
        """The target that a wrong entry is booked on: what it says, else that of the others."""
        named = value.get("target") if isinstance(value, Mapping) else None
        return self.target_name(named) if isinstance(named, str) and named else self.default_target

    def _unknown_target(self, named: str | None) -> list[Violation]:
        """What is wrong with the target that a line names; None: it names none."""
        target = self.default_target if named is None else named
        if self._targets is None or self.has_target(target):
            return []
        if named is None:
            return [Violation(message=f"names no target; there are {self._targets.shown}")]
        message = self._targets.refusal(target, name_text(target))
        return [Violation(path="target", message=message)]

    def _may_repeat(self, raw: bytes, value: Any) -> bool:
        """Whether a member may stand twice in one object: then colons are lost in decoding."""
        escaped = b"\\" in raw and b"\\u003" in raw  # a colon may be written as \u003a
        return escaped or raw.count(b":") != self._encode(value).count(b":")


class _Names(Struct):
    DomainName: str
    EventTriggerName: str
    domain_map: str | None = None
    target: str | None = None


def _fraction(digits: str) -> float:
    """A number with a point or an exponent. One that is whole or out of range is read slowly."""
    value = float(digits)
    if value.is_integer() or not math.isfinite(value):
        raise ValueError(digits)
    return value
