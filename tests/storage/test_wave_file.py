"""waves.json: what is written is read; what is no such file is never taken for no progress."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from batcher.errors import BatcherError
from batcher.storage.wave_file import (
    EndedWave,
    PendingUndo,
    WaveProgress,
    read_waves,
    write_waves,
)


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "waves.json"
    assert read_waves(path) == WaveProgress()
    at = datetime(2026, 1, 2, 3, 4, 5, 678000, tzinfo=UTC)
    ended = EndedWave(number=2, of=4, changed=11, ended_at=at, outcome="failed")
    undo = PendingUndo(reason="why", directory="u.run.rollback")
    for progress in (WaveProgress(passed=1, ended=ended, undo=undo), WaveProgress(passed=11)):
        write_waves(path, progress)
        assert read_waves(path) == progress
        assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b'{"passed":-1}',
        b'{"ended":{"number":1,"of":2,"changed":1,"ended_at":"yesterday"}}',
        b'{"ended":{"number":1,"of":2,"changed":1,"ended_at":"2026-01-02T03:04:05"}}',
        b'{"ended":{"number":1,"of":2,"changed":1,"ended_at":"2026-01-02T03:04:05Z",'
        b'"outcome":"fine"}}',
    ],
)
def test_what_can_not_be_read_is_said(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "waves.json"
    path.write_bytes(content)
    with pytest.raises(BatcherError, match=r"waves\.json"):
        read_waves(path)
