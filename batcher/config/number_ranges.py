"""What a setting that is a number may be, in words, read off its kind."""

from collections.abc import Iterator
from typing import Any

from msgspec.inspect import (
    CustomType,
    FloatType,
    IntType,
    LiteralType,
    Metadata,
    Type,
    UnionType,
    type_info,
)


def number_wanted(hint: Any) -> str | None:
    """``a number over 0, up to 1,000,000, or auto``; None of a kind that is no number.

    A kind of text that holds numbers says itself what they may be, as ``WANTED``.
    """
    kinds = list(_kinds(type_info(hint)))
    said = [each for each in map(_said, kinds) if each is not None]
    if not said:
        return None
    words = [value for kind in kinds if isinstance(kind, LiteralType) for value in kind.values]
    return ", or ".join([*said, *map(str, words)])


def _kinds(kind: Type) -> Iterator[Type]:
    match kind:
        case Metadata(type=inner):
            yield from _kinds(inner)
        case UnionType(types=types):
            for each in types:
                yield from _kinds(each)
        case _:
            yield kind


def _said(kind: Type) -> str | None:
    match kind:
        case IntType(ge=least, le=most):
            return f"a whole number from {least:,} to {most:,}"
        case FloatType(gt=None, ge=least, le=most):
            return f"a number from {least:,g} to {most:,.0f}"
        case FloatType(gt=bound, le=most):
            return f"a number over {bound:,g}, up to {most:,.0f}"
        case CustomType(cls=cls):
            return getattr(cls, "WANTED", None)
        case _:
            return None
