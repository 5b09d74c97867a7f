"""What a JMESPath expression over a definition can't mean, by the service model.

To JMESPath a member that no definition has is null, and so is a comparison of a text with a number:
such an expression matches nothing, or all, without a word.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

from jmespath.functions import Functions

from batcher.updates.json_schema import Schema, dereferenced
from batcher.updates.member_names import members_of, nearest
from batcher.updates.violations import name_text

LITERALS = ("true", "false", "null")
ALIKE = 0.6  # how alike a name and a known one are that it is told as meant, by difflib

Node: TypeAlias = Mapping[str, Any]
Known: TypeAlias = Schema | None
"""What the model says of a value; None where it says nothing."""

_TYPES = {"string": (str,), "integer": (int, float), "number": (int, float), "boolean": (bool,)}
_WRITTEN = {"string": "a text: 'vip'", "boolean": "true or false: `true`"}
_NUMBER = "a number: `600000`"
_WHOLE = {"array": "a list", "object": "an object"}
_ENTRIES = "contains(['Orders'], ObjectTypeName), or EventTriggerLimits.Periods[?Value > `7`]"
_ALONE = "a text or number alone is always true: SegmentFilter == 'vip' || SegmentFilter == 'gold'"
_IN_PARENTHESES = "what ! is said of stands in parentheses where it is longer than a name: !(…)"
_TRUTH: Schema = {"type": "boolean"}


class FilterFault(ValueError):
    """What an expression can't mean: in a sentence, for the one who wrote it."""

    def __init__(self, what: str) -> None:
        super().__init__(what if what.endswith("?") else f"{what}.")


class FilterCheck:
    """Goes through the syntax tree of an expression. ``root``: what references are of."""

    def __init__(self, root: Schema) -> None:
        self._root = root

    def check(self, node: Node, here: Known) -> Known:
        """What the model says of a node's value, where ``here`` is what it is evaluated on.

        Raises FilterFault.
        """
        kind, children = node["type"], node.get("children", [])
        match kind:
            case "field":
                return self._field(node["value"], here)
            case "identity" | "current":
                return here
            case "subexpression" | "pipe" | "index_expression":
                for child in children:
                    here = self.check(child, here)
                return here
            case "index":
                return self._entry(_listed(here))
            case "flatten":
                return self._flat(_listed(self.check(children[0], here)))
            case "projection":
                return self._each(children[1], _listed(self.check(children[0], here)))
            case "filter_projection":
                found = _listed(self.check(children[0], here))
                self.check_truth(children[2], self._entry(found))
                return self._each(children[1], found)
            case "comparator":
                return self._comparison(node, here)
            case "not_expression":
                self.check_truth(children[0], here)
                return _TRUTH
            case "slice":
                return here
        return self._of_several(node, children, here)

    def check_truth(self, node: Node, here: Known) -> None:
        """Check what is asked whether it is true: a list is, whatever its entries say.

        Raises FilterFault.
        """
        if node["type"] in ("and_expression", "or_expression"):
            for child in node["children"]:
                if child["type"] == "literal" and not isinstance(child["value"], bool):
                    raise FilterFault(_ALONE)
                self.check_truth(child, here)
            return
        found = self._entry(self.check(node, here))
        if found is not None and found.get("type") in ("array", "boolean"):
            raise FilterFault(
                "a list of lists, or of true and false, is true whatever is in it: write [] behind"
                " a filter within a list, and EventTriggerLimits.Periods[?Unlimited]"
            )

    def _of_several(self, node: Node, children: list[Node], here: Known) -> Known:
        """Check what says nothing of its own value."""
        kind, own = node["type"], str(node.get("value"))
        if kind == "function_expression" and own not in Functions.FUNCTION_TABLE:
            near = nearest(own, Functions.FUNCTION_TABLE, ALIKE)
            raise FilterFault(f"{own}(): JMESPath has no such function{_meant(near)}")
        # an expression that is an argument is evaluated on whatever the function takes
        below = None if kind in ("expref", "value_projection") else here
        rules = [self.check(child, below) for child in children if isinstance(child, dict)]
        if (kind, own) == ("function_expression", "contains") and len(rules) == len(children) == 2:
            _refuse_whole(self._entry(rules[0]), children[1], is_order=False)
        return None

    def _field(self, name: str, here: Known) -> Known:
        if here is None:
            return None
        if here is _TRUTH:
            raise FilterFault(_IN_PARENTHESES)
        known = here.get("properties")
        if known is not None and name in known:
            return dereferenced(known[name], self._root)
        if here.get("type") == "array":
            raise FilterFault(f"{name_text(name)}: is below a list: write [] behind the list")
        raise FilterFault(f"{name_text(name)}: {self._no_member(name, known)}")

    def _no_member(self, name: str, known: Mapping[str, Any] | None) -> str:
        if name in LITERALS:
            return f"write it in backticks: `{name}`"
        if named := [each for each in members_of(self._root) if each.name == name]:
            return f"write it with what it is below: {named[0].text}"
        near = nearest(name, known or (), ALIKE)
        text = f"; a text stands in single quotes: {_quoted(name)}"
        return f"no member of a definition has that name here{_meant(near) or text}"

    def _entry(self, here: Known) -> Known:
        return (
            None if here is None or "items" not in here else dereferenced(here["items"], self._root)
        )

    def _flat(self, here: Known) -> Known:
        entry = self._entry(here)
        return here if entry is None or "items" not in entry else entry

    def _each(self, node: Node, here: Known) -> Known:
        found = self.check(node, self._entry(here))
        return None if found is None else {"type": "array", "items": found}

    def _comparison(self, node: Node, here: Known) -> Known:
        sides = node["children"]
        rules = [self.check(side, here) for side in sides]
        is_order = node["value"] not in ("eq", "ne")
        for rule, other in zip(rules, reversed(sides), strict=True):
            _refuse_whole(rule, other, is_order=is_order)
            _fits(rule, other, is_order=is_order)
        return _TRUTH


def _listed(rule: Known) -> Known:
    """The rule of what is entered as a list. Raises FilterFault where it is none."""
    if rule is _TRUTH:
        raise FilterFault(_IN_PARENTHESES)
    if rule is not None and "items" not in rule:
        raise FilterFault("an index, [] or a filter stands behind what is no list")
    return rule


def _refuse_whole(rule: Known, other: Node, *, is_order: bool) -> None:
    """Refuse a list or an object that is compared as if it were one value, and the reverse."""
    kind = "" if rule is None else rule.get("type", "")
    if kind in _WHOLE and (is_order or _is_one_value(other)):
        raise FilterFault(
            f"{_WHOLE[kind]} is never more, less or the same as one value: {_ENTRIES}"
        )
    if kind in _TYPES and other["type"].startswith("multi_select"):
        raise FilterFault(f"a list is never the same as one value: {_ENTRIES}")


def _is_one_value(node: Node) -> bool:
    return node["type"] == "literal" and isinstance(node["value"], str | bool | int | float)


def _fits(rule: Known, other: Node, *, is_order: bool) -> None:
    """Whether a value of that rule can be compared with a literal."""
    kind = "" if rule is None else rule.get("type", "")
    if is_order and kind in ("string", "boolean"):
        raise FilterFault("only numbers are more or less than others")
    if other["type"] != "literal" or (value := other["value"]) is None:
        return
    if is_order and (isinstance(value, bool) or not isinstance(value, int | float)):
        raise FilterFault("only numbers are more or less than others, in backticks: > `600000`")
    constants = [] if rule is None else rule.get("enum", [])
    if constants and isinstance(value, str) and value not in constants:
        said = ", ".join(constants)
        raise FilterFault(f"a member is compared with what it never is; it is one of {said}")
    wanted = _TYPES.get(kind)
    if wanted and (isinstance(value, bool) != (kind == "boolean") or not isinstance(value, wanted)):
        raise FilterFault(
            f"a member is compared with what it can't be; it is {_WRITTEN.get(kind or '', _NUMBER)}"
        )


def _meant(name: str | None) -> str:
    return "" if name is None else f"; did you mean {name}?"


def _quoted(name: str) -> str:
    return "'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'"
