"""An update that is refused before anything was allowed waits for what becomes of others."""

from collections import Counter
from collections.abc import Callable

import anyio
import pytest

from batcher.accounting.denials import DENIED_IN_A_ROW
from batcher.accounting.tally import Tally
from batcher.engine.deferring_reconciler import TRIES, WAIT_FOR_OTHERS, DeferringReconciler
from batcher.engine.lane import Lane
from batcher.engine.pacing import Pacer
from batcher.engine.runner import Runner
from batcher.logs import logger
from batcher.records import Attempt, Update
from batcher.testing import (
    ACCEPTED,
    ListSource,
    LoopClock,
    MemoryJournal,
    OpenLimiter,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    refused,
)
from tests.engine.settlers import number_in, update, writes_only

DENIED = refused("AccessDeniedException", 403)


class Worked:
    """What came of updates: those with a result, why the target was given up, when it ended."""

    def __init__(self) -> None:
        self.journal = MemoryJournal()
        self.trouble: list[str] = []
        self.seconds = 0.0

    @property
    def failed(self) -> list[str]:
        return [each.id for each in self.journal.results if each.status == "failed"]

    @property
    def succeeded(self) -> list[str]:
        return [each.id for each in self.journal.results if each.status == "succeeded"]


def work(
    updates: list[Update],
    answer: Callable[[ScriptedCall], Attempt],
    *,
    slots: int = 1,
    tries: Counter[int] | None = None,
    drain_at: float | None = None,
) -> Worked:
    worked = Worked()

    async def run() -> None:
        tally, pacer = Tally(), Pacer(OpenLimiter(), slots, LoopClock())
        caller = ScriptedCaller(answer, latency=0.1)
        settler = writes_only(caller, pacer, tally)
        source = ListSource(updates)
        lane = Lane(target="t", source=source, pacer=pacer, settler=settler, tally=tally)
        runner = Runner(journal=worked.journal, log=logger())

        def give_up(reason: str) -> None:
            worked.trouble.append(reason)
            runner.give_up("t", reason)

        DeferringReconciler(lane, give_up, tries)

        async def feed(tasks: anyio.abc.TaskGroup) -> None:
            runner.start(lane, tasks)
            if drain_at is not None:
                await anyio.sleep(drain_at)
                runner.drain("stop")

        await runner.run(feed)
        worked.seconds = anyio.current_time()

    in_virtual_time(run())
    return worked


def denying(*numbers: int) -> Callable[[ScriptedCall], Attempt]:
    return lambda call: DENIED if number_in(call.members) in numbers else ACCEPTED


@pytest.mark.parametrize("slots", [1, 2, 50])
@pytest.mark.parametrize("head", [1, 5, DENIED_IN_A_ROW - 1])
def test_refused_updates_at_the_head_fail_once_another_is_accepted_and_hold_nobody_up(
    slots: int, head: int
) -> None:
    updates = [update(n) for n in range(1, 61)]
    worked = work(updates, denying(*range(1, head + 1)), slots=slots)
    assert (len(worked.failed), len(worked.succeeded), worked.trouble) == (head, 60 - head, [])


def test_the_next_update_of_a_trigger_waits_for_the_one_that_is_refused() -> None:
    updates = [update(1, "a"), update(2, "a"), update(3)]
    worked = work(updates, denying(1), slots=4)
    assert [each.id for each in worked.journal.results if each.trigger == "a"] == ["1", "2"]
    assert worked.succeeded == ["3", "2"]


def test_what_is_refused_alone_gets_no_result_and_the_target_is_in_trouble_after_some_seconds() -> (
    None
):
    worked = work([update(1)], denying(1))
    assert worked.journal.results == []
    assert worked.seconds == pytest.approx(WAIT_FOR_OTHERS + 0.1)
    (why,) = worked.trouble
    assert "AWS refuses profile:UpdateEventTrigger in domain acme" in why


def test_where_nothing_is_allowed_nothing_has_a_result_and_no_more_is_tried_than_it_takes() -> None:
    tried = []

    def deny(call: ScriptedCall) -> Attempt:
        tried.append(number_in(call.members))
        return DENIED

    worked = work([update(n) for n in range(1, 200)], deny)
    assert worked.journal.results == []
    assert DENIED_IN_A_ROW <= len(tried) <= DENIED_IN_A_ROW + 1


def test_the_first_in_line_alone_is_failed_after_a_bounded_number_of_tries() -> None:
    tries = Counter[int]()
    for number in range(1, TRIES):
        assert work([update(7), update(8)], denying(7, 8), tries=tries).journal.results == []
        assert tries == {7: number}
    worked = work([update(7), update(8)], denying(7, 8), tries=tries)
    assert (worked.failed, 7 in tries) == (["7"], False)


def test_who_waits_does_not_hold_up_the_end() -> None:
    worked = work([update(1)], denying(1), drain_at=1.0)
    assert (worked.journal.results, worked.trouble) == ([], [])
    assert worked.seconds == pytest.approx(1.0)
