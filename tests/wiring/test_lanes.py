"""Lanes of a connected target: whether they look first, create, list; who is told of attempts."""

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.abc import TaskGroup

from batcher.accounting.denials import Action
from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import Verdict
from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.emulator import Emulator
from batcher.engine.runner import Runner
from batcher.logs import logger
from batcher.operations import GET_TRIGGER
from batcher.records import Update
from batcher.testing import ListSource, MemoryJournal
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector
from tests.conftest import change, trigger
from tests.local_sts import LocalSts, role_profile

Told = list[tuple[str, str]]


class MemoryImages:
    """A BeforeImageStore in memory."""

    def __init__(self) -> None:
        self.images: list[dict[str, Any]] = []

    def kept(self, update: Update) -> bool:
        return False

    def before(self, update: Update) -> None:
        return None

    def lost(self, update: Update) -> dict[str, Any] | None:
        return None

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        self.images.append(image)


@asynccontextmanager
async def lanes(url: str, told: Told, **more: Any) -> AsyncIterator[tuple[Lanes, Any]]:
    """The lanes of a target at that address; ``told`` gets target and operation of each attempt."""
    given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "read_rate": 1000}
    settings, clock = resolve(given | more), SystemClock()
    pacers = Pacers(settings, clock=clock, warn=lambda text: pytest.fail(text))
    made = Lanes(
        settings,
        pacers,
        clock=clock,
        log=logger(),
        on_attempt=lambda made, place: told.append((made.target, made.operation)),
    )
    async with TargetConnector(settings).target("default") as target:
        yield made, target


@pytest.mark.parametrize(
    ("settings", "looks", "operations"),
    [
        ({"whole": "never"}, False, ["UpdateEventTrigger"] * 2),
        ({"before": False}, False, ["UpdateEventTrigger"] * 2),
        ({}, False, ["GetEventTrigger", "UpdateEventTrigger"] * 2),  # to find out what they clear
        ({}, True, ["GetEventTrigger", "UpdateEventTrigger", "GetEventTrigger"]),
        (
            {"verify": "1%", "whole": "never"},
            False,
            ["UpdateEventTrigger", "GetEventTrigger", "UpdateEventTrigger"],
        ),
        (
            {"create_missing": True},
            False,
            ["GetEventTrigger", "UpdateEventTrigger", "GetEventTrigger", "CreateEventTrigger"],
        ),
    ],
)
async def test_a_lane_looks_first_where_images_are_kept_or_settings_need_it(
    stand_in_credentials: None,
    settings: dict[str, Any],
    looks: bool,
    operations: list[str],
) -> None:
    told: Told = []
    emulator, tally, journal = Emulator(latency=(0.0, 0.0)), Tally(), MemoryJournal()
    emulator.seed([trigger(1)])
    whole = {**trigger(2), "Description": "new"}
    updates = [
        Update(id=str(line), line=line, target="default", request=request)
        for line, request in enumerate((change(1), whole), 1)
    ]
    images = MemoryImages() if looks else None
    async with emulator as url, lanes(url, told, **settings) as (made, target):
        runner = Runner(journal=journal, log=logger())
        lane = made.lane(target, ListSource(updates), tally, images=images)

        async def start(tasks: TaskGroup) -> None:
            runner.start(lane, tasks)

        await runner.run(start)
    # what nothing is sent of has no pacer
    assert len(lane.pacers) == len({"UpdateEventTrigger", *operations})
    assert (lane.reading is not None) == ("GetEventTrigger" in operations)
    assert Counter(operation for _, operation in told) == Counter(operations)
    assert {name for name, _ in told} == {"default"}
    created = "CreateEventTrigger" in operations
    assert [each.status for each in sorted(journal.results, key=lambda each: each.line)] == [
        "succeeded",
        "succeeded" if created else "failed",
    ]


async def test_a_reader_brings_a_read_to_its_answer_and_counts_its_attempts(
    stand_in_credentials: None,
) -> None:
    told: Told = []
    emulator, tally = Emulator(latency=(0.0, 0.0)), Tally()
    emulator.seed([trigger(1)])
    emulator.script("GetEventTrigger", ["internal"])
    async with emulator as url, lanes(url, told) as (made, target):
        reading = made.reading(target, GET_TRIGGER, tally)
        found = await reading.run_attempts("t1", {"DomainName": "acme", "EventTriggerName": "t1"})
    assert found is not None
    assert found.last is not None
    assert found.last.answer is not None
    assert found.last.answer["Description"] == "before-1"
    assert len(told) == 2
    tally.count_attempt(Verdict.DENIED, Action(GET_TRIGGER, "acme"))
    assert tally.denials.refused() is None, "that it was allowed has been counted"


async def test_all_operations_of_a_target_have_one_renewal_of_their_credentials(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    emulator = Emulator(latency=(0.1, 0.1), keys={"ASIA2": "s"})  # the first set is of no use
    emulator.seed([trigger(1), trigger(2)])
    update = Update(id="1", line=1, target="default", request=change(1))
    names = {"DomainName": "acme", "EventTriggerName": "t2"}
    journal = MemoryJournal()
    async with LocalSts() as sts, emulator as url:
        sts.life = timedelta(hours=1)
        role_profile(tmp_path, monkeypatch, sts)
        async with lanes(url, [], profile="prod", burst=2, whole="never") as (made, target):
            runner = Runner(journal=journal, log=logger())

            async def start(tasks: TaskGroup) -> None:
                runner.start(made.lane(target, ListSource([update]), Tally()), tasks)
                reading = made.reading(target, GET_TRIGGER, Tally())
                tasks.start_soon(reading.run_attempts, "t2", names)

            await runner.run(start)
    assert [each.status for each in journal.results] == ["succeeded"]
    assert Counter(call.outcome == "ok" for call in emulator.calls()) == {False: 2, True: 2}
    assert [form["Action"] for form in sts.asked].count("AssumeRole") == 2
