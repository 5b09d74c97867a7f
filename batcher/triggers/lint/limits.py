"""What is wrong with the limits of a trigger: its Periods, and how late an event may come.

Periods are taken to slide, as in the simulation; what one with Unlimited does to others, AWS does
not say.
"""

from collections.abc import Iterator
from itertools import combinations
from typing import Any

from batcher.triggers.lint.finding import Definition, Finding, LintContext
from batcher.triggers.lint.limit_codes import (
    ABOVE_THE_CAP,
    BELOW_A_SECOND,
    DOUBLED_PERIOD,
    LIFTED_BESIDE_LIMITED,
    LOOKS_LIKE_A_TIME,
    NEGATIVE,
    NO_MAX,
    NO_PERIODS,
    PERIOD_NEVER_BINDS,
    UNLIMITED,
    UNLIMITED_WITH_MAX,
)
from batcher.triggers.semantics.firing_windows import LENGTHS, LONGEST_MONTH, MONTHS, SHORTEST_MONTH

CAMPAIGN_CAP = 900_000  # ms: campaigns take no event that is older; no model says so
ONE_SECOND = 1_000  # ms
EPOCH_FROM = 1_000_000_000  # the year 2001 in epoch seconds; as a duration in ms it is 11 days

_LIMITS = "EventTriggerLimits"


def limit_findings(definition: Definition, context: LintContext) -> Iterator[Finding]:
    """What is wrong with EventTriggerLimits; nothing that an update leaves out."""
    limits = definition.get(_LIMITS) or {}
    if context.whole and not limits.get("Periods"):
        yield Finding(code=NO_PERIODS, path=(_LIMITS,), message="sets no period")
    if (expiration := limits.get("EventExpiration")) is not None:
        yield from _expiration(expiration)
    yield from _periods(limits.get("Periods") or [])


def _expiration(milliseconds: int) -> Iterator[Finding]:
    path = (_LIMITS, "EventExpiration")
    values = (milliseconds,)
    if milliseconds < 0:
        yield Finding(code=NEGATIVE, path=path, message="is {}: below zero", values=values)
    elif milliseconds < ONE_SECOND:
        message = "is {} ms: less than a second"
        yield Finding(code=BELOW_A_SECOND, path=path, message=message, values=values)
    elif milliseconds >= EPOCH_FROM:
        message = "is {}: that is no duration, but reads like a time since 1970"
        yield Finding(code=LOOKS_LIKE_A_TIME, path=path, message=message, values=values)
    elif milliseconds > CAMPAIGN_CAP:
        message = "is {} ms: campaigns take no event older than 15 minutes"
        yield Finding(code=ABOVE_THE_CAP, path=path, message=message, values=values)


def _periods(periods: list[dict[str, Any]]) -> Iterator[Finding]:
    for index, period in enumerate(periods):
        yield from _period(period, (_LIMITS, "Periods", index))
    lifted = [index for index, period in enumerate(periods) if period.get("Unlimited")]
    if lifted and len(lifted) < len(periods):
        path = (_LIMITS, "Periods", lifted[0], "Unlimited")
        yield Finding(code=LIFTED_BESIDE_LIMITED, path=path, message="is set beside other periods")
    elif lifted and not any("MaxInvocationsPerProfile" in period for period in periods):
        yield Finding(code=UNLIMITED, path=(_LIMITS, "Periods"), message="limits nothing")
    yield from _pairs(periods)


def _period(period: dict[str, Any], path: tuple[str | int, ...]) -> Iterator[Finding]:
    at_most = period.get("MaxInvocationsPerProfile")
    if period.get("Unlimited"):
        if at_most is not None:
            message = "is {}, and Unlimited lifts it"
            where = (*path, "MaxInvocationsPerProfile")
            yield Finding(code=UNLIMITED_WITH_MAX, path=where, message=message, values=(at_most,))
    elif at_most is None:
        yield Finding(code=NO_MAX, path=path, message="says neither how often nor Unlimited")


def _pairs(periods: list[dict[str, Any]]) -> Iterator[Finding]:
    """Periods that say what another one says, or less."""
    settled = set[int]()
    for (first, one), (second, other) in combinations(enumerate(periods), 2):
        if _meaning(one) == _meaning(other):
            message = f"says what Periods[{first}] says"
            settled.add(second)
            yield Finding(code=DOUBLED_PERIOD, path=(_LIMITS, "Periods", second), message=message)
    for tight, one in enumerate(periods):
        for loose, other in enumerate(periods):
            if not {tight, loose} & settled and tight != loose and _binds_before(one, other):
                settled.add(loose)
                path = (_LIMITS, "Periods", loose)
                message = f"never binds: Periods[{tight}] is reached before it"
                yield Finding(code=PERIOD_NEVER_BINDS, path=path, message=message)


def _meaning(period: dict[str, Any]) -> tuple[Any, ...]:
    at_most = None if period.get("Unlimited") else period.get("MaxInvocationsPerProfile")
    unit = LENGTHS.get(period["Unit"])
    length = (period["Unit"], period["Value"]) if unit is None else unit * period["Value"]
    return length, at_most, bool(period.get("Unlimited"))


def _binds_before(tight: dict[str, Any], loose: dict[str, Any]) -> bool:
    """Whether a profile that keeps the one limit can't reach the other, as periods slide."""
    few, many = (each.get("MaxInvocationsPerProfile") for each in (tight, loose))
    if few is None or many is None or tight.get("Unlimited") or loose.get("Unlimited"):
        return False
    windows = _windows_in(loose, tight)
    return windows is not None and bool(few * windows <= many)


def _windows_in(period: dict[str, Any], other: dict[str, Any]) -> int | None:
    """How many windows of the other period cover one of the period; None for a strange unit."""
    longest, shortest = _length(period, month=LONGEST_MONTH), _length(other, month=SHORTEST_MONTH)
    if period["Unit"] == other["Unit"]:
        longest, shortest = period["Value"], other["Value"]
    return -(-longest // shortest) if longest and shortest else None


def _length(period: dict[str, Any], *, month: int) -> int:
    """Microseconds; 0 for a strange unit."""
    return int({**LENGTHS, MONTHS: month}.get(period["Unit"], 0) * period["Value"])
