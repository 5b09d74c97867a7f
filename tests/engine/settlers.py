"""Parts of the engine as its tests put them together: what sends requests, what settles updates."""

from collections.abc import Callable, Mapping
from typing import Any

from batcher.accounting.denials import Action
from batcher.accounting.tally import Tally
from batcher.engine.answer_check import AnswerCheck
from batcher.engine.breaker_gate import BreakerGate
from batcher.engine.no_before_images import NoBeforeImages
from batcher.engine.omitted_members import OmittedMembers
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import Reconciler
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.ports import Caller
from batcher.records import Result, Update
from batcher.testing import LoopClock, OpenLimiter, ScriptedCaller
from batcher.testing import update as plain_update
from batcher.triggers.decision import ChangeOptions


class Settled:
    """A Settler whose results are made with those members."""

    def __init__(self, **made: Any) -> None:
        self._made = made

    async def settle(self, update: Update) -> Result | None:
        return Result(
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            started_at="",
            finished_at="",
            **self._made,
        )


def update(number: int, trigger: str | None = None, target: str = "default") -> Update:
    """Update ``number``, which says so in what it sets."""
    return plain_update(number, trigger, target, Description=f"update {number}")


def number_in(members: Mapping[str, Any]) -> int:
    """The number of the update that a request was made from."""
    return int(members["Description"].removeprefix("update "))


def make_retrying(
    operation: str,
    caller: Caller,
    *,
    pacer: Pacer | None = None,
    policy: RetryPolicy | None = None,
    **more: Any,
) -> Retrying:
    """What brings requests of an operation to their answers, at no pace unless a pacer has one."""
    clock = LoopClock()
    its_own = pacer or Pacer(OpenLimiter(), 4, clock)
    return Retrying(
        operation=operation,
        caller=caller,
        make_pacer=lambda: its_own,
        policy=policy or RetryPolicy(),
        clock=clock,
        log=logger(),
        **{"target": "default", "on_attempt": lambda *attempt: None} | more,
    )


def writes_only(
    caller: ScriptedCaller,
    pacer: Pacer,
    tally: Tally,
    *,
    target: str = "default",
    policy: RetryPolicy | None = None,
    uniform: Callable[[float, float], float] = lambda low, high: high,
    gate: BreakerGate | None = None,
) -> Reconciler:
    """A Settler that sends every update; answers are counted in ``tally``."""
    updating = make_retrying(
        UPDATE_TRIGGER,
        caller,
        pacer=pacer,
        policy=policy,
        target=target,
        on_attempt=lambda made: tally.count_attempt(
            made.verdict, Action(UPDATE_TRIGGER, made.domain)
        ),
        gate=None if gate is None else gate.of(UPDATE_TRIGGER),
        uniform=uniform,
    )
    return _reconciler(updating, updating, look=False)


def looks_first(caller: Caller, pacer: Pacer, reading_pacer: Pacer) -> Reconciler:
    """A Settler that looks at each trigger before it sends an update, and keeps no image."""
    updating = make_retrying(UPDATE_TRIGGER, caller, pacer=pacer)
    return _reconciler(make_retrying(GET_TRIGGER, caller, pacer=reading_pacer), updating, look=True)


def _reconciler(reading: Retrying, updating: Retrying, *, look: bool) -> Reconciler:
    options, omitted = ChangeOptions(writable=dict), OmittedMembers("never", log=logger())
    return Reconciler(
        look=look,
        reading=reading,
        writing={UPDATE_TRIGGER: updating},
        images=NoBeforeImages(),
        options=options,
        check=AnswerCheck(
            reading=reading,
            updating=updating,
            options=options,
            omitted=omitted,
            clock=LoopClock(),
            log=logger(),
        ),
        omitted=omitted,
        clock=LoopClock(),
        write_rate=lambda: updating.pacer.limiter.own_rate,
    )
