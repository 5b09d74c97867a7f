"""What is found of a host, its targets and services before anything starts: checks, side by side.

One that fails or hangs keeps no other from being told.
"""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal, TypeAlias

import anyio
from msgspec import Struct

from batcher.errors import BatcherError
from batcher.foreign_text import printable
from batcher.task_groups import open_task_group

ALLOW = "Attach the policy below, or look for what denies it."  # what AWS refuses

AT_ONCE = 16  # groups of checks: each target takes CPU to open, and those that wait lose no time

CheckVerdict: TypeAlias = Literal["ok", "warning", "fault", "untested"]


class Check(Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``subject``: host, limiter, queue, or a target.

    ``seen``: what there is, or why it was not tested; ``advice``: what to do; ``denied``: actions
    of IAM that AWS refuses.
    """

    subject: str
    name: str
    verdict: CheckVerdict
    seen: str
    advice: str = ""
    denied: tuple[str, ...] = ()


class Diagnosis(Struct, frozen=True, kw_only=True):
    """All checks, in a fixed order.

    ``missing``: by subject a policy that allows what AWS was seen to refuse.
    """

    checks: tuple[Check, ...]
    missing: dict[str, dict[str, Any]]

    @property
    def has_faults(self) -> bool:
        return any(check.verdict == "fault" for check in self.checks)

    @property
    def to_mend(self) -> list[Check]:
        """Faults, then warnings, each in the order in which they are to be mended; once each."""
        order: tuple[CheckVerdict, ...] = ("fault", "warning")
        found = [each for verdict in order for each in self.checks if each.verdict == verdict]
        first = {(each.subject, each.seen): each for each in reversed(found)}
        return [each for each in found if first[each.subject, each.seen] is each]


class Told:
    """Takes what is found of one subject."""

    def __init__(self, subject: str) -> None:
        self.subject = subject
        self.checks: list[Check] = []

    def ok(self, name: str, seen: str) -> None:
        self._add(name, "ok", seen)

    def warn(self, name: str, seen: str, advice: str) -> None:
        self._add(name, "warning", seen, advice)

    def fault(self, name: str, seen: str, advice: str = "", denied: tuple[str, ...] = ()) -> None:
        self._add(name, "fault", seen, advice, denied)

    def untested(self, name: str, why: str) -> None:
        self._add(name, "untested", why)

    def _add(
        self,
        name: str,
        verdict: CheckVerdict,
        seen: str,
        advice: str = "",
        denied: tuple[str, ...] = (),
    ) -> None:
        seen, advice = printable(seen), printable(advice)
        self.checks.append(
            Check(
                subject=self.subject,
                name=name,
                verdict=verdict,
                seen=seen,
                advice=advice,
                denied=denied,
            )
        )


class CheckGroup(Struct, frozen=True, kw_only=True):
    """Checks that build upon one another. ``names``: of those that are told in any case.

    ``advice``: what to do where an error ends them, beside what that says itself.
    """

    subject: str
    names: tuple[str, ...]
    find: Callable[[Told], Awaitable[None]]
    advice: str = ""


async def run_checks(groups: Sequence[CheckGroup], *, within: float) -> tuple[Check, ...]:
    """Do them side by side, AT_ONCE at most; each in so many seconds from its own beginning.

    They are told in their order.
    """
    told = [Told(group.subject) for group in groups]
    slots = anyio.CapacityLimiter(AT_ONCE)
    async with open_task_group() as tasks:
        for group, each in zip(groups, told, strict=True):
            tasks.start_soon(_run_in_turn, group, each, within, slots)
    return tuple(check for each in told for check in each.checks)


async def _run_in_turn(
    group: CheckGroup, told: Told, within: float, slots: anyio.CapacityLimiter
) -> None:
    async with slots:
        await _run_group(group, told, within)


async def _run_group(group: CheckGroup, told: Told, within: float) -> None:
    seen, advice = "", ""
    try:
        with anyio.move_on_after(within) as scope:
            await group.find(told)
        if scope.cancelled_caught:
            seen, advice = f"no answer within {within:g} s.", "See what holds it up; run it again."
    except BatcherError as error:
        seen, advice = str(error).removeprefix(f"{group.subject}: "), group.advice
    except OSError as error:
        seen, advice = error.strerror or str(error) or type(error).__name__, group.advice
    except Exception as error:  # a defect of one check is none of the others
        seen, advice = f"the check itself failed ({type(error).__name__}).", "Report it."
    known = {check.name for check in told.checks}
    left = [name for name in group.names if name not in known]
    if left and seen:
        told.fault(left[0], f"{seen.rstrip('.')}.", advice)
    wrong = [check.name for check in told.checks if check.verdict == "fault"]
    for name in left[1 if seen else 0 :]:
        told.untested(name, f"see {wrong[-1]}." if wrong else "nothing was found out.")
