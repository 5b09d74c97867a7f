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

SHOWN = ("GetEventTrigger", "UpdateEventTrigger", "CreateEventTrigger")


@pytest.fixture
def later_model(tmp_path: Path) -> None:
    """What shows a trigger shows how often it fired, for the commands and for the emulator."""
    model = copy.deepcopy(dict(installed_service_model()))
    model["shapes"]["TimesFired"] = {"type": "integer"}
    shown = [(operation, "output") for operation in SHOWN]
    for operation, side in [*shown, ("CreateEventTrigger", "input")]:  # as Tags are: never updated
        shape = model["shapes"][model["operations"][operation][side]["shape"]]
        shape["members"]["TimesFired"] = {"shape": "TimesFired"}
    folder = tmp_path / ".aws" / "models" / "customer-profiles" / "2020-08-15"
    folder.mkdir(parents=True)
    (folder / "service-2.json").write_text(json.dumps(model))


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
