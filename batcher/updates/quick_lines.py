"""Many lines checked at one stroke, where each of them is right and plain.

Says nothing about the others: whoever gets None reads each line by itself, which explains.
"""

from collections.abc import Callable
from contextlib import suppress
from functools import cached_property
from typing import Any

import msgspec

from batcher.updates.json_schema import Schema
from batcher.updates.line_type import LineType, line_type


class QuickLines:
    """Reads lines by the type that says what the schema of a line does, where there is one."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._encode = msgspec.json.Encoder().encode_lines

    @cached_property
    def _type(self) -> LineType | None:
        return line_type(self._schema)

    @cached_property
    def _decode(self) -> Callable[[bytes], list[Any]]:
        assert self._type is not None
        return msgspec.json.Decoder(self._type.kind).decode_lines

    def read(self, content: bytes, count: int) -> list[Any] | None:
        """The updates of so many lines, as that type; None where one may break a rule, or is odd.

        ``content``: the lines with their ends.
        """
        if self._type is None or not is_an_object_each(content, count):
            return None
        with suppress(ValueError, RecursionError):  # those of decoding are ValueErrors
            found = self._decode(content)
            is_right = len(found) == count and self._type.keep_rules(found)
            return found if is_right and not self._may_repeat(content, found) else None
        return None

    def _may_repeat(self, content: bytes, found: list[Any]) -> bool:
        """Whether a member may stand twice in one object: then colons are lost in decoding."""
        escaped = b"\\" in content and b"\\u003" in content  # a colon may be written as \u003a
        return escaped or content.count(b":") != self._encode(found).count(b":")


def is_an_object_each(content: bytes, count: int) -> bool:
    """Whether each of so many lines begins and ends as an object does, without a blank.

    Then no value goes over a line end: within one, no object begins where another has just ended.
    """
    end = b"}\r\n" if content.endswith(b"}\r\n") else b"}\n"
    is_whole = content.startswith(b"{") and content.endswith(end)
    return is_whole and content.count(end + b"{") == count - 1
