"""The event triggers of a CloudFormation template, also one that CDK has made.

What stands in the template is known, and what is given for a parameter or another name; the rest
CloudFormation finds out as it deploys the stack: those values are ``UnknownValue``.
"""

import re
from collections.abc import Mapping
from typing import Any

from batcher.errors import InputError
from batcher.updates.foreign_definition import UnknownValue
from batcher.updates.foreign_resources import ForeignResource, ForeignResources
from batcher.updates.violations import name_text

RESOURCE_TYPE = "AWS::CustomerProfiles::EventTrigger"

_NO_VALUE = "AWS::NoValue"
_LIST_TYPES = ("CommaDelimitedList", "List<")
_STORED_TYPE = "AWS::SSM::Parameter::"  # the default of such a one is the name of a value
_LOOKED_UP = "{{resolve:"
_LOOP = "Fn::ForEach"
_TOKEN = re.compile(r"[$#]\{Token\[")  # what CDK has not resolved
_IN_TEXT = re.compile(r"\$\{(!?)([^}]*)\}")
_NAME = re.compile(r"[A-Za-z0-9.:]{1,64}", re.ASCII)  # another one may be data
_NESTED_AT_MOST = 64
_TRUTHS = {"true": True, "false": False}


def triggers_of_template(
    template: Mapping[str, Any], parameters: Mapping[str, str]
) -> ForeignResources:
    """The event triggers of a template. ``parameters``: values by the name that refers to them.

    Raises InputError for what is no template, or for one that is a program still.
    """
    resources = template.get("Resources")
    if not isinstance(resources, Mapping):
        raise InputError("its Resources are no object: no template of CloudFormation has that")
    values = _Values(template.get("Parameters"), parameters)
    found, unmade = list[ForeignResource](), 0
    for name, resource in resources.items():
        if name.startswith(_LOOP):
            raise InputError(
                f"Resources: {_LOOP} is worked out by CloudFormation. Take what it made of it: aws"
                " cloudformation get-template --template-stage Processed"
            )
        if isinstance(resource, Mapping) and resource.get("Type") == RESOURCE_TYPE:
            taken = _trigger(name, resource, values)
            found += taken
            unmade += not taken
    others = len(resources) - len(found) - unmade
    names = frozenset(values.names)
    return ForeignResources(triggers=found, others=others, unmade=unmade, names=names)


def _trigger(name: str, resource: Mapping[str, Any], values: "_Values") -> list[ForeignResource]:
    """The trigger of a resource; none where its condition is not true."""
    where = f"Resources.{name_text(name)}"
    if isinstance(is_made := values.is_made(resource), UnknownValue):
        raise InputError(f"{where}: {is_made.why}")
    value = values.known(resource.get("Properties", {}))
    if not isinstance(value, dict):
        raise InputError(f"{where}: its Properties are no object")
    found = ForeignResource(name=name, place=f"{where}.Properties", value=value)
    return [found] if is_made else []


class _Values:
    """What is known of values. ``given``: by name, before what the template has as default.

    ``names``: what values can be given for: the parameters, and what was referred to.
    """

    def __init__(self, parameters: Any, given: Mapping[str, str]) -> None:
        self._given = given
        self._parameters = parameters if isinstance(parameters, Mapping) else {}
        self.names = set(self._parameters)

    def known(self, value: Any, depth: int = 0) -> Any:
        """A value with what its functions say, as far as that is known here."""
        if depth > _NESTED_AT_MOST:
            return UnknownValue(f"nested more than {_NESTED_AT_MOST} levels deep")
        match value:
            case list():
                return [self.known(each, depth + 1) for each in value]
            case dict() if len(value) == 1 and (function := _function(value)) is not None:
                return self._result(function, value[function], depth + 1)
            case str() if _LOOKED_UP in value:
                return UnknownValue("is looked up by CloudFormation: write its value in its place")
            case str() if _TOKEN.search(value):
                return UnknownValue("is a token that CDK has not resolved: write its value")
            case dict():
                return {name: self.known(each, depth + 1) for name, each in value.items()}
        return value

    def is_made(self, resource: Mapping[str, Any]) -> bool | UnknownValue:
        """Whether a stack has a resource, by what is given for its condition."""
        if "Condition" not in resource:
            return True
        name = resource["Condition"]
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            return UnknownValue("its Condition is no name")
        self.names.add(name)
        if (given := self._given.get(name, "").lower()) in _TRUTHS:
            return _TRUTHS[given]
        return UnknownValue(
            f"is there only under the condition {name}: give --parameter {name}=true or"
            f" {name}=false"
        )

    def _result(self, function: str, argument: Any, depth: int) -> Any:
        match function, argument:
            case "Ref", str():
                empty = UnknownValue("is empty by what it refers to: no update can clear a member")
                return empty if (value := self._named(argument)) == "" else value
            case "Fn::GetAtt", str():
                return self._named(argument)
            case "Fn::GetAtt", [str(resource), str(attribute)]:
                return self._named(f"{resource}.{attribute}")
            case "Fn::Sub", str():
                return self._filled(argument, {}, depth)
            case "Fn::Sub", [str(text), dict(values)]:
                return self._filled(text, values, depth)
            case "Fn::Join", [str(between), list(parts)]:
                return self._joined(between, [self.known(each, depth) for each in parts])
        said = function if _NAME.fullmatch(function) else "a function"
        return UnknownValue(
            f"{said} is worked out by CloudFormation as it deploys: write its value in its place,"
            " or take the live trigger with batcher export"
        )

    def _named(self, name: str) -> Any:
        """What a name stands for: what is given for it, or the default of the parameter."""
        if name == _NO_VALUE:
            return None
        self.names.add(name)
        parameter = self._parameters.get(name)
        parameter = parameter if isinstance(parameter, Mapping) else {}
        kind = str(parameter.get("Type"))
        default = None if kind.startswith(_STORED_TYPE) else parameter.get("Default")
        value = self._given.get(name, default)
        if value is None and not _NAME.fullmatch(name):
            return UnknownValue("refers to something under a name that CloudFormation has not")
        if value is None:
            return UnknownValue(
                f"refers to {name}, whose value is not in the file: give it with --parameter"
                f" {name}=VALUE"
            )
        if kind.startswith(_LIST_TYPES) and isinstance(value, str):
            return [self.known(each.strip()) for each in value.split(",")]
        return self.known(value) if isinstance(value, str) else value

    def _filled(self, text: str, values: Mapping[str, Any], depth: int) -> Any:
        """A text with what its ``${Name}`` stand for; ``${!Name}`` is a plain ``${Name}``."""
        pieces, end = list[Any](), 0
        for match in _IN_TEXT.finditer(text):
            literal, name = match.groups()
            pieces.append(text[end : match.start()])
            end = match.end()
            if literal:
                pieces.append(f"${{{name}}}")
            else:
                pieces.append(
                    self.known(values[name], depth) if name in values else self._named(name)
                )
        return self._joined("", [*pieces, text[end:]])

    def _joined(self, between: str, parts: list[Any]) -> Any:
        """Texts in one; the first that is not known, where one is not."""
        for each in parts:
            if isinstance(each, UnknownValue):
                return each
            if not isinstance(each, (str, int)) or isinstance(each, bool):
                return UnknownValue("is put together of something that is no text")
        return self.known(between.join(map(str, parts)))


def _function(value: dict[str, Any]) -> str | None:
    """The function that an object with one member calls; None where it is a plain object."""
    (name,) = value
    return name if name in ("Ref", "Condition") or name.startswith("Fn::") else None
