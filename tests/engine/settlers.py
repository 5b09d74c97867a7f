"""What settles updates in tests of the runner: the engine's own parts, without a look first."""

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
from batcher.operations import UPDATE_TRIGGER
from batcher.records import Update
from batcher.testing import LoopClock, ScriptedCaller
from batcher.testing import update as plain_update
from batcher.triggers.decision import ChangeOptions


def update(number: int, trigger: str | None = None, target: str = "default") -> Update:
    """Update ``number``, which says so in what it sets."""
    return plain_update(number, trigger, target, Description=f"update {number}")


def number_in(members: Mapping[str, Any]) -> int:
    """The number of the update that a request was made from."""
    return int(members["Description"].removeprefix("update "))


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
    retrying = Retrying(
        target=target,
        operation=UPDATE_TRIGGER,
        caller=caller,
        pacer=pacer,
        policy=policy or RetryPolicy(),
        clock=LoopClock(),
        log=logger(),
        on_attempt=lambda verdict, _, domain: tally.count_attempt(
            verdict, Action(UPDATE_TRIGGER, domain)
        ),
        gate=None if gate is None else gate.of(UPDATE_TRIGGER),
        uniform=uniform,
    )
    options, omitted = ChangeOptions(writable=dict), OmittedMembers("never", log=logger())
    return Reconciler(
        look=False,
        reading=retrying,
        writing={UPDATE_TRIGGER: retrying},
        images=NoBeforeImages(),
        options=options,
        check=AnswerCheck(
            reading=retrying,
            updating=retrying,
            options=options,
            omitted=omitted,
            clock=LoopClock(),
            log=logger(),
        ),
        omitted=omitted,
        clock=LoopClock(),
        write_rate=lambda: None,
    )
