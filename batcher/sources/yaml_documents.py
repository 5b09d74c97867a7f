"""YAML as plain JSON, in the subset that CloudFormation takes. Needs PyYAML.

What YAML reads as another thing than is written (``yes``, ``007``, ``1.50`` without quotes) is
``UnknownValue``: whether a text or a number was meant is for its writer to say. Dates stay texts.
"""

from collections.abc import Iterator
from typing import Any

import yaml

from batcher.updates.foreign_definition import UnknownValue

TWO_MEANINGS = (
    "is written without quotes, and YAML reads it as something else: put quotes around it"
)

_CORE = "tag:yaml.org,2002:"
_TRUTHS = {"true": True, "false": False}
_NUMBERS = {f"{_CORE}int": int, f"{_CORE}float": float}
_TEXTS = {f"{_CORE}str", f"{_CORE}timestamp", f"{_CORE}value", f"{_CORE}merge"}
_NO_FUNCTIONS = ("Ref", "Condition")  # short tags whose long form has no Fn:: before it


class NotReadError(Exception):
    """Why a text is no YAML that can be read in one way only, in words, with its line."""


def documents(text: str) -> Iterator[tuple[int, Any]]:
    """The documents of a text, each with the line on which it begins. Raises NotReadError."""
    try:
        loader = _Loader(text)
        while loader.check_node():
            node = loader.get_node()
            yield node.start_mark.line + 1, _value(node)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise NotReadError(f"{where}no YAML that can be read.") from error
    except yaml.YAMLError as error:
        raise NotReadError("holds a character that YAML does not allow.") from error
    except RecursionError as error:
        raise NotReadError("nested too deep.") from error


class _Loader(yaml.SafeLoader):  # type: ignore[misc] # PyYAML says nothing of its types
    """Makes nodes of a text, and refuses aliases: each may hold all before it, and so on."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            line = self.peek_event().start_mark.line + 1
            raise NotReadError(f"line {line}: has an alias, which CloudFormation does not take.")
        return super().compose_node(parent, index)


def _value(node: Any) -> Any:
    """What a node says; of a short tag of CloudFormation, ``!Sub x``, ``{"Fn::Sub": "x"}``."""
    if node.tag.startswith("!"):
        name = node.tag[1:]
        return {name if name in _NO_FUNCTIONS else f"Fn::{name}": _untagged(node)}
    return _scalar(node) if isinstance(node, yaml.ScalarNode) else _untagged(node)


def _untagged(node: Any) -> Any:
    match node:
        case yaml.ScalarNode():
            return _text(node)
        case yaml.SequenceNode():
            return [_value(each) for each in node.value]
    found = dict[str, Any]()
    for key, value in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise NotReadError(f"{_place(key)}the name of a member is no text.")
        if key.value in found:
            raise NotReadError(f"{_place(key)}a member is given twice in one object.")
        found[_text(key)] = _value(value)
    return found


def _scalar(node: Any) -> Any:
    if node.tag == f"{_CORE}null":
        return None
    if node.tag == f"{_CORE}bool":
        return _TRUTHS.get(node.value, UnknownValue(TWO_MEANINGS))
    if (kind := _NUMBERS.get(node.tag)) is not None:
        return _number(node.value, kind)
    if node.tag in _TEXTS:
        return _text(node)
    return UnknownValue("has a tag of YAML that CloudFormation does not take")


def _number(text: str, kind: type) -> Any:
    try:
        found = kind(text)
    except ValueError:  # in another base than ten, or with more digits than Python reads
        return UnknownValue(TWO_MEANINGS)
    return found if str(found) == text else UnknownValue(TWO_MEANINGS)


def _text(node: Any) -> str:
    text = str(node.value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise NotReadError(f"{_place(node)}holds half of a surrogate pair.") from error
    return text


def _place(node: Any) -> str:
    return f"line {node.start_mark.line + 1}: "
