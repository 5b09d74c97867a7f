"""While the hold file is there nothing is sent; that it came and went is told once each."""

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from batcher.clock import SystemClock
from batcher.control.hold_file import HOLD_FILE, HoldFile
from batcher.engine.pace_control import PaceControl
from batcher.logs import LogOutput, logger
from tests.conftest import records


class QuickClock(SystemClock):
    """A clock on which a second passes at once."""

    async def sleep(self, seconds: float) -> None:
        await anyio.lowlevel.checkpoint()


async def test_it_pauses_from_the_look_that_finds_it_to_the_one_that_does_not(
    tmp_path: Path,
) -> None:
    path, control = tmp_path / "hold", PaceControl(SystemClock())
    hold = HoldFile(path, control, logger())
    with LogOutput("info", file=(tmp_path / "log").open("w")):
        for make, remove in (
            (path.touch, path.unlink),
            (path.mkdir, path.rmdir),
            (lambda: path.symlink_to("nowhere"), path.unlink),
        ):
            await hold.look()
            assert control.paused is None
            make()
            for _ in range(3):
                await hold.look()
                assert control.paused == f"while {path} is there"
            remove()
            await hold.look()
            assert control.paused is None
    events = [each["event"] for each in records(tmp_path / "log")]
    assert events == ["hold_file.found", "hold_file.gone"] * 3


@pytest.mark.parametrize("held", [True, False])
async def test_where_nobody_can_tell_it_is_held(tmp_path: Path, held: bool) -> None:
    name = "n" * 300 if held else "none/hold"  # the first is no name, the second has no directory
    control = PaceControl(SystemClock())
    await HoldFile(tmp_path / name, control, logger()).look()
    assert (control.paused is not None) == held
    assert not held or "as nobody can tell whether" in control.pauses[HOLD_FILE]


async def test_it_is_looked_for_all_the_time(tmp_path: Path) -> None:
    path, control = tmp_path / "hold", PaceControl(QuickClock())
    hold = HoldFile(path, control, logger())
    with anyio.fail_after(20):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(hold.run)
            for act in (path.touch, path.unlink):
                changed = control.changed
                act()
                await changed.wait()
            tasks.cancel_scope.cancel()
    assert control.paused is None
