"""Kill ``batcher run`` at random instants, resume it, and hold its books against the emulator.

``make torture`` runs it in full; a part of it is in the tests. Instants are picked by what the
server has seen, so that kills strike at every stage: while starting, sending, waiting for the disk,
ending.
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from random import Random

from msgspec import Struct

from batcher.emulator import Emulator, Quota
from tests.conftest import ClockAhead, Command, change, records, trigger
from tests.waiting import until

TRIGGERS, ROUNDS, SLOTS = 40, 5, 16
# how the updates are run; a plan's are based on what was there
MODES = ("--before", "--no-before", "plan")
FAULTS = {
    "internal": 0.03,
    "reset-before": 0.02,
    "reset-after": 0.02,
    "throttle": 0.02,
    "slow": 0.02,
}


class Verdict(Struct, frozen=True, kw_only=True):
    """What one file went through, and whether the books were right."""

    kills: int
    updates: int
    applied: int
    sent: int
    most_sent: int


def rounds() -> list[dict[str, object]]:
    """Updates of which each trigger gets one a round."""
    return [
        change(n, SegmentFilter=f"round-{turn}") for turn in range(ROUNDS) for n in range(TRIGGERS)
    ]


async def one_file(folder: Path, kills: int, random: Random, mode: str) -> Verdict:
    """One file of updates, killed so many times and then brought to its end.

    AssertionError when the books are wrong.
    """
    updates = rounds()
    (folder / "updates.jsonl").write_text("".join(json.dumps(update) + "\n" for update in updates))
    clock = ClockAhead()
    quotas = {"UpdateEventTrigger": Quota(rate=300, burst=50)}
    emulator = Emulator(
        faults=FAULTS,
        latency=(0.0, 0.03),
        quotas=quotas,
        slow_seconds=0.3,
        random_seed=random.randrange(10**6),
        wall_clock=clock,
    )
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    batcher, killed = Command(folder), 0
    async with emulator as url:
        command = ("run", "updates.jsonl", mode)
        if mode == "plan":
            planned = await batcher(
                "plan", "updates.jsonl", "--out", "plan.jsonl", "--endpoint-url", url
            )
            assert planned.code == 0, planned.err
            command = ("run", "plan.jsonl", "--out", "updates.run")
            clock.seconds = 60.0
        flags = (
            "--endpoint-url",
            url,
            "--rate",
            "250",
            "--concurrency",
            str(SLOTS),
            "--yes",
            "--no-progress",
            "--json",
        )
        while killed < kills:
            process = await batcher.start(*command, *flags)
            draining = asyncio.ensure_future(process.communicate())
            await _instant(emulator, process, random, len(updates) // (kills + 1))
            if process.returncode is None:
                process.kill()
                killed += 1
            await draining
            if process.returncode == 0:
                break  # it came to its end before the kill
        ended = await batcher(*command, *flags)
        assert ended.code in (0, 1), ended.err
        hold_books(folder, emulator, updates, json.loads(ended.out))
    calls = [call for call in emulator.calls() if call[2] == "UpdateEventTrigger"]
    sent_for = Counter(outcome for *_, outcome in calls)
    retries = len(calls) - sent_for["ok"]
    applied = [entry for entry in emulator.applied() if entry["operation"] == "UpdateEventTrigger"]
    most = len(updates) + retries + killed * SLOTS
    assert len(calls) <= most, (len(calls), most, sent_for)
    return Verdict(
        kills=killed, updates=len(updates), applied=len(applied), sent=len(calls), most_sent=most
    )


async def _instant(
    emulator: Emulator, process: asyncio.subprocess.Process, random: Random, stride: int
) -> None:
    """Wait for so many more calls seen by the server and a breath, or while it still starts."""
    if random.random() < 0.15:
        await asyncio.sleep(random.uniform(0.0, 1.0))
        return
    goal = len(emulator.calls()) + random.randint(1, max(2, 2 * stride))
    await until(lambda: len(emulator.calls()) >= goal or process.returncode is not None)
    await asyncio.sleep(random.uniform(0.0, 0.02))


def hold_books(
    folder: Path, emulator: Emulator, updates: list[dict[str, object]], summary: dict[str, object]
) -> None:
    """Hold results, input and summary of a finished run against what the emulator applied.

    AssertionError.
    """
    results = records(folder / "updates.run" / "results.jsonl")
    assert sorted(result["line"] for result in results) == list(range(1, len(updates) + 1)), (
        "one record each"
    )
    statuses = Counter(result["status"] for result in results)
    assert not statuses["stale"], "nobody else was there"
    assert {name: summary[name] for name in statuses} == statuses
    applied = [
        (entry["EventTriggerName"], entry["request"]["SegmentFilter"])
        for entry in emulator.applied()
        if entry["operation"] == "UpdateEventTrigger"
    ]
    by_line = {result["line"]: result["status"] for result in results}
    for line, update in enumerate(updates, 1):
        if by_line[line] == "succeeded":
            assert (update["EventTriggerName"], update["SegmentFilter"]) in applied, line
    for number in range(TRIGGERS):
        order = [segment for name, segment in applied if name == f"t{number}"]
        assert order == sorted(order), f"the order of t{number}"
        last = len(updates) - TRIGGERS + number + 1
        if by_line[last] == "succeeded":
            state = emulator.trigger("acme", f"t{number}")
            assert state is not None
            assert state["SegmentFilter"] == f"round-{ROUNDS - 1}", f"the state of t{number}"


async def main(kills: int, a_file: int, seed: int) -> None:
    random, began, done = Random(seed), time.monotonic(), []
    print(f"seed {seed}", file=sys.stderr)
    while sum(verdict.kills for verdict in done) < kills:
        with tempfile.TemporaryDirectory() as folder:
            mode = MODES[len(done) % len(MODES)]
            done.append(await one_file(Path(folder), a_file, random, mode))
        print(mode, done[-1], file=sys.stderr)
    print(
        f"{sum(v.kills for v in done)} kills over {len(done)} files of {done[0].updates} updates in"
        f" {time.monotonic() - began:.0f} s: books right each time; {sum(v.applied for v in done)}"
        f" applied for {sum(v.updates for v in done)} updates, {sum(v.sent for v in done)} sent"
        f" (bound {sum(v.most_sent for v in done)})"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--a-file", type=int, default=10, help="kills for each file")
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(3), "big"))
    asyncio.run(main(**vars(parser.parse_args())))
