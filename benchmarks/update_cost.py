"""CPU microseconds an update, and updates a second, of the engine alone.

Its caller answers at once, from memory.

    python -m benchmarks.update_cost [--wire] [--against TREE] [--profile] [KIND ...]

With ``--wire`` of all that is done in this process: requests go to ``answering_server``, which is
another. Kinds: ``many`` (update_many), ``unseen`` (a run that does not look first), ``seen`` (one
that does), the two with journal, logs and check of the file as ``batcher run`` has them; over the
wire ``aiobotocore`` and ``boto3`` (threads), too, as they come. Each round is a process of its own,
in which all is made anew, and kinds and trees take turns. Updates a second are by the clock, and
say little on a busy machine. ``--profile``: whose time it is, by part.
"""

import argparse
import asyncio
import cProfile
import gc
import itertools
import json
import os
import pstats
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any

from batcher import update_many
from batcher.aws.client import AwsTarget
from batcher.config import Settings, resolve
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.logs import LogOutput
from batcher.records import Attempt
from batcher.wiring import targets
from benchmarks.common import trigger, update
from benchmarks.other_clients import send_by_aiobotocore, send_by_boto3

ROUNDS, UPDATES = 9, 5000
TRIGGERS = 500
THEIR_CONCURRENCY = 16  # of clients without a tool: at more they take longer for each update
SETTINGS = {"region": "eu-west-1", "rate": 1e6, "burst": 1e5, "read_rate": 1e6, "concurrency": 64}

# the first that fits the place of a function says which part it is of
PARTS = (
    ("the double that answers", ("update_cost.py", "benchmarks/")),
    ("result check", ("update_model.py:writable", "update_model.py:_known", "writable_part")),
    ("reader", ("/batcher/updates/", "/batcher/sources/", "/batcher/compact")),
    ("retrying", ("/tenacity/", "/engine/retry", "verdicts.py", "credential_refresh")),
    ("pacing and limiter", ("/engine/pac", "/limiters/", "/quota/", "/engine/breaker")),
    ("pacing and limiter", ("time_breakdown.py", "/aiolimiter/")),
    ("logs", ("/structlog/", "/logging/", "/batcher/logs", "attempt_log")),
    ("result check", ("answer_check", "write_result", "/triggers/mismatch", "/triggers/omission")),
    ("result check", ("/triggers/diff",)),
    ("reconciler", ("/engine/reconciler", "look_ahead", "omitted_members", "/triggers/")),
    ("before images", ("before_images",)),
    ("journal", ("/batcher/storage/", "said_results", "told_results")),
    ("keyed queue and workers", ("keyed_queue", "/engine/runner", "/engine/lane")),
    ("counting and results", ("/accounting/", "records.py", "/library/", "/batcher/jobs/")),
    ("counting and results", ("/batcher/telemetry", "/wiring/")),
    ("event loop", ("/asyncio/", "/anyio/", "selectors.py", "/contextlib", "/batcher/task_groups")),
)


class MemoryTarget(AwsTarget):
    """A target whose triggers are in this process, and whose answers take one turn of the loop."""

    region = endpoint_url = partition = "memory"

    async def __aenter__(self) -> AwsTarget:
        self._live = {(each["DomainName"], each["EventTriggerName"]): each for each in seeds()}
        self._numbers = itertools.count()
        return self

    async def check(self) -> None:
        return None

    async def account(self) -> str | None:
        return None

    def page_size(self, operation: str) -> int:
        return 100

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        await asyncio.sleep(0)
        key = members["DomainName"], members["EventTriggerName"]
        if operation == "UpdateEventTrigger":
            self._live[key] = {**self._live[key], **members}
        shown = {name: value for name, value in self._live[key].items() if name != "DomainName"}
        return Attempt(
            reached="answered",
            seconds=0.0001,
            answer={**shown, "CreatedAt": 1.0, "LastUpdatedAt": 2.0},
            http_status=200,
            request_id=f"8e0a6c1e-0000-4000-8000-{next(self._numbers):012}",
        )


def seeds() -> list[dict[str, Any]]:
    return [trigger(number) for number in range(TRIGGERS)]


async def many() -> None:
    batch = await update_many(each_update(), **SETTINGS)
    batch.raise_for_failures()


async def run(*, before: bool) -> None:
    """What ``batcher run`` does of a file, from opening it to the end of its books."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "u.jsonl").write_text("\n".join(map(json.dumps, each_update())))
        settings = resolve(SETTINGS | {"before": before, "remember": False, "lint": False})
        with began(), open_run(str(folder / "u.jsonl"), folder / "u.run", settings) as opened:
            await executed(opened.check_here(None, None), settings)


async def executed(checked: object, settings: Settings) -> None:
    assert isinstance(checked, CheckedRun)
    async with checked.connect() as ready:
        run = await ready.approve()
        assert isinstance(run, ApprovedRun)
        with LogOutput(settings.log_level, file=run.order.directory.open_log()):
            summary = await run.execute()
    assert summary.succeeded == UPDATES, summary


async def bare() -> None:
    await send_by_aiobotocore(each_update(), THEIR_CONCURRENCY, **their_place())


async def threads() -> None:
    send_by_boto3(each_update(), THEIR_CONCURRENCY, **their_place())


def each_update() -> Iterator[dict[str, Any]]:
    return (update(number, TRIGGERS) for number in range(UPDATES))


def their_place() -> dict[str, Any]:
    return {"endpoint_url": SETTINGS["endpoint_url"], "region_name": SETTINGS["region"]}


KINDS = {"many": many, "unseen": lambda: run(before=False), "seen": lambda: run(before=True)}
COMMANDS = ("unseen", "seen")
OTHERS = {"aiobotocore": bare, "boto3": threads}


def keep_imported() -> None:
    """Have the garbage collector of a command, whose process is its own."""
    with suppress(ImportError):  # an old tree has none, and its commands do as Python does
        from batcher.cli import garbage_collection  # noqa: PLC0415 # as above

        garbage_collection.begin()
        gc.freeze()


def began() -> Any:
    """Where what is measured begins: what is before is set up."""
    global _before
    _before = time.process_time(), time.perf_counter()
    return nullcontext()


_before = 0.0, 0.0


def measured(work: Coroutine[Any, Any, None]) -> tuple[float, float]:
    """CPU microseconds an update, and updates a second."""
    began()
    asyncio.run(work)
    cpu, clock = _before
    seconds = time.perf_counter() - clock
    return (time.process_time() - cpu) / UPDATES * 1e6, UPDATES / seconds


def profiled(work: Coroutine[Any, Any, None]) -> Counter[str]:
    """The share of each part in the time, in percent; that of C functions is their callers'."""
    profile = cProfile.Profile()
    profile.runcall(asyncio.run, work)
    stats: Any = pstats.Stats(profile)
    spent: Counter[str] = Counter()
    if top := os.environ.get("TOP"):
        stats.sort_stats("tottime").print_stats(int(top))
    for function, (_, _, own, _, callers) in stats.stats.items():
        if function[0] == "~" and callers:
            for caller, (_, _, part, _) in callers.items():
                spent[part_of(caller)] += part
        else:
            spent[part_of(function)] += own
    whole = sum(spent.values())
    return Counter({part: 100 * seconds / whole for part, seconds in spent.items()})


def part_of(function: tuple[str, int, str]) -> str:
    place = f"{function[0]}:{function[2]}"
    return next((part for part, words in PARTS if any(word in place for word in words)), "other")


async def compared(kinds: list[str], trees: list[Path], rounds: int, *, wire: bool) -> None:
    """Print the medians of each kind, and the ratio of CPU to the second tree, if there is one."""
    from benchmarks.answering_server import answering_server  # noqa: PLC0415 # an old tree has none

    async with answering_server(TRIGGERS) if wire else nullcontext("") as url:
        os.environ["ANSWERED_BY"] = url
        found = [
            {(kind, tree): json.loads(child(kind, tree)) for kind in kinds for tree in trees}
            for _ in range(rounds)
        ]
    for kind in kinds:
        ours, paces = zip(*(each[kind, trees[0]] for each in found), strict=True)
        line = f"{kind:8} {statistics.median(ours):6.0f} µs an update"
        line += f", {statistics.median(paces):,.0f} updates a second"
        for tree in trees[1:]:
            theirs, paces = zip(*(each[kind, tree] for each in found), strict=True)
            ratio = statistics.median(a / b for a, b in zip(ours, theirs, strict=True))
            line += f"; {tree.name} {statistics.median(theirs):.0f} µs, ratio {ratio:.3f}"
            line += f", {statistics.median(paces):,.0f} a second"
        if kind in OTHERS and "many" in kinds:
            many, _ = zip(*(each["many", trees[0]] for each in found), strict=True)
            ratio = statistics.median(a / b for a, b in zip(many, ours, strict=True))
            line += f"; many takes {ratio:.3f} of it"
        print(line, flush=True)


def child(kind: str, tree: Path, *flags: str) -> str:
    command = [sys.executable, __file__, "--child", kind, *flags]
    environ = {**os.environ, "PYTHONPATH": f"{tree}:{Path.cwd()}"}
    return subprocess.run(
        command, check=True, env=environ, stdout=subprocess.PIPE, text=True
    ).stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*", metavar="KIND")
    parser.add_argument("--against", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--profile", action="store_true")
    parser.add_argument("--wire", action="store_true")
    parser.add_argument("--child", choices=[*KINDS, *OTHERS])
    given = parser.parse_args()
    kinds = given.kinds or [*KINDS, *(OTHERS if given.wire else ())]
    if given.child:
        if url := os.environ.get("ANSWERED_BY"):
            SETTINGS["endpoint_url"] = url
        else:  # what connects to targets makes these instead
            vars(targets)["AwsTarget"] = MemoryTarget
        if given.child in COMMANDS:
            keep_imported()
        work = (KINDS | OTHERS)[given.child]()
        print(json.dumps(profiled(work) if given.profile else measured(work)))
        return
    trees = [Path.cwd(), *([given.against] if given.against else [])]
    if given.profile:
        for tree, kind in itertools.product(trees, kinds):
            print(f"{kind} ({tree}), % of the time:")
            for part, share in Counter(json.loads(child(kind, tree, "--profile"))).most_common():
                print(f"  {part:26} {share:5.1f}")
        return
    asyncio.run(compared(kinds, trees, given.rounds, wire=given.wire))


if __name__ == "__main__":
    main()
