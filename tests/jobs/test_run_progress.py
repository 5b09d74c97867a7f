"""How far a run is, read while it stands and while it works."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import pytest

from batcher.accounting.denials import Action
from batcher.accounting.verdicts import Verdict
from batcher.emulator import Quota
from batcher.jobs.progress_snapshot import ProgressSnapshot
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter
from batcher.records import Result
from tests.conftest import change
from tests.jobs.conftest import SettingsFor, seeded
from tests.jobs.test_run_execution import ready_to_start
from tests.waiting import until

INVALID = Result.invalid(1, "default", "m", "2026-01-01T00:00:00.000Z")
UNCHANGED = msgspec.structs.replace(INVALID, status="unchanged", error=None)


@pytest.fixture
async def run(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> AsyncIterator[ApprovedRun]:
    """A run of 100 updates that has not begun."""
    file = write_lines([change(n) for n in range(100)])
    async with seeded() as url, ready_to_start(file, settings_for(url)) as ready:
        yield ready


def answer(run: ApprovedRun, count: int, result: Result = INVALID) -> None:
    tally = run.state.tallies["default"]
    for _ in range(count):
        if result is INVALID:
            tally.count_attempt(Verdict.ACCEPTED, Action("UpdateEventTrigger", "acme"))
        tally.add(result)


async def test_without_a_lane_what_is_left_is_reckoned_by_what_was_measured(
    run: ApprovedRun,
) -> None:
    meter = ProgressMeter(run, 0.0)
    assert meter.read(1.0).seconds_left is None
    answer(run, 20)
    found = meter.read(10.0)  # by all that there is at this moment, however long ago the last was
    assert (found.done, found.total, found.failed, found.rate) == (20, 100, 20, 2.0)
    assert found.seconds_left == pytest.approx(80 / (20 / 10))
    assert (found.pace_basis, found.quota, found.sent) == ("measured", None, True)
    assert found.errors == {"Invalid": 20}
    run.state.tallies["default"].begin_part()
    answer(run, 1)
    assert meter.read(12.0).rate == 0.0


async def test_while_nothing_is_sent_it_is_said_so(run: ApprovedRun) -> None:
    meter = ProgressMeter(run, 0.0)
    answer(run, 40, UNCHANGED)
    found = meter.read(10.0)
    assert (found.sent, found.done, found.failed, found.results) == (False, 40, 0, 4.0)
    answer(run, 1)
    assert meter.read(10.1).sent


async def test_a_pause_stops_the_clock_and_nobody_knows_its_end(run: ApprovedRun) -> None:
    control, now = run.order.control, run.order.clock.now()
    meter = ProgressMeter(run, now)
    answer(run, 20)
    meter.read(now + 5)
    control.pause("ctl", "by ann")
    found = meter.read(now + 6)
    assert (found.paused, found.seconds_left) == ("by ann", None)
    assert found.targets[0].seconds_left is None
    control.resume("ctl")
    assert meter.read(now + 6).paused is None


async def test_targets_of_one_account_and_region_end_together_at_the_pace_that_they_share(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    lines = [change(n, target=name) for n in range(60) for name in ("a", "b")]
    file, emulator = write_lines(lines), seeded(60)
    async with emulator as url:
        targets = {"a": {"rate": 40}, "b": {"rate": 400}}
        settings = settings_for(url, targets=targets, target="a", before=False)
        async with ready_to_start(file, settings) as run:
            meter = ProgressMeter(run, run.order.clock.now())
            executing = asyncio.create_task(run.execute())
            await until(lambda: len(emulator.applied()) >= 10)
            found = meter.read(run.order.clock.now())
            await executing
    assert found.pace == pytest.approx(40.0), "of two rates the lower one, and once"
    assert found.seconds_left == pytest.approx((120 - found.done) / 40, abs=0.5)
    assert {each.seconds_left for each in found.targets} == {found.seconds_left}


async def test_at_work_it_knows_quota_pace_and_what_is_on_its_way(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    lines = [change(n, target=name) for n in range(40) for name in ("a", "b", "gone")]
    # what holds nothing up, however busy the host is
    reads = {"GetEventTrigger": Quota(rate=1000, burst=1000)}
    file, emulator = write_lines(lines), seeded(40, rate=50.0, burst=5.0, quotas=reads)
    async with emulator as url:
        place = {"endpoint_url": url, "region": "eu-west-1"}
        targets = {
            "a": place | {"rate": 20},
            "b": place | {"region": "eu-north-1"},
            "gone": place | {"endpoint_url": "http://127.0.0.1:9"},
        }
        settings = settings_for(url, targets=targets, target="a")
        async with ready_to_start(file, settings) as run:
            meter, seen = ProgressMeter(run, run.order.clock.now()), list[ProgressSnapshot]()
            executing = asyncio.create_task(run.execute())
            await until(lambda: len(emulator.applied()) >= 30)
            seen.append(meter.read(run.order.clock.now()))
            await executing
            ended = meter.read(run.order.clock.now() + 2)
    (found,) = seen
    assert [each.target for each in found.targets] == ["gone", "a", "b"]
    gone, limited, searched = found.targets
    assert gone.stopped is not None
    assert not gone.is_well
    assert (limited.quota, limited.pace, limited.pace_basis) == (None, 20.0, "limit")
    assert limited.seconds_left == pytest.approx((40 - limited.done) / 20, abs=0.5)
    assert searched.pace is not None
    assert searched.pace_basis in ("search", "quota", "measured")
    assert found.waiting > 0
    assert (found.done, found.total) == (limited.done + searched.done, 120)
    assert (ended.done, ended.seconds_left, ended.in_flight) == (80, 0.0, 0)


async def test_of_many_targets_a_part_is_reckoned_at_a_time_and_counts_are_always_exact(
    settings_for: SettingsFor, write_lines: Callable[..., Path]
) -> None:
    names = [f"t{n}" for n in range(5)]
    file = write_lines([change(1, target=name) for name in names])
    async with seeded() as url:
        settings = settings_for(url, targets={name: {} for name in names}, target="t0")
        async with ready_to_start(file, settings) as run:
            meter = ProgressMeter(run, 0.0, at_once=2)
            assert meter.read(0.0).seconds_left is None
            for name in names:
                run.state.tallies[name].add(msgspec.structs.replace(UNCHANGED, target=name))
            known = []
            for step in range(1, 5):
                found = meter.read(1.0 + step / 100)
                assert (found.done, found.total, found.seconds_left) == (5, 5, 0.0)
                known.append(sum(each.seconds_left is not None for each in found.targets))
    assert known == [2, 4, 5, 5]
