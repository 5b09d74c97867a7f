"""Files that failed and are put back: what is unedited goes on, and undoes nothing newer."""

import gzip
import shutil
from pathlib import Path

import anyio
import pytest

from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.jobs.file_redrive import RedrivenFiles, redrive_failed_files
from batcher.jobs.run_order import Unattended
from batcher.logs import logger
from batcher.queues.spool_directory import SpoolDirectory
from batcher.worker.health import Health
from batcher.worker.spool_consumer import SpoolConsumer
from tests.conftest import change, records, trigger
from tests.jobs.conftest import RecordedRun
from tests.kill_points import kill_points

# t0: failed, then set later; t1: failed alone; t2: in doubt; t3: done; t4: stale; t5: not started
UPDATES = [
    change(number, Description=text)
    for number, text in [
        (0, "older"),
        (0, "newer"),
        (1, "asked"),
        (2, "asked"),
        (3, "asked"),
        (4, "asked"),
        (5, "asked"),
    ]
]
AGAIN, LEFT_OUT = {3, 4, 7}, 1


@pytest.fixture
def failed(tmp_path: Path) -> RecordedRun:
    """A spool directory with one file that failed, and the run of it."""
    spool = SpoolDirectory(tmp_path / "spool", still_for=0.0)
    run = RecordedRun(spool.path / "failed", UPDATES, settings=Settings().as_json())
    run.add(2, "succeeded")
    run.add(LEFT_OUT, "failed", "Boom")
    run.add(3, "failed", "Boom")
    run.add(4, "in_doubt", "ReadTimeoutError")
    run.add(5, "succeeded")
    run.add(6, "stale", "Stale")
    run.write()
    run.path.with_name("updates.jsonl.wrong").write_text("5 of 7 did not succeed\n")
    return run


def spool_of(run: RecordedRun) -> SpoolDirectory:
    return SpoolDirectory(run.path.parent.parent, still_for=0.0)


def kept_lines(run: Path) -> list[int]:
    return [each["line"] for each in records(run / "results.jsonl")]


async def worked_off(
    spool: SpoolDirectory, emulator: Emulator, *, create_missing: bool = False
) -> None:
    """All files done or failed, by a worker of this process."""
    unattended = Unattended(on_result=lambda _: None, on_attempt=lambda *_: None)
    health = Health(logger(), grace=1.0)
    async with emulator as url:
        settings = Settings(
            region="eu-west-1",
            endpoint_url=url,
            read_rate=1000.0,
            rate=1000.0,
            remember=False,
            create_missing=create_missing,
        )
        await SpoolConsumer(spool, settings, health, unattended, logger()).run(once=True)


def live(emulator: Emulator) -> list[str]:
    return [str(emulator.trigger("acme", f"t{n}")["Description"]) for n in range(6)]


@pytest.mark.usefixtures("stand_in_credentials")
async def test_only_what_did_not_end_well_is_sent_and_nothing_older_over_newer(
    failed: RecordedRun,
) -> None:
    spool, emulator = spool_of(failed), Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number) for number in range(6)])
    assert redrive_failed_files(spool) == RedrivenFiles(resumed=1)
    assert kept_lines(spool.path / "claimed" / "updates.run") == [2, 1, 5, 6]
    await worked_off(spool, emulator)
    assert live(emulator) == ["before-0", "asked", "asked", "before-3", "before-4", "asked"]
    ended = spool.path / "failed" / "updates.run"
    found = {each["line"]: each["status"] for each in records(ended / "results.jsonl")}
    assert found == dict.fromkeys((2, 5, *AGAIN), "succeeded") | {LEFT_OUT: "failed", 6: "stale"}
    assert "2 of 7 updates did not succeed" in spool.failures()["updates.jsonl"]
    assert "1 of them would undo a later update" in spool.failures()["updates.jsonl"]
    again = redrive_failed_files(spool)
    assert again == RedrivenFiles(resumed=1)
    await worked_off(spool, emulator)
    assert len(emulator.applied()) == len(AGAIN), "there was nothing left to send"


@pytest.mark.usefixtures("stand_in_credentials")
@pytest.mark.parametrize("edit", ["a line", "no run"])
async def test_an_edited_file_is_new_work_as_a_whole(failed: RecordedRun, edit: str) -> None:
    spool, emulator = spool_of(failed), Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number) for number in range(6)])
    file = failed.path.with_name("updates.jsonl")
    if edit == "no run":
        shutil.rmtree(failed.path)
    else:
        file.write_bytes(file.read_bytes() + b"\n")
    assert redrive_failed_files(spool) == RedrivenFiles(anew=1)
    assert failed.path.exists() == (edit == "a line"), "the books of the first time stay"
    await worked_off(spool, emulator)
    assert live(emulator) == ["newer", "asked", "asked", "asked", "asked", "asked"]
    assert (spool.path / "done" / "updates.run").exists()


@pytest.mark.usefixtures("stand_in_credentials")
async def test_under_other_settings_it_is_said_what_to_do_and_either_helps(
    failed: RecordedRun,
) -> None:
    spool, emulator = spool_of(failed), Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(number) for number in range(6)])
    redrive_failed_files(spool)
    await worked_off(spool, emulator, create_missing=True)
    assert emulator.applied() == []
    said = spool.failures()["updates.jsonl"]
    assert (
        "its run was begun otherwise: create_missing was False, now True. To go on with it," in said
    )
    assert "--out" not in said
    redrive_failed_files(spool)
    await worked_off(spool, emulator)
    assert len(emulator.applied()) == len(AGAIN)
    redrive_failed_files(spool)
    await worked_off(spool, emulator, create_missing=True)
    failed.path.rename(failed.path.with_name("kept"))
    assert redrive_failed_files(spool) == RedrivenFiles(anew=1)
    await worked_off(spool, emulator, create_missing=True)
    assert spool.failures() == {}
    assert live(emulator) == ["newer", "asked", "asked", "asked", "asked", "asked"]


async def test_a_packed_file_is_known_by_what_is_in_it(failed: RecordedRun) -> None:
    spool, file = spool_of(failed), failed.path.with_name("updates.jsonl")
    packed = file.with_name("updates.jsonl.gz")
    packed.write_bytes(gzip.compress(file.read_bytes()))
    file.rename(failed.directory.input_copy)
    assert redrive_failed_files(spool) == RedrivenFiles(resumed=1)
    claim = await spool.claim()
    assert (claim.name, claim.resumed, kept_lines(claim.run)) == (
        "updates.jsonl.gz",
        True,
        [2, 1, 5, 6],
    )
    spool.failed(claim, "wrong")
    packed.write_bytes(packed.read_bytes()[:-9])
    assert redrive_failed_files(spool) == RedrivenFiles(anew=1), "it was damaged since"


async def test_one_that_can_not_go_on_holds_no_other_back(failed: RecordedRun) -> None:
    spool = spool_of(failed)
    spool.put("other.jsonl", [b"{}\n"])
    spool.failed(await spool.claim(), "line 1: no update")
    failed.directory.results.write_bytes(b'{"id":\n')
    found = redrive_failed_files(spool)
    assert (found.resumed, found.anew, len(found.left)) == (0, 1, 1)
    assert "results.jsonl" in found.left[0]
    assert list(spool.failures()) == ["updates.jsonl"]


async def test_what_a_worker_holds_of_that_name_is_waited_for(failed: RecordedRun) -> None:
    spool = spool_of(failed)
    spool.put("updates.jsonl", [b"{}\n"])
    claim = await spool.claim()
    assert "being worked through" in redrive_failed_files(spool).left[0]
    spool.release(claim)
    assert "being worked through" in redrive_failed_files(spool).left[0]
    assert kept_lines(failed.path) == [2, 1, 3, 4, 5, 6]
    spool.done(await spool.claim())
    spool.put("updates.jsonl", [b"{}\n"])
    assert redrive_failed_files(spool) == RedrivenFiles(resumed=1), "one that waits is another"


@pytest.mark.parametrize("meanwhile", ["nothing", "another of that name"])
def test_killed_at_any_operation_it_can_be_done_again_and_the_run_goes_on(
    failed: RecordedRun, tmp_path: Path, meanwhile: str
) -> None:
    spool, points = spool_of(failed), 0
    shutil.copytree(spool.path, tmp_path / "as it was")
    for point in kill_points(lambda: redrive_failed_files(spool)):
        points = point
        if meanwhile != "nothing" and not any(spool.path.glob("claimed/*.jsonl")):
            spool.put("updates.jsonl", [b"{}\n"])
            claim = anyio.run(spool.claim)
            assert (claim.resumed, claim.run.exists()) == (False, False), point
            spool.done(claim)
        redrive_failed_files(spool)
        claim = anyio.run(spool.claim)
        assert (claim.resumed, kept_lines(claim.run)) == (True, [2, 1, 5, 6]), point
        spool.failed(claim, "wrong again")
        assert {path.name for path in (spool.path / "failed").iterdir()} == {
            "updates.jsonl",
            "updates.jsonl.wrong",
            "updates.run",
        }, point
        shutil.rmtree(spool.path)
        shutil.copytree(tmp_path / "as it was", spool.path)
    assert points > 20
