"""A wave: whose turn it is, which updates count, and that nobody waits for what never comes."""

import random

import anyio
import pytest

from batcher.jobs.waves import ChangedUpdates, Wave, WaveSettler, has_changed
from batcher.records import Result, Status, Update
from batcher.testing import in_virtual_time

NOW = "2026-01-01T00:00:00.000Z"


def update(line: int, target: str = "a") -> Update:
    request = {"DomainName": "acme", "EventTriggerName": f"t{line}"}
    return Update(id=f"row-{line}", line=line, target=target, request=request)


def result(line: int, status: Status = "succeeded", attempts: int = 1, target: str = "a") -> Result:
    return Result(
        id=f"row-{line}",
        line=line,
        target=target,
        domain="acme",
        trigger=f"t{line}",
        status=status,
        attempts=attempts,
        started_at=NOW,
        finished_at=NOW,
    )


def counted(*lines: int) -> ChangedUpdates:
    """What has changed something before a wave."""
    changed = ChangedUpdates([10_000])
    for line in lines:
        changed.add(result(line))
    return changed


class Settling:
    """A Settler whose updates take a while; ``ends``: how, by line, else succeeded."""

    def __init__(self, ends: dict[int, tuple[Status, int] | None] | None = None) -> None:
        self.ends = ends or {}
        self.begun: list[int] = []
        self.at_once = self.most_at_once = 0

    async def settle(self, update: Update) -> Result | None:
        self.begun.append(update.line)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        await anyio.sleep(random.Random(update.line).uniform(0.1, 5))
        self.at_once -= 1
        end = self.ends.get(update.line, ("succeeded", 1))
        return end and result(update.line, *end, target=update.target)


async def work(wave: Wave, settling: Settling, updates: list[Update]) -> set[int]:
    """Settle them all at once, backwards; returns the lines that got a result."""
    settler, done = WaveSettler(settling, wave), set[int]()

    async def one(update: Update) -> None:
        if (found := await settler.settle(update)) is not None:
            done.add(found.line)

    with anyio.fail_after(1000):
        async with anyio.create_task_group() as tasks:
            for each in reversed(updates):
                tasks.start_soon(one, each)
    return done


@pytest.mark.parametrize(
    ("status", "attempts", "counts"),
    [
        ("succeeded", 1, True),
        ("succeeded", 0, True),  # sent by a session that was killed, and found so
        ("partial", 1, True),
        ("failed", 1, True),
        ("in_doubt", 2, True),
        ("unchanged", 0, False),
        ("stale", 0, False),
        ("invalid", 0, False),
        ("failed", 0, False),  # not there, or AWS never reached
        ("partial", 0, False),
    ],
)
def test_what_was_sent_counts(status: Status, attempts: int, counts: bool) -> None:
    assert has_changed(result(1, status, attempts)) is counts


def test_it_goes_on_line_by_line_until_as_many_as_wanted_have_changed_something() -> None:
    async def run() -> None:
        ends: dict[int, tuple[Status, int] | None] = {3: ("stale", 0), 7: ("failed", 0)}
        for line in (1, 2, 4, 5):
            ends[line] = ("unchanged", 0)
        changed, settling = counted(), Settling(ends)
        wave = Wave(3, {"a": range(1, 40)}, changed)
        done = await work(wave, settling, [update(line) for line in range(1, 40)])
        assert wave.is_over
        assert sorted(each.line for each in changed.wave) == [6, 8, 9]
        assert done == set(settling.begun) == set(range(1, 10)), (
            "no line after the last that counts"
        )
        assert settling.most_at_once == 3
        assert {(each.id, each.domain, each.trigger, each.status) for each in changed.wave} == {
            (f"row-{line}", "acme", f"t{line}", "succeeded") for line in (6, 8, 9)
        }
        assert repr(wave) == "<Wave 3 of 3, 0 at work>"

    in_virtual_time(run())


def test_of_several_targets_the_first_lines_of_the_file_have_their_turn() -> None:
    async def run() -> None:
        settling, changed = Settling(), counted()
        wave = Wave(4, {"a": [1, 4, 6], "b": [2, 3, 5]}, changed)
        updates = [update(line, "a" if line in (1, 4, 6) else "b") for line in range(1, 7)]
        assert await work(wave, settling, updates) == {1, 2, 3, 4}

    in_virtual_time(run())


def test_what_earlier_sessions_have_changed_counts() -> None:
    async def run() -> None:
        settling, changed = Settling(), counted(2, 5)
        wave = Wave(3, {"a": [1, 3, 4]}, changed)
        assert await work(wave, settling, [update(line) for line in (1, 3, 4)]) == {1}
        assert [each.line for each in changed.wave] == [2, 5, 1]

    in_virtual_time(run())


def test_nobody_waits_for_a_target_that_was_left_and_what_it_has_at_work_counts() -> None:
    async def run() -> None:
        settling, changed = Settling({3: ("unchanged", 0)}), counted()
        wave = Wave(3, {"a": [1, 3, 5, 7], "b": [2, 4, 6]}, changed)
        updates = {line: update(line, "b" if line in (2, 4, 6) else "a") for line in range(1, 8)}
        settler = WaveSettler(settling, wave)
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(settler.settle, updates[2])
            await anyio.wait_all_tasks_blocked()
            wave.leave("b")
            assert await work(wave, settling, [updates[n] for n in (1, 3, 4, 5, 6, 7)]) == {
                1,
                3,
                5,
            }
        assert sorted(each.line for each in changed.wave) == [1, 2, 5]

    in_virtual_time(run())


def test_left_by_all_nobody_waits_on() -> None:
    async def run() -> None:
        settling, changed = Settling({1: None}), counted()
        wave = Wave(1, {"a": range(1, 9)}, changed)

        async def leave() -> None:
            await anyio.sleep(0.01)
            wave.leave("a")

        async with anyio.create_task_group() as tasks:
            tasks.start_soon(leave)
            assert await work(wave, settling, [update(line) for line in range(1, 9)]) == set()
        assert (settling.begun, changed.count, wave.is_over) == ([1], 0, False)

    in_virtual_time(run())


def test_a_turn_that_ends_in_an_error_is_given_to_the_next() -> None:
    async def run() -> None:
        class Failing(Settling):
            async def settle(self, update: Update) -> Result | None:
                if update.line == 1:
                    raise ZeroDivisionError
                return await super().settle(update)

        changed = counted()
        wave, failing = Wave(1, {"a": [1, 2, 3]}, changed), Failing()
        with pytest.raises(ZeroDivisionError):
            await WaveSettler(failing, wave).settle(update(1))
        assert await work(wave, failing, [update(2), update(3)]) == {2}

    in_virtual_time(run())
