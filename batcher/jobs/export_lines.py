"""Lines of a file that says how triggers are: answers of the API among them, and refused ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from batcher.errors import InputError
from batcher.records import Update
from batcher.triggers.diff import image
from batcher.updates.input_hint import hint_of
from batcher.updates.line_reader import LineReader
from batcher.updates.update_model import UpdateModel
from batcher.updates.violations import Violation

ANY_DOMAIN = "any"  # in place of a domain, which no answer names


def object_of(raw: bytes) -> dict[str, Any] | None:
    """The JSON object of a line; None where it is none. No rule of the model is looked at."""
    try:
        value = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def read_answer(
    answer: Mapping[str, Any], line: int, reader: LineReader, domain: str = ANY_DOMAIN
) -> Update | list[Violation]:
    """What GetEventTrigger answered: it names no domain, and more than an update says.

    ``domain``: of one that names none.
    """
    answered = reader.model.answered
    said = {name: below for name, below in answer.items() if name not in answered}
    return reader.from_mapping({"DomainName": domain} | image(said, dict), line)


def refused_line(
    origin: str, line: int, violations: Sequence[Violation], head: bytes, model: UpdateModel
) -> InputError:
    """The error of a line that breaks a rule. ``head``: of the file, which may tell what it is."""
    hint = hint_of(head, model)
    said = f"{origin}: line {line}: {violations[0]}"
    if hint is not None:
        said += f"{'' if said.endswith('?') else '.'} {hint.text(origin)}"
    return InputError(said)
