"""A run whose file system has no sockets goes on without one, and says so in its log."""

from collections.abc import Callable
from pathlib import Path

from batcher.cli.output.progress import ProgressMeter
from batcher.cli.run_control import controlled
from batcher.config import Settings
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.run_execution import ApprovedRun
from batcher.logs import LogOutput
from tests.conftest import change, records
from tests.jobs.conftest import seeded


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
                meter = ProgressMeter(run.state, run.order.control, 0.0)
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
