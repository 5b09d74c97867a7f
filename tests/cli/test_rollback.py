"""Rollback and retry of runs that did not end well: stopped early, gone on since, still going on, damaged."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger

Write = Callable[..., Path]


async def killed_run(batcher: Command, emulator: Emulator, flags: tuple[str, ...], applied: int, images: int) -> None:
    """A run of updates.jsonl that gets a kill -9 when so many updates are applied and so many images kept."""
    before = batcher.folder / "updates.run" / "before.jsonl"
    process = await batcher.start("run", "updates.jsonl", *flags)
    while len(emulator.applied()) < applied or before.read_bytes().count(b"\n") < images:
        await asyncio.sleep(0.01)
    process.kill()
    await process.communicate()


def descriptions(emulator: Emulator, count: int) -> list[str]:
    return [emulator.trigger("acme", f"t{n}")["Description"] for n in range(count)]


async def test_a_killed_run_is_undone_whatever_its_ids_what_was_in_flight_too(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(60)])
    ids = [(f"shop-{n}", str(100_000 + n), str(60 - n), f"00{n}")[n % 4] for n in range(60)]
    write_lines([{"id": name, **change(n)} for n, name in enumerate(ids)])
    emulator.script("UpdateEventTrigger", ["hang-after"] * 4)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "30", "--yes", "--json")
        await killed_run(batcher, emulator, flags, applied=12, images=30)
        changed = len(emulator.applied())
        images = len(records(tmp_path / "updates.run" / "before.jsonl"))
        assert len(records(tmp_path / "updates.run" / "results.jsonl")) < changed < images
        ended = await batcher("rollback", "updates.run", *flags)
    assert ended.code == 0, ended.err
    summary = json.loads(ended.out)
    assert (summary["succeeded"], summary["unchanged"]) == (changed, images - changed)
    assert descriptions(emulator, 60) == [f"before-{n}" for n in range(60)]
