"""Law 10: a slow, throttled or failing target never holds another back."""

import random
from collections.abc import Callable
from typing import Any

import pytest
from anyio.abc import TaskGroup
from msgspec.structs import replace

from batcher.accounting.limit import Limit
from batcher.accounting.tally import Tally, summarize
from batcher.accounting.time_breakdown import LaneSession
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.engine.retrying import RetryPolicy
from batcher.engine.runner import Runner
from batcher.errors import CredentialsError
from batcher.limiters.local import LocalLimiter
from batcher.logs import logger
from batcher.quota.estimator import RateEstimator
from batcher.records import Attempt, Summary
from batcher.testing import (
    ACCEPTED,
    ListSource,
    LoopClock,
    MemoryJournal,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    lost,
    refused,
    unsent,
    update,
)
from tests.engine.settlers import writes_only

Answer = Callable[[ScriptedCall], Attempt]


class Target:
    """A target of so many updates, at a fixed rate."""

    def __init__(
        self,
        name: str,
        updates: int,
        rate: float,
        answer: Attempt | Answer = ACCEPTED,
        latency: float = 0.05,
        max_attempts: int = 8,
    ) -> None:
        self.name, self.updates, self.rate = name, updates, rate
        self.answer: Answer = answer if callable(answer) else lambda call: answer
        self.caller = ScriptedCaller(self.answer, latency=latency)
        self.tally = Tally()
        self.policy = RetryPolicy(throttle_limit=60, max_attempts=max_attempts)

    def lane(self) -> Lane:
        clock = LoopClock()
        estimate = RateEstimator(now=clock.now(), ceiling=self.rate)
        pacer = Pacer(LocalLimiter(estimate, clock=clock, rate=self.rate, burst=1.0), 64, clock)
        settler = writes_only(
            self.caller,
            pacer,
            self.tally,
            target=self.name,
            policy=self.policy,
            uniform=random.uniform,
        )
        source = ListSource(
            [update(n, f"{self.name}{n}", self.name) for n in range(1, self.updates + 1)]
        )
        return Lane(target=self.name, source=source, pacer=pacer, settler=settler, tally=self.tally)

    @property
    def ended(self) -> float:
        return max(call.ended for call in self.caller.calls if call.ended is not None)


def work(*targets: Target, **options: Any) -> tuple[Runner, Summary, float]:
    """Run them side by side; returns the runner, the summary, and the seconds that it took."""

    async def scenario() -> tuple[Runner, Summary, float]:
        runner = Runner(journal=MemoryJournal(), log=logger(), **options)

        async def feed(tasks: TaskGroup) -> None:
            for target in targets:
                runner.start(target.lane(), tasks)

        await runner.run(feed)
        seconds = LoopClock().now()
        sessions = {
            lane.target: LaneSession(
                time_breakdown=lane.pacer.time_breakdown,
                slots=lane.pacer.slots,
                stopped=runner.given_up.get(lane.target),
            )
            for lane in runner.lanes
        }
        totals = {target.name: target.updates for target in targets}
        tallies = {target.name: target.tally for target in targets}
        return (
            runner,
            summarize(tallies, totals, sessions, wall_seconds=seconds, stopped=runner.stopped),
            seconds,
        )

    return in_virtual_time(scenario())


def test_a_fast_target_ends_in_its_own_time_beside_a_slow_one() -> None:
    fast, slow = Target("fast", 1000, 100), Target("slow", 100, 2)
    _, summary, seconds = work(slow, fast)
    assert fast.ended == pytest.approx(10, abs=0.5)
    assert slow.ended == pytest.approx(50, abs=1)
    assert seconds == pytest.approx(50, abs=1)
    assert isinstance(summary.targets, dict)
    assert summary.targets["fast"].wall_seconds == pytest.approx(10, abs=0.5)
    assert summary.targets["fast"].rate == pytest.approx(100, rel=0.05)
    assert summary.targets["slow"].rate == pytest.approx(2, rel=0.05)


@pytest.mark.parametrize(
    ("answer", "latency", "stopped"),
    [
        (refused("ThrottlingException", 429), 0.05, None),
        (
            refused("AccessDeniedException", 403),
            0.05,
            "every call was refused: 20 in a row AccessDenied, none accepted",
        ),
        (refused("ExpiredToken", 403), 0.05, "AWS does not accept the credentials"),
        (refused("InternalServerException", 500), 0.05, None),
        (unsent(), 5.0, "nothing can be sent"),
        (lost(), 30.0, None),
    ],
    ids=["throttled", "denied", "expired", "failing", "unreachable", "hanging"],
)
def test_a_bad_target_does_not_hold_back_a_good_one(
    answer: Attempt, latency: float, stopped: str | None
) -> None:
    good, bad = Target("good", 500, 100), Target("bad", 200, 10, answer, latency)
    runner, summary, _ = work(bad, good)
    assert good.ended == pytest.approx(5, abs=0.5)
    assert isinstance(summary.targets, dict)
    assert (summary.targets["good"].succeeded, summary.targets["good"].stopped) == (500, None)
    assert summary.targets["bad"].succeeded == 0
    if stopped is None:
        assert (
            runner.stopped,
            summary.targets["bad"].failed + summary.targets["bad"].in_doubt,
        ) == (None, 200)
    else:
        assert runner.stopped
        assert runner.stopped.startswith(f"target bad: {stopped}")
        assert stopped in (summary.targets["bad"].stopped or "")
        assert summary.targets["bad"].not_started > 0


def test_too_many_failures_of_one_target_stop_that_one() -> None:
    good, bad = (
        Target("good", 300, 100),
        Target("bad", 300, 100, refused("BadRequestException", 400)),
    )
    runner, summary, _ = work(good, bad, max_failures=Limit("10"))
    assert good.tally.statuses["succeeded"] == 300
    assert 10 < bad.tally.statuses["failed"] < 50
    assert runner.stopped == summary.stopped
    assert "target bad: 11 of 11 did not succeed" in (summary.stopped or "")


def test_a_run_of_one_target_ends_with_its_error() -> None:
    with pytest.raises(CredentialsError, match="does not accept the credentials"):
        work(Target("only", 50, 10, refused("ExpiredToken", 403)))


def test_every_second_of_the_run_has_a_cause() -> None:
    def faulty(call: ScriptedCall) -> Attempt:
        return refused("InternalServerException", 500) if call.number < 4 else ACCEPTED

    cases = {
        "token": Target("paced", 100, 2),
        "calling": Target("far", 3, 100, latency=20.0),
        "backoff": Target("faulty", 1, 100, faulty, latency=0.001),
    }
    for cause, target in cases.items():
        _, summary, seconds = work(target)
        spent = {
            name: getattr(summary.seconds, name)
            for name in ("queued", "token", "backoff", "calling")
        }
        assert (
            sum(spent.values())
            == pytest.approx(summary.wall_seconds, rel=0.02)
            == pytest.approx(seconds, rel=0.02)
        )
        assert max(spent, key=lambda name: spent[name]) == cause, spent
    _, summary, seconds = work(*cases.values())
    spent_in_all = (
        summary.seconds.token
        + summary.seconds.calling
        + summary.seconds.backoff
        + summary.seconds.queued
    )
    assert spent_in_all == pytest.approx(seconds, rel=0.02)
    assert summary.double_quota_saves == 0  # 2/s were chosen, by the target that ended last
    assert isinstance(summary.targets, dict)
    assert set(summary.targets) == {"paced", "far", "faulty"}


@pytest.mark.parametrize(("rate", "takes"), [(2, 0.0), (2, 5.0), (25, 0.001), (0.2, 5.0)])
def test_while_nothing_can_be_sent_no_second_is_the_quotas(rate: float, takes: float) -> None:
    def cut_off(call: ScriptedCall) -> Attempt:
        down = 20 <= call.began <= 80
        return replace(unsent(), seconds=takes) if down else ACCEPTED

    # patient enough to live through it
    target = Target("cut off", round(rate * 120), rate, cut_off, latency=takes, max_attempts=50)
    _, summary, seconds = work(target)
    down = summary.seconds.unreachable
    slack = takes + 20 + 2 / rate  # the longest backoff and two turns, until it is noticed
    assert 60 - slack <= down <= 60 + slack
    assert seconds - down == pytest.approx(
        summary.seconds.token
        + summary.seconds.calling
        + summary.seconds.backoff
        + summary.seconds.queued,
        abs=0.1,
    )
    if takes < 1:
        assert summary.seconds.token <= seconds - 60 + 1 / rate
