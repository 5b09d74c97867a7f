"""What becomes of a trigger that is written: omitted members, values out of bounds, defaults.

AWS does not say which of these it does.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from batcher.emulator.model import Json

# what the documentation of AWS names as the default: ten a day for each profile and trigger
DEFAULT_PERIODS: list[Json] = [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 10}]


@dataclass(frozen=True, kw_only=True, slots=True)
class WriteRules:
    """How create and update store what they are given.

    clear_omitted: an update clears the members that it omits, where a trigger can be without them.
    clamp: by the path of a member (``EventTriggerLimits.EventExpiration``) the most that it can be.
    fill_defaults: a trigger without Periods gets those that are the default.
    """

    clear_omitted: bool = False
    clamp: Mapping[str, float] = field(default_factory=dict)
    fill_defaults: bool = False

    def __post_init__(self) -> None:
        for path, most in self.clamp.items():
            if not all(path.split(".")) or not most > 0:
                raise ValueError(f"clamp {path!r} to {most!r}: give a path and a number above 0")

    def stored(self, record: Json) -> Json:
        """What is stored of a record; it stays as it was."""
        for path, most in self.clamp.items():
            record = _clamped(record, path.split("."), most)
        if self.fill_defaults:
            limits = record.get("EventTriggerLimits") or {}
            record = {**record, "EventTriggerLimits": {"Periods": DEFAULT_PERIODS, **limits}}
        return record


def _clamped(record: Json, path: list[str], most: float) -> Json:
    value: Any = record.get(path[0])
    if len(path) > 1 and isinstance(value, dict):
        return {**record, path[0]: _clamped(value, path[1:], most)}
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return {**record, path[0]: most} if len(path) == 1 and is_number and value > most else record
