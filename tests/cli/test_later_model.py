"""With a later service model: a new member that only AWS sets changes nothing of what is done."""

import asyncio
import copy
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import pytest

from batcher.aws.service_model import installed_service_model
from tests.conftest import Command, change, trigger


@pytest.fixture
def later_model(tmp_path: Path) -> Path:
    """Where the later model is, for the commands and for their emulator.

    What shows a trigger shows how often it fired; an update may give it a colour, and periods of
    fortnights.
    """
    model = copy.deepcopy(dict(installed_service_model()))
    shapes = model["shapes"]
    shapes["TimesFired"], shapes["Colour"] = {"type": "integer"}, {"type": "string"}
    shapes["PeriodUnit"]["enum"].append("FORTNIGHTS")

    def add(member: str, operation: str, *sides: str) -> None:
        for side in sides:
            shape = shapes[model["operations"][operation][side]["shape"]]
            shape["members"][member] = {"shape": member}

    add("Colour", "UpdateEventTrigger", "input", "output")
    add("Colour", "CreateEventTrigger", "input", "output")
    add("Colour", "GetEventTrigger", "output")
    add("TimesFired", "UpdateEventTrigger", "output")
    add("TimesFired", "CreateEventTrigger", "input", "output")  # as Tags are: never updated
    add("TimesFired", "GetEventTrigger", "output")
    folder = tmp_path / ".aws" / "models" / "customer-profiles" / "2020-08-15"
    folder.mkdir(parents=True)
    path = folder / "service-2.json"
    path.write_text(json.dumps(model))
    return path


@asynccontextmanager
async def emulated(batcher: Command, seed: Path) -> AsyncIterator[str]:
    """The address of an emulator of its own process, which reads the same model."""
    process = await batcher.start("emulator", "--latency", "0-1", "--seed", str(seed))
    assert process.stdout is not None
    try:
        yield (await process.stdout.readline()).decode().strip()
    finally:
        process.terminate()
        await process.communicate()


def lines_of(triggers: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(each).encode() + b"\n" for each in triggers)


@pytest.mark.usefixtures("later_model")
@pytest.mark.parametrize("flags", [(), ("--merge",)])
async def test_plan_run_verify_and_rollback_do_without_what_no_update_can_say(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path, flags: tuple[str, ...]
) -> None:
    (seed := tmp_path / "seed.jsonl").write_bytes(
        lines_of([trigger(n) | {"TimesFired": 1} for n in range(3)])
    )
    write_lines([change(n) for n in range(3)])
    async with emulated(batcher, seed) as url:
        place = ("--endpoint-url", url)
        planned = await batcher("plan", "updates.jsonl", *place, "--out", "plan.jsonl")
        assert planned.code == 0, planned.err
        assert "TimesFired" not in (tmp_path / "plan.jsonl").read_text() + planned.out
        more = (*place, "--rate", "200", "--yes")
        run = await batcher("run", "plan.jsonl", *more, *flags)
        assert run.code == 0, run.err
        assert "TimesFired" not in (tmp_path / "plan.run" / "before.jsonl").read_text()
        fired = lines_of([trigger(n) | change(n) | {"TimesFired": 2} for n in range(3)])
        await asyncio.to_thread(urlopen, f"{url}/_emulator/seed", fired)
        verified = await batcher("verify", "plan.run", *place)
        assert verified.code == 0, verified.err
        undone = await batcher("rollback", "plan.run", *more)
        assert undone.code == 0, undone.err
    assert "3 succeeded" in undone.err


async def test_an_image_that_the_installed_model_does_not_know_blocks_only_itself(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path, later_model: Path
) -> None:
    fortnights = {"Periods": [{"Unit": "FORTNIGHTS", "Value": 1}]}
    later: list[dict[str, Any]] = [{}, {"Colour": "red"}, {"EventTriggerLimits": fortnights}, {}]
    seed = tmp_path / "seed.jsonl"
    seed.write_bytes(lines_of([trigger(n) | more for n, more in enumerate(later)]))
    write_lines([change(n) for n in range(4)])
    async with emulated(batcher, seed) as url:
        flags = ("--endpoint-url", url, "--rate", "200", "--yes")
        assert (await batcher("run", "updates.jsonl", *flags)).code == 0
        later_model.unlink()
        ended = await batcher("rollback", "updates.run", *flags)
        exported = await batcher("export", "--domain", "acme", "--endpoint-url", url)
    assert ended.code == 1, ended.err
    assert "2 succeeded, 2 invalid" in ended.err
    assert "FORTNIGHTS" not in ended.err
    found = [json.loads(line)["Description"] for line in exported.out.splitlines()]
    assert found == ["before-0", "after-1", "after-2", "before-3"]
