"""Hold file and timetable count from the beginning, and let go at the end."""

from pathlib import Path

from batcher.clock import SystemClock
from batcher.config import resolve
from batcher.control.watching import watching
from batcher.engine.pace_control import PaceControl
from batcher.logs import logger


async def test_both_hold_a_process_from_before_its_first_update_to_its_end(tmp_path: Path) -> None:
    control, hold = PaceControl(SystemClock()), tmp_path / "hold"
    hold.touch()
    settings = resolve({"hold_file": str(hold), "timetable": "* pause", "timezone": "UTC"})
    async with watching(settings, control, logger()):
        assert control.paused == f"while {hold} is there; by --timetable (* pause)"
    assert control.paused is None
    async with watching(resolve({}), control, logger()):
        assert control.paused is None
