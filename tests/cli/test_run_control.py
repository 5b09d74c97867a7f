"""What holds a run up from outside, as its users meet it; and a place that has no sockets."""

import json
from collections.abc import Callable
from pathlib import Path

from batcher.cli.run_control import controlled
from batcher.config import Settings
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.run_progress import ProgressMeter
from batcher.logs import LogOutput
from tests.conftest import Command, change, records
from tests.jobs.conftest import seeded
from tests.waiting import until


async def test_a_run_that_can_have_no_socket_goes_on_and_says_so_once_in_its_log(
    write_lines: Callable[..., Path], tmp_path: Path, stand_in_credentials: None
) -> None:
    file = write_lines([change(0)])
    async with seeded() as url:
        settings = Settings(endpoint_url=url, region="eu-west-1", remember=False)
        with open_run(str(file), tmp_path / "u.run", settings) as opened:
            checked = await opened.check()
            assert isinstance(checked, CheckedRun)
            async with checked.connect() as ready:
                run = await ready.approve()
                assert isinstance(run, ApprovedRun)
                meter = ProgressMeter(run, 0.0)
                run.order.directory.control = tmp_path / "none" / "control.sock"
                with LogOutput("info", file=run.order.directory.open_log()):
                    async with controlled(run, meter):
                        summary = await run.execute()
    assert summary.succeeded == 1
    (told,) = [
        each
        for each in records(tmp_path / "u.run" / "log.jsonl")
        if each["event"] == "control.unavailable"
    ]
    assert "there can be no socket" in told["reason"]


async def test_a_hold_file_holds_a_run_before_its_first_look_until_it_is_gone(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    write_lines([change(n) for n in range(5)])
    (tmp_path / "hold").touch()
    emulator = seeded()
    async with emulator as url:
        flags = ("--endpoint-url", url, "--hold-file", "hold", "--timetable", "* rate=500")
        process = await batcher.start("run", "updates.jsonl", *flags, "--yes", "--json")
        await until((tmp_path / "updates.run" / "control.sock").exists)
        told = await batcher("ctl", "updates.run", "status")
        assert told.out.count("paused while hold is there") == 1
        assert "at most 500/s for each target, by timetable" in told.out
        assert [each for each in emulator.calls() if "EventTrigger" in each.operation] == []
        (tmp_path / "hold").unlink()
        out, err = await process.communicate()
    assert process.returncode == 0, err
    assert json.loads(out)["seconds"]["paused"] > 0
    assert b"hold_file.found" in err


async def test_the_end_that_is_foretold_and_the_deadline_reckon_with_the_timetable(
    batcher: Command, write_lines: Callable[..., Path]
) -> None:
    write_lines([change(0), change(1)])
    async with seeded() as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "1", "--dry-run")
        slow = await batcher(*run, "--timetable", "* share=1%")
        assert (slow.code, "Takes about 1 min 40 s, until" in slow.err) == (0, True), slow.err
        assert ", by --timetable * share=1%." in slow.err
        unknown = await batcher(*run[:-3], "--dry-run", "--timetable", "* share=1%")
        assert "which AWS most likely allows, about 1 min 40 s" in unknown.err
        assert "Keeps to --timetable * share=1%." in unknown.err.splitlines()
        never = ("--timetable", "mon-sun pause", "--timezone", "Europe/Berlin")
        late = await batcher(*run, *never, "--deadline", "2h")
        assert late.code == 2
        assert "target default takes more than a year at 1/s, and has 2 h 0 min; it" in late.err
        assert "would need another --timetable: no rate is enough." in late.err
