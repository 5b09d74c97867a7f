"""One contract, by every way in, against three servers that treat updates differently.

One keeps what an update leaves out, one clears it, one clamps values and fills in defaults. A
trigger ends as asked, and otherwise as it was; what is not so is said.
"""

import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher import update_many
from batcher.clock import SystemClock
from batcher.config import Settings, resolve
from batcher.emulator import Emulator
from batcher.jobs.checked_file import check_file
from batcher.jobs.follow_up import open_follow_up
from batcher.jobs.plan import Plan, plan_changes
from batcher.jobs.retry import choose
from batcher.jobs.rollback import make_rollback
from batcher.jobs.run import CheckedRun, OpenRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_order import Unattended
from batcher.jobs.verify import verify_run
from batcher.logs import logger
from batcher.queues.spool_directory import SpoolDirectory
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from batcher.testing import MemoryQueue
from batcher.wiring.omissions import known_omissions
from batcher.worker.health import Health
from batcher.worker.spool_consumer import SpoolConsumer
from tests.conftest import change, records, trigger
from tests.waiting import until
from tests.worker.test_message_consumer import serving

MOST = 900_000  # milliseconds that an event may wait on a server that clamps
PERIODS = [{"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 3}]
SERVERS: dict[str, dict[str, Any]] = {
    "keeps": {},
    "clears": {"clear_omitted": True},
    "tidies": {"clamp": {"EventTriggerLimits.EventExpiration": MOST}, "fill_defaults": True},
}
COUNT, LONG = 6, 5  # triggers; the line that asks for more than a server may take
LIMITS = {"EventExpiration": 600_000, "Periods": PERIODS}
State = list[dict[str, Any]]


def before() -> State:
    more = {"SegmentFilter": "vip", "EventTriggerLimits": LIMITS}
    found = [trigger(number) | more for number in range(COUNT)]
    del found[0]["SegmentFilter"]
    return found


def updates() -> State:
    """Partial ones, one that adds a member, one that names each, and two of one trigger."""
    found = [change(number) for number in range(COUNT)]
    found[0] = change(0, SegmentFilter="added")
    found[1] = change(1, SegmentFilter="new")
    found[2] = trigger(2) | change(2) | {"SegmentFilter": "new", "EventTriggerLimits": LIMITS}
    found[LONG - 1]["EventTriggerLimits"] = LIMITS | {"EventExpiration": 3_600_000}
    return [*found, change(3, Description="later")]


def asked(server: str) -> State:
    state = before()
    for update in updates():
        state[int(update["EventTriggerName"][1:])] |= update
    if server == "tidies":
        state[LONG - 1]["EventTriggerLimits"] = LIMITS | {"EventExpiration": MOST}
    return state


def live(emulator: Emulator) -> State:
    return [
        {name: found[name] for name in found if name not in ("CreatedAt", "LastUpdatedAt")}
        for found in (emulator.trigger("acme", f"t{number}") or {} for number in range(COUNT))
    ]


class Place:
    """A server, a directory and settings for it: remembering what was learned, as users do."""

    def __init__(self, url: str, emulator: Emulator, folder: Path) -> None:
        self.emulator = emulator
        self.folder = folder
        self.run = folder / "updates.run"
        self.given = {
            "endpoint_url": url,
            "region": "eu-west-1",
            "rate": 1000,
            "read_rate": 1000,
            "concurrency": 4,
        }

    def settings(self, **more: Any) -> Settings:
        return resolve(self.given | more)

    def write(self, lines: State, path: Path | None = None) -> Path:
        path = path or self.folder / "updates.jsonl"
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return path


Job = Callable[[Place], Awaitable[dict[int, str]]]
"""Brings the updates about; returns the status of each line."""


async def execute(opened: OpenRun, drain_after: int | None = None) -> None:
    checked = await opened.check()
    assert isinstance(checked, CheckedRun)
    async with checked.connect() as ready:
        run = await ready.approve()
        assert isinstance(run, ApprovedRun)

        async def drain() -> None:
            if drain_after is not None:
                await until(lambda: len(run.state.done) >= drain_after)
                run.drain()

        await run.execute(drain)


def statuses(run: Path) -> dict[int, str]:
    return {int(each["id"]): each["status"] for each in records(run / "results.jsonl")}


async def run_file(place: Place, drain_after: int | None = None, **more: Any) -> dict[int, str]:
    file = place.write(updates())
    with open_run(str(file), place.run, place.settings(**more)) as opened:
        await execute(opened, drain_after)
    return statuses(place.run)


async def resumed(place: Place) -> dict[int, str]:
    first = await run_file(place, drain_after=2, rate=20, burst=1)  # so the others wait for theirs
    assert len(first) < len(updates())
    return await run_file(place)


async def retried(place: Place) -> dict[int, str]:
    place.emulator.script("UpdateEventTrigger", ["internal", None, "internal"])
    found = await run_file(place, max_attempts=1)
    assert list(found.values()).count("failed") == 2
    with open_follow_up(place.run, "retry") as follow_up:
        for update in choose(follow_up.run).updates():
            follow_up.add(update)
        with follow_up.open_run(place.settings(), place.folder / "again.run") as opened:
            await execute(opened)
    return statuses(place.run) | statuses(place.folder / "again.run")


async def spooled(place: Place) -> dict[int, str]:
    (place.folder / "spool").mkdir()
    place.write(updates(), place.folder / "spool" / "updates.jsonl")
    found: dict[int, str] = {}
    unattended = Unattended(
        on_result=lambda result: found.update({result.line: result.status}),
        on_attempt=lambda *_: None,
    )
    spool = SpoolDirectory(place.folder / "spool", still_for=0.0)
    health = Health(logger(), grace=1.0)
    await SpoolConsumer(spool, place.settings(), health, unattended, logger()).run(once=True)
    return found


async def queued(place: Place) -> dict[int, str]:
    queue = MemoryQueue()
    queue.put(*map(msgspec.json.encode, updates()))
    more = {"before": True, **place.given}
    async with serving(queue, place.folder / "results", once=True, **more) as served:
        await served.ended
    return {result.line: result.status for result in served.results}


async def by_library(place: Place) -> dict[int, str]:
    batch = await update_many(updates(), **place.given)
    return {result.line: result.status for result in batch.results}


JOBS: list[Job] = [run_file, resumed, retried, spooled, queued, by_library]


@pytest.fixture(autouse=True)
def own_memory(stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize("server", SERVERS)
@pytest.mark.parametrize("job", JOBS, ids=lambda job: job.__name__)
async def test_triggers_end_as_asked_and_otherwise_as_they_were(
    job: Job, server: str, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0), **SERVERS[server])
    emulator.seed(before())
    async with emulator as url:
        found = await job(Place(url, emulator, tmp_path))
    assert live(emulator) == asked(server)
    expected = dict.fromkeys(range(1, COUNT + 2), "succeeded")
    assert found == expected | ({LONG: "differs"} if server == "tidies" else {})


@pytest.mark.parametrize("server", SERVERS)
async def test_what_a_run_did_is_verified_planned_as_done_and_put_back(
    server: str, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0), **SERVERS[server])
    emulator.seed(before())
    async with emulator as url:
        place = Place(url, emulator, tmp_path)
        await run_file(place)
        proof = await verify_run(place.run, place.settings())
        assert (proof.as_asked, proof.differs.count) == (
            (COUNT - 1, 1) if server == "tidies" else (COUNT, 0)
        )
        plan = await planned(place)
        # of two lines of one trigger the first would change it back
        assert plan.effects["changed"] == 2 + (server == "tidies")
        await rolled_back(place)
    results = records(tmp_path / "updates.run.rollback" / "results.jsonl")
    undone = {int(each["id"]): each for each in results}
    states = {line: each["status"] for line, each in undone.items()}
    state = before()
    if server != "clears":
        state[0]["SegmentFilter"] = "added"
        assert states.pop(1) == "partial"
        assert "(AWS's answer shows that it keeps what is left out)" in str(undone[1]["error"])
    assert live(emulator) == state
    assert set(states.values()) == {"succeeded"}


async def planned(place: Place) -> Plan:
    file = place.folder / "updates.jsonl"
    checked = check_file(str(file), place.settings(), place.folder, lambda *_: None)
    return await plan_changes(checked)


async def rolled_back(place: Place) -> None:
    with open_follow_up(place.run, "rollback") as follow_up:
        file, now = QuotaFile(state_directory(os.environ), pytest.fail), SystemClock().wall()
        known = known_omissions(follow_up.run.manifest.targets, follow_up.settings, file, now)
        report = make_rollback(follow_up.run, follow_up.add, known=known)
        assert report.partial == (0 if "cleared" in str(known) else 1)
        out = place.folder / "updates.run.rollback"
        with follow_up.open_run(place.settings(), out) as opened:
            await execute(opened)


async def test_auto_lets_one_update_find_out_and_sends_whole_after_it(tmp_path: Path) -> None:
    emulator = Emulator(latency=(0.0, 0.0), clear_omitted=True)
    emulator.seed(before())
    async with emulator as url:
        place = Place(url, emulator, tmp_path)
        await run_file(place)
        first = [len(each["request"]) for each in emulator.applied()]
        await rolled_back(place)
        once = len(emulator.applied())
        (tmp_path / "again").mkdir()
        await run_file(Place(url, emulator, tmp_path / "again"))
    partial = [size for size in first if size < len(before()[1])]
    assert len(partial) == 1
    assert len(first) == len(updates()) + 1
    again = [len(each["request"]) for each in emulator.applied()[once:]]
    assert set(again) == {len(before()[1])}, "it is remembered"
    restored = [each.get("restored") for each in records(place.run / "results.jsonl")]
    assert [each for each in restored if each] == [["EventTriggerLimits"]]


async def test_without_a_look_what_is_known_to_be_cleared_is_looked_at_all_the_same(
    tmp_path: Path,
) -> None:
    emulator = Emulator(latency=(0.0, 0.0), clear_omitted=True)
    emulator.seed(before())
    async with emulator as url:
        unseen = Place(url, emulator, tmp_path)
        await run_file(unseen, before=False)
        assert "SegmentFilter" not in live(emulator)[3], "nobody looked, and nothing was known"
        emulator.seed(before())
        (tmp_path / "known").mkdir()
        await run_file(Place(url, emulator, tmp_path / "known"))
        emulator.seed(before())
        (tmp_path / "third").mkdir()
        await run_file(Place(url, emulator, tmp_path / "third"), before=False)
    assert live(emulator) == asked("clears")
