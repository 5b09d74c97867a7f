"""The installed service model read as rules: what an update may be, which members are sensitive.

The model comes in as a dict, and every limit of AWS's out of it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jsonschema_rs import Draft202012Validator

from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.updates.corrections import Corrections
from batcher.updates.json_schema import Schema, dereferenced, members, reachable, update_schema
from batcher.updates.known_part import Take, known_part_of
from batcher.updates.member_names import MemberNames
from batcher.updates.quick_lines import QuickLines
from batcher.updates.violations import Violation, path_text, violation_of


@dataclass(frozen=True, kw_only=True, slots=True)
class UpdateModel:
    """The rules of an update.

    ``schema``: the JSON Schema of a line. ``sensitive``: names of the members whose content must
    not be shown. ``constants``: the names, enum values and patterns that the model publishes.
    ``answered``: members that only the API's answers have. ``names`` finds a member by what else it
    is called. ``version`` names the model. ``quick`` checks many lines at one stroke.
    """

    schema: Schema
    sensitive: frozenset[str]
    constants: frozenset[str]
    answered: frozenset[str]
    names: MemberNames
    version: str
    quick: QuickLines
    _validator: Draft202012Validator
    _known_part: Take

    @classmethod
    def from_service_model(cls, service_model: Mapping[str, Any]) -> "UpdateModel":
        """Read the rules off a botocore service model (the content of ``service-2.json``)."""
        shapes = service_model["shapes"]
        request = service_model["operations"][UPDATE_TRIGGER]["input"]["shape"]
        schema = update_schema(shapes, request)
        answered = _answered(service_model) - shapes[request]["members"].keys()
        return cls(
            schema=schema,
            sensitive=_sensitive(shapes, request),
            constants=_constants(shapes, request),
            answered=answered,
            names=MemberNames(schema, answered),
            version=service_model["metadata"]["uid"],
            quick=QuickLines(schema),
            _validator=Draft202012Validator(schema),
            _known_part=known_part_of(shapes, request),
        )

    def accepts(self, value: object) -> bool:
        """Whether a decoded line without whole floats keeps the rules; takes two microseconds."""
        return self._validator.is_valid(value)

    def check(self, value: object) -> list[Violation]:
        """All that is wrong with a decoded line, plain JSON; empty when the model takes it."""
        corrections = Corrections(self.schema, self.names, self.sensitive)
        meant = corrections.corrected(value)
        errors = self._validator.iter_errors(meant)
        told = [violation_of(error, self.schema) for error in errors]
        floats = self._spelled_as_floats(self.schema, meant, [])
        return [*corrections.violations, *told, *floats]

    def writable(self, trigger: Mapping[str, Any]) -> dict[str, Any]:
        """What of a trigger as AWS shows it an update can say, at any depth."""
        known: dict[str, Any] = self._known_part(trigger)
        return known

    def shown(self, path: Sequence[str | int]) -> Sequence[str | int]:
        """The part of a path that may be shown: no name that a line made up."""
        known = self.constants | self.schema["properties"].keys()
        for index, part in enumerate(path):
            if isinstance(part, str) and part not in known:
                return path[:index]
        return path

    def _spelled_as_floats(
        self, schema: Schema, value: object, path: list[str | int]
    ) -> Iterator[Violation]:
        """Integers such as ``1.0``: JSON Schema takes them, the SDK does not."""
        rule = dereferenced(schema, self.schema)
        if rule.get("type") == "integer" and isinstance(value, float) and value.is_integer():
            message = "has to be an integer: digits, without a point or an exponent"
            yield Violation(path=path_text(path), message=message)
        elif isinstance(value, dict):
            known = rule.get("properties", {})
            for name in value:
                if name in known:
                    yield from self._spelled_as_floats(known[name], value[name], [*path, name])
        elif isinstance(value, list) and "items" in rule:
            for index, item in enumerate(value):
                yield from self._spelled_as_floats(rule["items"], item, [*path, index])


def _sensitive(shapes: Mapping[str, Any], request: str) -> frozenset[str]:
    """Members marked at any depth: by themselves, by their shape, or by that of their entries."""
    found = set()
    for shape in reachable(shapes, request):
        for name, member in members(shapes[shape]):
            own = shapes[member["shape"]]
            entries = [shapes[each["shape"]] for named, each in members(own) if named is None]
            if name is not None and any(each.get("sensitive") for each in (member, own, *entries)):
                found.add(name)
    return frozenset(found)


def _answered(service_model: Mapping[str, Any]) -> frozenset[str]:
    """The members of an answer that shows a trigger, as the SDK gives it."""
    answer = service_model["operations"].get(GET_TRIGGER, {}).get("output", {}).get("shape")
    members = service_model["shapes"].get(answer, {}).get("members", ())
    return frozenset({"ResponseMetadata", *members})


def _constants(shapes: Mapping[str, Any], request: str) -> frozenset[str]:
    below = [shapes[name] for name in reachable(shapes, request)]
    names = (name for shape in below for name in shape.get("members", ()))
    patterns = (shape["pattern"] for shape in below if "pattern" in shape)
    return frozenset(names).union(patterns, *(shape.get("enum", ()) for shape in below))
