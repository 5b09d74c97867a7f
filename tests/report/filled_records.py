"""Records filled in by their types: whatever member is added is filled in, too."""

from itertools import count
from typing import Any

import msgspec
from msgspec import inspect

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "]]></style></title><svg/onload=alert(1)>",
    "'--><!-- {{ 7*7 }} {% raw %} &lt; &#60;",
    "line\nline\u2028line\u2029\x00\x1b[31m\x7f\x9b",
    "\u202eright to left\u2066\u200b\ufeff",
    "\U0001f600 e\u0301 \ud800",
    "x" * 10_000,
)


class Filled:
    """Makes records. Each text in one begins with a word of its own: ``texts``; so each number.

    ``hostile``: what follows in each text. ``bare``: every member that may be None is, and lists
    are empty.
    """

    def __init__(self, hostile: str = "", *, bare: bool = False) -> None:
        self._hostile, self._bare, self._count = hostile, bare, count(1)
        self.texts: dict[str, str] = {}
        self.numbers: dict[str, int] = {}

    def record(self, kind: Any) -> Any:
        return self._value(inspect.type_info(kind), kind.__name__)

    def _value(self, kind: inspect.Type, path: str) -> Any:
        match kind:
            case inspect.StructType():
                members = {
                    field.name: self._value(field.type, f"{path}.{field.name}")
                    for field in kind.fields
                }
                return kind.cls(**members)
            case inspect.UnionType() if self._bare and kind.includes_none:
                return None
            case inspect.UnionType():
                some = next(each for each in kind.types if not isinstance(each, inspect.NoneType))
                return self._value(some, path)
            case inspect.ListType():
                return [] if self._bare else [self._value(kind.item_type, f"{path}[]")] * 2
            case inspect.DictType():
                if self._bare:
                    return {}
                return {
                    self._value(kind.key_type, f"{path}.key"): self._value(kind.value_type, path)
                }
            case inspect.LiteralType():
                return kind.values[0]
            case inspect.StrType():
                self.texts[path] = word = f"text{next(self._count)}of"
                return word + self._hostile
            case inspect.BoolType():
                return True
            case inspect.IntType():
                self.numbers[path] = number = 10_000_000 + next(self._count)
                return number
            case inspect.FloatType():
                return float(next(self._count))
        raise AssertionError(msgspec.json.encode(str(kind)))
