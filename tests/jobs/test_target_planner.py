"""The planner of a target.

A trigger is read once, and each update is held against what the ones before have made of it.
"""

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.target_planner import TargetPlanner, repeated_triggers
from batcher.jobs.trigger_reader import LiveTrigger
from batcher.records import Error, Update
from tests.conftest import trigger
from tests.updates.samples import MODEL


class Updates:
    """A source of updates."""

    def __init__(self, updates: list[Update]) -> None:
        self._updates = updates

    async def __aiter__(self):
        for update in self._updates:
            yield update


def update(line: int, number: int, **members: object) -> Update:
    names = {"DomainName": "acme", "EventTriggerName": f"t{number}"}
    return Update(id=str(line), line=line, target="default", request={**names, **members})


@given(numbers=st.lists(st.integers(0, 4), max_size=20))
def test_each_trigger_is_read_once_and_none_is_kept_to_the_end(numbers: list[int]) -> None:
    updates = [update(line, number) for line, number in enumerate(numbers, 1)]
    reads: list[str] = []

    async def read(asked: Update) -> LiveTrigger:
        reads.append(asked.trigger)
        return trigger(numbers[asked.line - 1])

    async def plan_all() -> None:
        left = await repeated_triggers(Updates(updates))
        assert all(count > 1 for count in left.values())
        planner = TargetPlanner(read, left, MODEL.writable, create_missing=False)
        for each in updates:
            assert planner.plan(each, await planner.read(each)).effect == "unchanged"
        assert left.total() == 0

    anyio.run(plan_all)
    assert sorted(reads) == sorted({f"t{number}" for number in numbers})


async def test_updates_of_one_trigger_wait_for_its_one_read() -> None:
    first, second = update(1, 0, Description="a"), update(2, 0, Description="b")
    may_answer, reads = anyio.Event(), 0

    async def read(_: Update) -> LiveTrigger:
        nonlocal reads
        reads += 1
        await may_answer.wait()
        return trigger(0)

    planner = TargetPlanner(
        read,
        await repeated_triggers(Updates([first, second])),
        MODEL.writable,
        create_missing=False,
    )
    found: dict[int, LiveTrigger] = {}

    async def keep(asked: Update) -> None:
        found[asked.line] = await planner.read(asked)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(keep, first)
        tasks.start_soon(keep, second)
        await anyio.wait_all_tasks_blocked()
        may_answer.set()
    assert (reads, found[1] is found[2]) == (1, True)
    before, after = (planner.plan(each, found[each.line]) for each in (first, second))
    assert (before.step.changes[0].before, after.step.changes[0].before) == ("before-0", "a")


@pytest.mark.parametrize(
    ("code", "create_missing", "effects"),
    [
        (RESOURCE_NOT_FOUND, True, ["created", "changed"]),
        (RESOURCE_NOT_FOUND, False, ["missing", "missing"]),
        ("InternalServerException", True, ["unreadable", "unreadable"]),
    ],
)
async def test_what_is_not_there_is_created_where_that_is_wanted_and_known(
    code: str, create_missing: bool, effects: list[str]
) -> None:
    whole = {name: value for name, value in trigger(0).items() if name != "Tags"}
    updates = [update(1, 0, **whole), update(2, 0, SegmentFilter="vip")]
    error = Error(code=code, message="m")

    async def read(_: Update) -> LiveTrigger:
        return error

    planner = TargetPlanner(
        read,
        await repeated_triggers(Updates(updates)),
        MODEL.writable,
        create_missing=create_missing,
    )
    planned = [planner.plan(each, await planner.read(each)) for each in updates]
    assert [each.effect for each in planned] == effects
    told = None if effects[0] == "created" else error
    assert [each.error for each in planned] == [told, told]
