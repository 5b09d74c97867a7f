"""Targets of a batch that are one account and Region have one order a trigger, and one quota."""

from collections import defaultdict
from random import Random
from typing import Any

import pytest

from batcher import update_many
from batcher.emulator import Emulator
from tests.conftest import change, trigger

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

TRIGGERS, COUNT = 4, 60


def updates(names: str) -> list[dict[str, Any]]:
    random = Random(5)
    return [
        change(random.randrange(TRIGGERS), Description=str(number), target=random.choice(names))
        for number in range(COUNT)
    ]


def by_trigger(found: list[dict[str, Any]]) -> dict[str, list[str]]:
    numbers: dict[str, list[str]] = defaultdict(list)
    for each in found:
        numbers[each["EventTriggerName"]].append(each["Description"])
    return numbers


def server() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.02))
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    return emulator


def applied(emulator: Emulator) -> dict[str, list[str]]:
    members = [
        each["request"] | {"EventTriggerName": each["EventTriggerName"]}
        for each in emulator.applied()
    ]
    return by_trigger(members)


def at(url: str, **more: Any) -> dict[str, Any]:
    return {"endpoint_url": url, "region": "eu-west-1", "rate": 1000, "concurrency": 8, **more}


async def test_updates_of_a_trigger_go_in_input_order_whichever_of_the_targets_they_name() -> None:
    given, emulator = updates("ab"), server()
    async with emulator as url:
        batch = await update_many(given, targets={"a": at(url), "b": at(url)})
    assert batch.stopped is None
    assert batch.counts.succeeded == COUNT
    assert applied(emulator) == by_trigger(given)


async def test_what_is_left_of_a_target_that_can_not_be_opened_holds_no_other_up() -> None:
    given, emulator = updates("ab"), server()
    async with emulator as url:
        targets = {"a": at(url, profile="missing"), "b": at(url)}
        batch = await update_many(given, targets=targets)
    assert "target a: " in str(batch.stopped)
    of_b = [each for each in given if each["target"] == "b"]
    assert applied(emulator) == by_trigger(of_b)
    assert batch.counts.not_started == COUNT - len(of_b)


async def test_what_is_left_of_a_target_that_is_given_up_holds_no_other_up() -> None:
    given, emulator = updates("ab"), server()
    refused = [change(99, target="a")]  # which is not there
    async with emulator as url:
        targets = {"a": at(url, concurrency=1), "b": at(url)}
        batch = await update_many([*refused, *given], targets=targets, max_failures=0)
    of_b = [each for each in given if each["target"] == "b"]
    found = applied(emulator)
    for name, numbers in by_trigger(of_b).items():
        assert [each for each in found[name] if each in numbers] == numbers
        assert found[name] == sorted(found[name], key=int)
    assert batch.counts.not_started > 0
    assert batch.counts.failed == 1
