"""What must not be shown, taken out of what others wrote: messages of AWS, foreign log lines.

Knows which members are sensitive from the model, and what they hold from the request at hand.
"""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from batcher.updates.update_model import UpdateModel

REDACTED = "[redacted]"
WITHHELD = "[withheld: this text may hold sensitive values or credentials]"
SHORT = 4  # characters; anything shorter is too common to be taken out of the middle of a word

_QUOTED_VALUE = re.compile(r"(Value ')(.*?)(' at '([^']*)' failed to satisfy)", re.DOTALL)
_PARAMETER_VALUE = re.compile(
    r"(parameter ([\w.\[\]]+), value: )(.*?)(, type: |, valid |$)", re.DOTALL
)
_NAME = re.compile(r"\w+")
_CREDENTIALS = re.compile(
    r"authorization|x-amz-(?:security-token|signature|credential)|\b(?:AKIA|ASIA)[A-Z0-9]{12,}"
    r"|secret_?access_?key|session_?token",
    re.IGNORECASE,
)


class Redactor:
    """Takes out of a text what sensitive members hold."""

    def __init__(self, model: UpdateModel) -> None:
        self._sensitive = model.sensitive
        self._folded = frozenset(name.lower() for name in model.sensitive)
        self._constants = model.constants
        self._names = re.compile(
            "|".join(map(re.escape, sorted(model.sensitive))) or r"(?!)", re.IGNORECASE
        )

    def redact(self, text: str, request: Mapping[str, Any]) -> str:
        """The text without what sensitive members of this request hold, and without quotes of one.

        Strings shorter than 4 characters go where they stand as a word of their own; enum values of
        the model stay.
        """
        text = _without(text, set(self._held(request)))
        text = _QUOTED_VALUE.sub(lambda m: f"{m[1]}{self._shown(m[2], m[4])}{m[3]}", text)
        return _PARAMETER_VALUE.sub(lambda m: f"{m[1]}{self._shown(m[3], m[2])}{m[4]}", text)

    def withhold(self, text: str) -> str:
        """A text of no request: replaced whole if it names a sensitive member or a credential."""
        return WITHHELD if self._names.search(text) or _CREDENTIALS.search(text) else text

    def _shown(self, value: str, path: str) -> str:
        names = (name.lower() for name in _NAME.findall(path))
        return value if self._folded.isdisjoint(names) else REDACTED

    def _held(self, value: object, *, sensitive: bool = False) -> Iterator[str]:
        """Every leaf below a sensitive member, and every name there that the model lacks."""
        match value:
            case Mapping():
                for name, below in value.items():
                    if sensitive:
                        yield from self._held(name, sensitive=True)
                    yield from self._held(below, sensitive=sensitive or name in self._sensitive)
            case list() | tuple():
                for below in value:
                    yield from self._held(below, sensitive=sensitive)
            case str() if sensitive and value and value not in self._constants:
                yield value
            case int() | float() if sensitive and not isinstance(value, bool):
                yield str(value)


def _without(text: str, held: set[str]) -> str:
    """The text with all places of those strings replaced, overlapping ones as one."""
    escaped = {spell(each)[1:-1] for each in held for spell in (json.dumps, repr)}
    spans = sorted(span for each in held | escaped for span in _places(text, each))
    parts, end = [], 0
    for start, stop in spans:
        if start >= end:
            parts += [text[end:start], REDACTED]
        end = max(end, stop)
    return "".join([*parts, text[end:]])


def _places(text: str, held: str) -> Iterator[tuple[int, int]]:
    start = text.find(held)
    while start >= 0:
        stop = start + len(held)
        beside = text[max(start - 1, 0) : start] + text[stop : stop + 1]
        if len(held) >= SHORT or not _NAME.search(beside):
            yield start, stop
        start = text.find(held, start + 1)
