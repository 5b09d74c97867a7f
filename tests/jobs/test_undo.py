"""A run that is to be put back: kept until it is, and no run again when it was."""

from pathlib import Path

import pytest

from batcher.errors import RunDirectoryError
from batcher.jobs.undo import (
    finished_rollback,
    has_images,
    is_finished,
    is_to_be_undone,
    note_undo,
    refuse_undone,
    what_stays,
)
from batcher.records import SelectedPart
from batcher.storage.wave_file import PendingUndo, WaveProgress, read_waves, write_waves
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def test_it_is_kept_how_far_it_is(tmp_path: Path) -> None:
    file = tmp_path / "waves.json"
    assert not is_to_be_undone(tmp_path)
    write_waves(file, WaveProgress(passed=3, undo=PendingUndo(reason="why")))
    assert is_to_be_undone(tmp_path)
    refuse_undone(tmp_path, read_waves(file))
    note_undo(tmp_path, tmp_path / "r", done=False)
    assert (is_to_be_undone(tmp_path), finished_rollback(tmp_path)) == (True, None)
    note_undo(tmp_path, tmp_path / "r", done=True)
    assert (is_to_be_undone(tmp_path), read_waves(file).passed) == (False, 3)
    with pytest.raises(RunDirectoryError, match=f"was put back by {tmp_path / 'r'}, as why"):
        refuse_undone(tmp_path, read_waves(file))


@pytest.mark.parametrize("results", [1, 2])
def test_a_rollback_is_done_when_each_update_has_its_result(tmp_path: Path, results: int) -> None:
    rollback = RecordedRun(tmp_path, [change(0), change(1)])
    for line in range(1, results + 1):
        rollback.add(line, "succeeded")
    path = rollback.write()
    write_waves(
        tmp_path / "waves.json",
        WaveProgress(undo=PendingUndo(reason="why", directory=str(path))),
    )
    assert is_finished(path) == (results == 2)
    assert finished_rollback(tmp_path) == (path if results == 2 else None)
    rollback.write(selection=SelectedPart(by="--only 'a/*'", left_out=1, of=3))
    assert not is_finished(path), "a part that somebody has put back by hand is not all of it"
    assert not has_images(path)
    (path / "before.jsonl").write_bytes(b"{}\n")
    assert has_images(path)


def test_what_a_rollback_left_alone_is_counted_and_so_is_what_was_created(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(0)]).write(created={"without_integration": 2})
    rollback = RecordedRun(tmp_path / "r", [change(0), change(1), change(2)])
    for line, status in enumerate(("succeeded", "stale", "partial"), 1):
        rollback.add(line, status)
    assert what_stays(run, rollback.write()) == (2, 2)
    assert what_stays(run, None) == (0, 2)
