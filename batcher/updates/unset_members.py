"""A definition without what nobody has filled in: null, "", empty lists, parts of a skeleton.

No update can clear a member, so none of these could be sent. What was filled in is never left out.
"""

from typing import Any

from batcher.updates.json_schema import Schema, dereferenced

MADE_UP = "members that do not exist"  # such a name may be data

_UNSET = object()


def without_unset(value: dict[str, Any], root: Schema) -> tuple[dict[str, Any], list[str]]:
    """A definition without what is unset, and the names of the members that are left out."""
    pruning = _Pruning(root, is_skeleton=_is_skeleton(value, root, root))
    found = pruning.below(value, root, "")
    return ({} if found is _UNSET else found), pruning.left_out


class _Pruning:
    """``is_skeleton``: numbers that are 0 say nothing, either."""

    def __init__(self, root: Schema, *, is_skeleton: bool) -> None:
        self.left_out: list[str] = []
        self._root = root
        self._is_skeleton = is_skeleton

    def below(self, value: Any, rule: Schema, name: str) -> Any:
        """What is set of a value; ``name``: that of the member that it is, or is an entry of."""
        rule = dereferenced(rule, self._root)
        match value:
            case None:
                return _UNSET
            case "" if "minLength" in rule or "type" not in rule:
                return _UNSET
            case dict() if "properties" in rule:
                return self._object(value, rule)
            case list() if "items" in rule:
                kept = [self.below(each, rule["items"], name) for each in value]
                kept = [each for each in kept if each is not _UNSET]
                if kept and len(kept) < len(value):
                    self.left_out.append(name)
                return kept or _UNSET
            case int() if _is_zero(value):
                says_nothing = self._is_skeleton or rule.get("minimum", 0) > 0
                return _UNSET if says_nothing else value
        return value

    def _object(self, value: dict[str, Any], rule: Schema) -> Any:
        """The members that are set; none where the rest is only what a skeleton chose."""
        start = len(self.left_out)
        known = rule["properties"]
        kept = {name: self.below(each, known.get(name, {}), name) for name, each in value.items()}
        unset = [name for name, each in kept.items() if each is _UNSET]
        kept = {name: each for name, each in kept.items() if each is not _UNSET}
        rest = (self._is_chosen(each, known.get(name)) for name, each in kept.items())
        is_unfilled = not kept or (self._is_skeleton and all(rest))
        if rule is not self._root and unset and is_unfilled:
            del self.left_out[start:]
            return _UNSET
        refused = {name: 0 for name in unset if self._is_refused(value[name], known.get(name))}
        unset = [name for name in unset if name not in refused]
        self.left_out += [name if name in known else MADE_UP for name in unset]
        return kept | refused

    def _is_refused(self, value: Any, rule: Schema | None) -> bool:
        """Whether a value is a 0 that its member can't be: beside what is filled in, a fault."""
        return _is_zero(value) and dereferenced(rule or {}, self._root).get("minimum", 0) > 0

    def _is_chosen(self, value: Any, rule: Schema | None) -> bool:
        """Whether a skeleton may have put the value there: a constant, a truth, or 0."""
        return (
            isinstance(value, bool)
            or _is_zero(value)
            or "enum" in dereferenced(rule or {}, self._root)
        )


def _is_skeleton(value: Any, rule: Schema, root: Schema) -> bool:
    """Whether a member has an empty text, or a 0 that it can't be: only skeletons have these."""
    rule = dereferenced(rule, root)
    match value:
        case "":
            return "minLength" in rule
        case dict():
            known = rule.get("properties", {})
            return any(
                _is_skeleton(value[each], known[each], root) for each in value if each in known
            )
        case list():
            return any(_is_skeleton(each, rule.get("items", {}), root) for each in value)
    return _is_zero(value) and rule.get("minimum", 0) > 0


def _is_zero(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value == 0
