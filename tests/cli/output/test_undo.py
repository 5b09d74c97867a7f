"""What undoing takes is part of the question before the start, and what it can't put back."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.cli.output.preview import preview
from batcher.cli.output.undo import PlannedUndo, undo_duration
from batcher.config import resolve
from batcher.emulator import Emulator
from batcher.jobs.run import CheckedRun, open_run
from batcher.jobs.target_planner import PlannedUpdate
from batcher.records import Update
from batcher.triggers.forecast import TriggerForecast
from tests.cli.output.test_forecast import target
from tests.conftest import change
from tests.updates.samples import MODEL


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([{"rate": 2, "read_rate": 1}, {"rate": 60}], "about 1 h 0 min"),
        ([{"known": 2}, {}], "about 1 h 0 min at 1/s, which AWS most likely allows; its quota"),
        ([{"read_rate": 0.5}], "about 2 h 0 min at 1/s, which AWS most likely allows; its quota"),
    ],
)
def test_it_takes_what_the_slowest_target_takes(given: list[dict[str, Any]], said: str) -> None:
    assert undo_duration([target(**each) for each in given]).startswith(said)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, ["To undo all of it (batcher rollback) takes about 2 s."]),
        ({"before": False}, ["It can't be undone: no before images are kept (--no-before)."]),
        (
            {"create_missing": True},
            [
                "To undo all of it (batcher rollback) takes about 2 s.",
                "A trigger that is created stays, as no update takes it away, and never fires until"
                " an integration names it (PutIntegration; --with-integrations copies it).",
            ],
        ),
    ],
)
async def test_the_preview_says_what_can_be_undone(
    settings: dict[str, Any],
    said: list[str],
    stand_in_credentials: None,
    write_lines: Callable[..., Path],
) -> None:
    file = write_lines([change(number) for number in range(3)])
    async with Emulator(latency=(0.0, 0.0)) as url:
        given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "rate": 1}
        with open_run(str(file), file.with_suffix(".run"), resolve(given | settings)) as opened:
            checked = await opened.check()
            assert isinstance(checked, CheckedRun)
            async with checked.connect() as ready:
                lines = list(preview(ready))
    assert [line for line in lines if "undo" in line or "undone" in line or "stays" in line] == said


def test_of_what_is_looked_at_before_the_start_it_says_what_no_update_undoes(
    capsys: pytest.CaptureFixture[str],
) -> None:
    looked = list[None]()
    counted = PlannedUndo(lambda: looked.append(None))
    for request in ({"SegmentFilter": "vip"}, {"Description": "new"}):
        names = {"DomainName": "acme", "EventTriggerName": "t1"}
        update = Update(id="1", line=1, target="default", request=names | request)
        step = TriggerForecast({**names, "Description": "old"}, MODEL.writable).step(update)
        counted.add(PlannedUpdate(update=update, effect="changed", step=step))
    counted.say()
    assert len(looked) == 2
    assert "1 update can't be undone by an update: they set a member" in capsys.readouterr().err
