"""A definition without what nobody has filled in: null, "", empty lists, parts of a skeleton.

No update can clear a member, so none of these could be sent. What was filled in is never left out.
"""

from typing import Any

from batcher.updates.json_schema import Schema, dereferenced

_UNSET = object()


def without_unset(value: dict[str, Any], root: Schema) -> tuple[dict[str, Any], list[str]]:
    """A definition without what is unset, and the names of the members that are left out."""
    pruning = _Pruning(root, is_skeleton=_is_skeleton(value))
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
            case int() if value == 0 and not isinstance(value, bool):
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
        if rule is not self._root and unset and all(rest):
            del self.left_out[start:]
            return _UNSET
        self.left_out += unset
        return kept

    def _is_chosen(self, value: Any, rule: Schema | None) -> bool:
        """Whether a skeleton may have put the value there: a constant, a truth, or 0."""
        return (
            isinstance(value, bool) or value == 0 or "enum" in dereferenced(rule or {}, self._root)
        )


def _is_skeleton(definition: dict[str, Any]) -> bool:
    """Whether a member of AWS's has an empty text, as only skeletons have."""
    return any(name[:1].isupper() and _has_empty_text(each) for name, each in definition.items())


def _has_empty_text(value: Any) -> bool:
    match value:
        case dict():
            return any(map(_has_empty_text, value.values()))
        case list():
            return any(map(_has_empty_text, value))
    return bool(value == "")
