"""Faults and latency: what each fault does, which call gets one, how long a call takes."""

import math
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from random import Random
from typing import Any


class Ending(Enum):
    """How a call ends on the wire."""

    ANSWER = "answer"
    HTML = "html"
    UNTYPED = "untyped"
    LATE = "late"
    RESET = "reset"
    HANG = "hang"


@dataclass(frozen=True, kw_only=True, slots=True)
class Fault:
    """One kind of fault: the error ``code`` answered, and whether the operation is carried out."""

    kind: str
    ending: Ending = Ending.ANSWER
    code: str | None = None
    message: str = ""
    applies: bool = False
    takes_token: bool = True


FAULTS = {
    fault.kind: fault
    for fault in (
        Fault(kind="internal", code="InternalServerException", message="Internal service error"),
        Fault(
            kind="throttle", code="ThrottlingException", message="Rate exceeded", takes_token=False
        ),
        Fault(kind="throttle-untyped", ending=Ending.UNTYPED, takes_token=False),
        Fault(kind="unavailable-html", ending=Ending.HTML),
        Fault(kind="reset-before", ending=Ending.RESET),
        Fault(kind="reset-after", ending=Ending.RESET, applies=True),
        Fault(kind="hang", ending=Ending.HANG),
        Fault(kind="hang-after", ending=Ending.HANG, applies=True),
        Fault(kind="slow", ending=Ending.LATE, applies=True),
        Fault(
            kind="expired-token",
            code="ExpiredTokenException",
            message="The security token included in the request is expired",
        ),
        Fault(
            kind="access-denied",
            code="AccessDeniedException",
            message="User is not authorized to perform this operation",
        ),
    )
}


def find_fault(kind: str) -> Fault:
    """ValueError, naming the known kinds, for an unknown one."""
    if (fault := FAULTS.get(kind)) is None:
        raise ValueError(f"unknown fault {kind!r}; known are {', '.join(FAULTS)}")
    return fault


class Faults:
    """Which call gets a fault: scripted ones first, in order, then by probability.

    Probabilities strike the event-trigger operations only.
    """

    def __init__(self, probabilities: Mapping[str, float], random: Random) -> None:
        self._random = random
        self._scripts: dict[str, deque[Fault | None]] = {}
        self._early: list[tuple[Fault, float]] = []
        self._late: list[tuple[Fault, float]] = []
        self._probabilities: dict[str, float] = {}
        self.change(probabilities)

    def change(self, probabilities: Mapping[str, float]) -> None:
        """Replaces all probabilities.

        ValueError for an unknown kind, or numbers that are no probabilities.
        """
        found = [(find_fault(kind), probability) for kind, probability in probabilities.items()]
        for fault, probability in found:
            if not 0 <= probability <= 1:
                raise ValueError(
                    f"fault {fault.kind}: {probability} is not a probability from 0 to 1"
                )
        if sum(probability for _, probability in found) > 1 + 1e-9:
            raise ValueError("the probabilities of all faults add up to more than 1")
        self._probabilities = dict(probabilities)
        self._early = [row for row in found if not row[0].takes_token]
        self._late = [row for row in found if row[0].takes_token]

    def script(self, operation: str, kinds: Iterable[str | None]) -> None:
        """Appends what the next calls of the operation get; None is none."""
        found = [None if kind is None else find_fault(kind) for kind in kinds]
        self._scripts.setdefault(operation, deque()).extend(found)

    def before_token(self, operation: str) -> Fault | None:
        """The fault of this call when it is one that takes no token."""
        if script := self._scripts.get(operation):
            planned = script[0]
            return script.popleft() if planned and not planned.takes_token else None
        return self._drawn(operation, self._early)

    def after_token(self, operation: str) -> Fault | None:
        """The fault of this call, once it has its token."""
        if script := self._scripts.get(operation):
            return script.popleft()
        return self._drawn(operation, self._late)

    def describe(self) -> dict[str, Any]:
        """The faults in force, as JSON: ``probabilities``, and what is still ``scripted``."""
        scripted = {
            operation: [fault and fault.kind for fault in script]
            for operation, script in self._scripts.items()
            if script
        }
        return {"probabilities": self._probabilities, "scripted": scripted}

    def _drawn(self, operation: str, rows: list[tuple[Fault, float]]) -> Fault | None:
        if not rows or "EventTrigger" not in operation:
            return None
        drawn = self._random.random()
        for fault, probability in rows:
            if drawn < probability:
                return fault
            drawn -= probability
        return None


class LatencyRange:
    """How long calls take: bounds in seconds that can change in mid-run.

    ValueError unless 0 <= low <= high.
    """

    def __init__(self, low: float, high: float, random: Random) -> None:
        self._random = random
        self.change(low, high)

    def change(self, low: float, high: float) -> None:
        if not (0 <= low <= high and math.isfinite(high)):
            raise ValueError(
                f"latency is {low} to {high} s: it must be two numbers, 0 or above, the lower one"
                " first"
            )
        self._low, self._high = low, high

    def draw(self) -> float:
        return self._low if self._low == self._high else self._random.uniform(self._low, self._high)
