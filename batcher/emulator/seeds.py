"""Triggers and integrations to start with, checked as their operations would check them.

What has a ``Uri`` is an integration: members of PutIntegration. All else is a trigger: members of
CreateEventTrigger.
"""

import json
from collections.abc import Iterable, Iterator

from batcher.emulator.errors import ServiceError
from batcher.emulator.model import Json, ServiceModel
from batcher.emulator.requests import parse_body
from batcher.emulator.store import is_integration


def parse_seeds(model: ServiceModel, lines: bytes, origin: str) -> list[Json]:
    """The seeds of JSON lines; blank lines are skipped.

    ValueError naming origin and line for a bad one.
    """
    found = []
    for number, line in enumerate(lines.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            try:
                found.append(_checked(model, parse_body(line)))
            except ServiceError as error:
                raise ValueError(f"{origin}: line {number}: {error.message}") from None
    return found


def check_seeds(model: ServiceModel, triggers: Iterable[Json]) -> Iterator[Json]:
    """The dicts, as copies in which nothing is shared.

    ValueError naming the position for a bad one.
    """
    for number, trigger in enumerate(triggers, 1):
        try:
            yield _checked(model, parse_body(json.dumps(trigger).encode()))
        except ServiceError as error:
            raise ValueError(f"trigger {number}: {error.message}") from None
        except TypeError as error:
            raise ValueError(f"trigger {number}: {error}") from None


def _checked(model: ServiceModel, seed: Json) -> Json:
    model.operation("PutIntegration" if is_integration(seed) else "CreateEventTrigger").check(seed)
    return seed
