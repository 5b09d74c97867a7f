"""Two targets of a worker that are one account and Region have one order of updates a trigger."""

import asyncio
from collections import defaultdict
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from msgspec.structs import replace

from batcher.emulator import Emulator
from batcher.emulator.credentials import account_of
from tests.conftest import change, trigger
from tests.engine.settlers import update
from tests.queues.conftest import Place
from tests.waiting import until
from tests.worker.test_message_consumer import serving

TRIGGERS, COUNT = 3, 30
NAMES = "ab"


def lines() -> list[dict[str, Any]]:
    random = Random(11)
    return [
        change(random.randrange(TRIGGERS), Description=str(number), target=random.choice(NAMES))
        for number in range(COUNT)
    ]


def wanted() -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in lines():
        found[each["EventTriggerName"]].append(each["Description"])
    return found


def sent(emulator: Emulator) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for each in emulator.applied():
        found[each["EventTriggerName"]].append(each["request"]["Description"])
    return found


@pytest.fixture
def emulator(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Emulator:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    emulator = Emulator(latency=(0.0, 0.03))
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    return emulator


def settings_for(url: str) -> dict[str, Any]:
    place = {"endpoint_url": url, "region": "eu-west-1", "rate": 1000, "read_rate": 1000}
    return {"targets": dict.fromkeys(NAMES, place), "target": "a", "before": False}


@pytest.mark.parametrize("place", ["sqs", "sqs-fifo", "redis"], indirect=True)
async def test_updates_of_a_trigger_go_in_the_order_in_which_they_came_whatever_name_they_use(
    place: Place, emulator: Emulator, tmp_path: Path
) -> None:
    async with place.open() as opened:
        await opened.producer.send([_update(number, each) for number, each in _numbered()], "b")
        async with (
            emulator as url,
            serving(opened, tmp_path / "results", **settings_for(url)) as served,
        ):
            await until(lambda: len(served.results) == COUNT)
    found = {name: [int(each) for each in numbers] for name, numbers in sent(emulator).items()}
    came = {name: [int(each) for each in numbers] for name, numbers in wanted().items()}
    if "sqs:" in place.url and ".fifo" not in place.url:  # which may hand them out in any order
        found = {name: sorted(numbers) for name, numbers in found.items()}
    assert found == came
    assert {each.target for each in served.results} == set(NAMES)
    assert {each.status for each in served.results} == {"succeeded"}


@pytest.mark.parametrize("place", ["sqs-fifo"], indirect=True)
async def test_after_a_kill_the_last_update_of_each_trigger_is_the_one_that_stands(
    place: Place, emulator: Emulator, tmp_path: Path
) -> None:
    async with place.open() as opened, emulator as url:
        await opened.producer.send([_update(number, each) for number, each in _numbered()], "b")
        settings, results = settings_for(url), tmp_path / "results"
        with suppress(asyncio.CancelledError):
            async with serving(opened, results, **settings) as served:
                await until(lambda: len(served.results) >= 5)
                served.ended.cancel()  # which gives nothing back, as a kill
        async with serving(opened, results, **settings) as served:
            await until(lambda: len(served.results) >= COUNT - 10)
            await until(lambda: _is_last(emulator))
    assert _is_last(emulator)


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_what_a_worker_gives_back_at_its_end_is_done_in_the_old_order_by_the_next(
    place: Place, emulator: Emulator, tmp_path: Path
) -> None:
    async with emulator as url:
        settings, results = settings_for(url), tmp_path / "results"
        async with place.open() as opened:
            await opened.producer.send([_update(number, each) for number, each in _numbered()], "b")
            async with serving(opened, results, **settings) as served:
                await until(lambda: len(served.results) >= 5)
        async with place.open() as opened, serving(opened, results, **settings) as served:
            await until(lambda: len(served.on_disk()) == COUNT)
    assert sent(emulator) == wanted()


@pytest.mark.parametrize("place", ["redis"], indirect=True)
async def test_what_is_given_back_while_names_can_not_be_used_is_overtaken_by_nothing(
    place: Place, emulator: Emulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, file = "AKIAIOSFODNN7EXAMPLE", tmp_path / "credentials"
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(file))

    def let_in(names: str) -> None:
        keys = f"aws_access_key_id={key}\naws_secret_access_key={'x' * 40}\n"
        file.write_text("".join(f"[{name}]\n{keys}" for name in names))

    random, came = Random(3), defaultdict[str, list[str]](list)
    let_in("ab")
    async with place.open() as opened, emulator as url:
        settings = settings_for(url) | {"targets": {}}
        for name in "abcde":
            pinned = {"profile": name, "account": account_of(key)}
            settings["targets"][name] = settings_for(url)["targets"]["a"] | pinned
        async with serving(opened, tmp_path / "results", **settings) as served:
            for number in range(1, COUNT + 1):
                line = change(
                    random.randrange(TRIGGERS),
                    Description=str(number),
                    target=random.choice("abcde"),
                )
                came[line["EventTriggerName"]].append(line["Description"])
                await opened.producer.send([_update(number, line)], f"b{number}")
            await until(lambda: "target e" in str(served.health.not_ready))
            let_in("abcde")
            await until(lambda: len(served.results) == COUNT)
    assert sent(emulator) == came


def _is_last(emulator: Emulator) -> bool:
    live = {name: (emulator.trigger("acme", name) or {})["Description"] for name in wanted()}
    return live == {name: numbers[-1] for name, numbers in wanted().items()}


def _numbered() -> list[tuple[int, dict[str, Any]]]:
    return list(enumerate(lines(), 1))


def _update(number: int, line: dict[str, Any]) -> Any:
    members = {name: value for name, value in line.items() if name != "target"}
    found = update(number, target=line["target"])
    return replace(found, request=members)
