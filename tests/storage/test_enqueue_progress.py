"""How far enqueue came: kept by command, held by one at a time, and gone when all is in."""

from pathlib import Path

import pytest

from batcher.errors import OutputError
from batcher.storage.enqueue_progress import EnqueueProgress, ProgressFile

PROGRESS = EnqueueProgress(queue="q", batch="b", begun_at="then", up_to=7, beyond=(9, 12))


def test_what_was_written_is_read_by_the_same_command_only(tmp_path: Path) -> None:
    kept = ProgressFile(tmp_path / "new", ["q", None, "abc"])
    with kept.hold() as mine:
        assert (mine, kept.read()) == (True, None)
        kept.write(PROGRESS)
    assert ProgressFile(tmp_path / "new", ["q", None, "abc"]).read() == PROGRESS
    assert ProgressFile(tmp_path / "new", ["q", "None", "abc"]).read() is None
    assert kept.path.stat().st_mode & 0o777 == 0o600


def test_one_command_at_a_time_has_it_and_at_the_end_nothing_is_left(tmp_path: Path) -> None:
    kept = ProgressFile(tmp_path, ["q"])
    with kept.hold() as mine:
        kept.write(PROGRESS)
        with ProgressFile(tmp_path, ["q"]).hold() as other:
            assert (mine, other) == (True, False)
        kept.remove()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("line", "is_in"), [(1, True), (7, True), (8, False), (9, True), (10, False), (13, False)]
)
def test_which_lines_are_in(line: int, is_in: bool) -> None:
    assert PROGRESS.is_in(line) == is_in


@pytest.mark.parametrize("content", [b"", b"{", b'{"batch":1}', b"\xff", b"[]"])
def test_a_file_that_is_not_as_it_was_written_is_refused_and_stays(
    tmp_path: Path, content: bytes
) -> None:
    kept = ProgressFile(tmp_path, ["q"])
    kept.path.write_bytes(content)
    with pytest.raises(OutputError, match=f"{kept.path.name}: how far enqueue comes"):
        kept.read()
    assert kept.path.read_bytes() == content
