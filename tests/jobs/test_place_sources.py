"""Targets of one account and Region: each trigger's updates in input order among all of them."""

from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random
from typing import Any

import pytest

from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.jobs.place_sources import PlaceSources
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.wave_gate import Nobody
from batcher.jobs.waves import ChangedUpdates
from batcher.records import Summary
from tests.conftest import change, trigger
from tests.jobs.conftest import SettingsFor, seeded

Write = Callable[..., Path]
ONE_PLACE = {"a": {}, "b": {}, "elsewhere": {"region": "us-east-1"}}


def lines(count: int = 50, **more: Any) -> list[dict[str, Any]]:
    random = Random(7)
    return [
        change(random.randrange(5), target=random.choice(list(ONE_PLACE)), **more)
        | {"Description": str(number)}
        for number in range(count)
    ]


class Agrees(Nobody):
    async def agrees(self, question: str, summary: Summary, changed: ChangedUpdates) -> bool:
        return True


@asynccontextmanager
async def approved(file: Path, settings: Settings) -> AsyncIterator[ApprovedRun]:
    with open_run(str(file), file.with_suffix(".run"), settings) as opened:
        checked = await opened.check()
        assert isinstance(checked, CheckedRun)
        async with checked.connect() as ready:
            run = await ready.approve()
            assert isinstance(run, ApprovedRun)
            yield run


async def executed(file: Path, settings: Settings) -> Summary:
    async with approved(file, settings) as run:
        return await run.execute(attendant=Agrees())


def sent(emulator: Emulator) -> dict[tuple[str, str], list[str]]:
    """What was written, by Region and trigger, in the order in which it was."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in emulator.applied():
        found[each["region"], each["EventTriggerName"]].append(each["request"]["Description"])
    return found


def given(updates: list[dict[str, Any]]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for each in updates:
        region = "us-east-1" if each["target"] == "elsewhere" else "eu-west-1"
        found[region, each["EventTriggerName"]].append(each["Description"])
    return found


@pytest.mark.parametrize(
    "more",
    [{"before": False}, {"waves": "1,5,20%,rest"}],
    ids=str,
)
async def test_updates_of_a_trigger_go_in_input_order_whichever_of_the_targets_they_name(
    settings_for: SettingsFor, write_lines: Write, more: dict[str, Any]
) -> None:
    updates, emulator = lines(), seeded(faults={"internal": 0.05})  # nothing overtakes a retry
    async with emulator as url:
        settings = settings_for(url, targets=ONE_PLACE, max_attempts=50, **more)
        summary = await executed(write_lines(updates), settings)
    assert summary.stopped is None
    assert sent(emulator) == given(updates)


async def test_an_earlier_update_is_as_urgent_as_a_later_one_of_another_target(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    updates = [
        change(1, target="a"),
        change(0, target="b"),
        change(2, target="elsewhere", priority=9),
        change(0, target="a", priority=9),
        change(3, target="b", priority=1),
    ]
    async with seeded() as url:
        settings = settings_for(url, targets=ONE_PLACE)
        async with approved(write_lines(updates), settings) as run:
            source = PlaceSources(run.state, run.connection.targets).source("a")
            assert [each.line for each in source.updates()] == [2, 4, 5, 1]


async def test_what_was_left_of_a_target_that_was_given_up_is_overtaken_by_nothing(
    settings_for: SettingsFor, write_lines: Write
) -> None:
    """Of other triggers the other target's updates go on; a resume does the rest in order."""
    updates = [
        *(change(number, target="b") for number in range(100, 130)),  # there are none
        change(0, target="b", Description="first"),
        change(0, target="a", Description="second"),
        change(1, target="a", Description="another"),
    ]
    emulator, file = seeded(), write_lines(updates)
    async with emulator as url:
        settings = settings_for(
            url, targets=ONE_PLACE, before=False, concurrency=1, max_failures="2", rate=100
        )
        summary = await executed(file, settings)
        assert summary.not_started
        assert isinstance(summary.targets, dict)
        assert str(summary.targets["a"].stopped).startswith("what is left of it waits for target b")
        assert sent(emulator)["eu-west-1", "t1"] == ["another"]
        assert "second" not in sent(emulator)["eu-west-1", "t0"]
        emulator.seed([trigger(number) for number in range(100, 130)])
        again = await executed(file, settings)
        assert isinstance(again.targets, dict)
        assert {each.stopped for each in again.targets.values()} == {None}
    assert sent(emulator)["eu-west-1", "t0"] == ["first", "second"]


@pytest.mark.parametrize("more", [{}, {"waves": "1,2,rest"}], ids=str)
async def test_what_is_of_a_target_that_can_not_be_opened_is_overtaken_by_nothing(
    settings_for: SettingsFor,
    write_lines: Write,
    monkeypatch: pytest.MonkeyPatch,
    more: dict[str, Any],
) -> None:
    """Of other triggers the other target's updates go on; a later session does the rest."""
    account = "1" * 12
    role = f"arn:aws:iam::{account}:role/x"
    updates = [
        change(0, target="b", Description="first"),
        change(0, target="a", Description="second"),
        change(1, target="a", Description="another"),
        change(0, target="elsewhere", Description="elsewhere"),
    ]
    emulator, file = seeded(account=account, external_ids={role: "x"}), write_lines(updates)
    targets = {name: {**table, "account": account} for name, table in ONE_PLACE.items()}
    async with emulator as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        gone = targets | {"b": {"role_arn": role}}
        summary = await executed(file, settings_for(url, targets=gone, **more))
        assert summary.not_started == (3 if more else 2)  # the first wave is the last one
        assert isinstance(summary.targets, dict)
        why = {name: str(each.stopped) for name, each in summary.targets.items()}
        assert "not authorized to perform: sts:AssumeRole" in why["b"]
        assert "what is left of it waits for target b, the same account and Region" in why["a"]
        assert "run the same command again" in why["a"]
        assert why["elsewhere"] == "None"
        found = sent(emulator)
        assert found["eu-west-1", "t0"] == []
        assert found["us-east-1", "t0"] == ["elsewhere"]
        assert more or found["eu-west-1", "t1"] == ["another"]
        await executed(file, settings_for(url, targets=targets, **more))
    assert sent(emulator)["eu-west-1", "t0"] == ["first", "second"]
