"""The values of an attribute: those of a list one by one, without what is missing.

Missing are null, objects, which no operator compares, and an empty text where the options say so.
"""

from collections.abc import Sequence
from typing import Any

from batcher.triggers.semantics.options import SemanticsOptions


def elements(value: Any, options: SemanticsOptions) -> list[Any]:
    """The texts, numbers, trues and falses of a value, out of lists at any depth, trimmed.

    Without recursion: an object may be nested as deep as it likes.
    """
    found: list[Any] = []
    waiting = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list):
            waiting.extend(reversed(each))
        elif isinstance(each, str):
            text = each.strip() if options.trim else each
            if text or options.empty_text == "present":
                found.append(text)
        elif isinstance(each, bool | int | float):
            found.append(each)
    return found


def is_there(value: Any, options: SemanticsOptions) -> bool:
    """Whether an object has a value there, be it one that no operator compares."""
    return isinstance(value, dict) or bool(elements(value, options))


def trimmed(values: Sequence[str], options: SemanticsOptions) -> list[str]:
    """The values of a trigger, without blanks at their ends where the options say so."""
    return [each.strip() for each in values] if options.trim else list(values)
