"""A trigger as another tool wrote it, in our words: what was renamed, left out and read otherwise.

Names of CDK, Terraform and CloudFormation, answers of the API, skeletons of the AWS CLI. Nothing is
guessed: a name that is not the model's but for its letters is a violation, with a hint.
"""

from collections.abc import Iterable, Mapping
from enum import Enum
from typing import Any

from msgspec import Struct

from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.json_syntax import NESTING_AT_MOST
from batcher.updates.plain_json import is_deeper
from batcher.updates.unset_members import without_unset
from batcher.updates.update_model import UpdateModel
from batcher.updates.value_types import of_type
from batcher.updates.violations import Violation, path_text

LISTED = (
    "an entry of list-event-triggers, which has neither conditions nor limits: batcher export"
    " --domain DOMAIN reads whole triggers"
)
NO_DOMAIN = "missing; name it with --domain, as answers of AWS have none"
_WRITTEN_OTHERWISE = (
    "is a number that is written otherwise, or rounded, as it is read: put quotes around a text,"
    " and write an integer in digits alone"
)
GIVEN_TWICE = "given twice, in two spellings of its name: leave one out"

_CONDITIONS = "EventTriggerConditions"
_DOMAIN = "DomainName"
_NAMED_AS_DATA = frozenset({"string", "stringvalue"})

_Path = tuple[str | int, ...]


class UnknownValue(Struct, frozen=True):
    """A value that nobody knows yet. ``why``: in words, and what to do."""

    why: str


def written_number(digits: str) -> float | UnknownValue:
    """The number of a JSON text that is no integer; unknown where it would be written otherwise."""
    number = float(digits)
    return number if repr(number) == digits else UnknownValue(_WRITTEN_OTHERWISE)


class Alteration(Enum):
    """What was done to a member, in words that follow its names."""

    RENAMED = "written in other letters, taken as the model's names"
    ANSWERED = "left out, as no update takes it"
    UNSET = "left out, as nothing was filled in"
    READ_AS = "read as the type that the model has"
    PLACEHOLDER = "kept, though it looks like a placeholder"


class Note(Struct, frozen=True, kw_only=True):
    """One thing that was done to a definition. ``name``: of the member, as the model has it."""

    alteration: Alteration
    name: str


class ForeignDefinition(Struct, frozen=True, kw_only=True):
    """A definition in our format, what was done for that, and what is wrong with it still."""

    definition: dict[str, Any]
    notes: list[Note] = []
    violations: list[Violation] = []


def translated(
    value: Mapping[str, Any], model: UpdateModel, *, domain: str | None = None
) -> ForeignDefinition:
    """A definition in our format. ``domain``: of those that name none."""
    if is_deeper(value, NESTING_AT_MOST):
        message = f"nested more than {NESTING_AT_MOST} levels deep"
        return ForeignDefinition(definition={}, violations=[Violation(message=message)])
    translator = _Translator(model)
    found = translator.object(value, model.schema, ())
    if translator.violations:
        return translator.translation(found, translator.violations)
    found, unset = without_unset(found, model.schema)
    translator.note(Alteration.UNSET, unset)
    named = [name for name, below in found.items() if _is_placeholder(name, below)]
    translator.note(Alteration.PLACEHOLDER, named)
    if domain is not None:
        found = {_DOMAIN: domain} | found
    return translator.translation(found, list(_violations(found, translator, model)))


def _violations(
    found: dict[str, Any], translator: "_Translator", model: UpdateModel
) -> Iterable[Violation]:
    if translator.is_answer and _CONDITIONS not in found:
        yield Violation(message=LISTED)
        return
    for violation in model.check(found):
        is_domain = violation.path == _DOMAIN and _DOMAIN not in found
        yield Violation(path=_DOMAIN, message=NO_DOMAIN) if is_domain else violation


class _Translator:
    """Writes one definition by a model, and keeps what it did."""

    def __init__(self, model: UpdateModel) -> None:
        self.notes: list[Note] = []
        self.violations: list[Violation] = []
        self.is_answer = False
        self._model = model

    def translation(
        self, definition: dict[str, Any], violations: list[Violation]
    ) -> ForeignDefinition:
        return ForeignDefinition(definition=definition, notes=self.notes, violations=violations)

    def note(self, alteration: Alteration, names: Iterable[str]) -> None:
        self.notes.extend(Note(alteration=alteration, name=name) for name in names)

    def object(self, value: Mapping[str, Any], rule: Schema, path: _Path) -> dict[str, Any]:
        """An object under the model's names, without what only answers have."""
        place = [part for part in path if isinstance(part, str)]
        found = dict[str, Any]()
        for given, below in value.items():
            if not path and given not in rule["properties"] and self._is_answered(given, below):
                continue
            name = self._model.names.spelled(given, place) or given
            if name in found:
                self._refuse((*path, name), GIVEN_TWICE)
            elif name != given:
                self.note(Alteration.RENAMED, [name])
            inner = rule["properties"].get(name)
            is_known = inner is not None
            found[name] = self._value(below, inner, (*path, name)) if is_known else _plain(below)
        return found

    def _value(self, value: Any, rule: Schema, path: _Path) -> Any:
        rule = dereferenced(rule, self._model.schema)
        match value:
            case UnknownValue(why):
                self._refuse(path, why)
                return None
            case Mapping() if "properties" in rule:
                return self.object(value, rule, path)
            case list() if "items" in rule:
                each = enumerate(value)
                return [self._value(below, rule["items"], (*path, index)) for index, below in each]
            case dict() | list():
                return _plain(value)
        read = of_type(value, rule)
        if read is not value:
            name = next(part for part in reversed(path) if isinstance(part, str))
            self.note(Alteration.READ_AS, [name])
        return read

    def _is_answered(self, name: str, value: Any) -> bool:
        """Whether a member is of answers only; then it is noted, but where nothing is in it."""
        if not self._model.names.is_answered(name):
            return False
        self.is_answer = self.is_answer or name.lower().endswith("at")
        if value:
            self.note(Alteration.ANSWERED, [name])
        return True

    def _refuse(self, path: _Path, why: str) -> None:
        self.violations.append(Violation(path=path_text(path), message=why))


def _plain(value: Any) -> Any:
    """A value that the model has nothing for, as JSON: what is not known of it is a text."""
    match value:
        case UnknownValue(why):
            return why
        case dict():
            return {name: _plain(below) for name, below in value.items()}
        case list():
            return list(map(_plain, value))
    return value


def _is_placeholder(name: str, value: Any) -> bool:
    """Whether a text is what documentation and skeletons put for one."""
    letters = value.replace("_", "").lower() if isinstance(value, str) else ""
    return letters in _NAMED_AS_DATA or (name[:1].isupper() and letters == name.lower())
