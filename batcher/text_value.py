"""The base of settings that people write as text: parsed once, and printed as they were written.

Each kind is in the package of its topic, such as Limit in ``accounting.limit``.
"""

import re
from typing import Any, ClassVar, Self


class TextValue:
    """A value that keeps the text it was made from: printed, compared and written down as that.

    A kind is a subclass with a ``PATTERN`` that every text of it matches to its end.
    """

    PATTERN: ClassVar[str]

    def __init__(self, text: str) -> None:
        """Raises ValueError for a text that does not match the pattern."""
        if not isinstance(text, str) or re.fullmatch(self.PATTERN, text) is None:
            raise ValueError(f"{text!r} does not match the regex {self.PATTERN}")
        self._text = text

    @classmethod
    def from_books(cls, text: str) -> Self:
        """What a text of a run's books stands for: an earlier version may have taken more texts."""
        return cls(text)

    def __str__(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._text!r})"

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and str(other) == self._text

    def __hash__(self) -> int:
        return hash(self._text)


def parse_text(kind: type, value: Any) -> Any:
    """A value of that kind: the ``dec_hook`` of msgspec; the ``enc_hook`` is ``str``."""
    return kind(value)


def parse_kept_text(kind: type[TextValue], value: Any) -> Any:
    """A value of that kind of what was written down, now or by an earlier version."""
    return kind.from_books(value)
