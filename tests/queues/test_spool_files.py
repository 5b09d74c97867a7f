"""Names, order and stillness of the files of a spool directory."""

import os
from pathlib import Path

import pytest

from batcher.ports import FileStamp
from batcher.queues.spool_files import (
    NAME_AT_MOST,
    SpoolFile,
    StillnessCheck,
    files_in,
    free_name,
    is_as_seen,
    working_name,
)


def at(size: int, *, changed: float = 1000.0, name: str = "a.jsonl") -> SpoolFile:
    return SpoolFile(Path(name), FileStamp(size, 7, 1), changed)


def looks(check: StillnessCheck, *steps: tuple[float, SpoolFile]) -> list[bool]:
    """Whether the file was still at each look, by a clock that shows the same time of day."""
    return [bool(check.still([file], now, 1000.0 + now)) for now, file in steps]


def test_a_file_is_still_when_its_last_change_is_long_enough_ago() -> None:
    check = StillnessCheck(5.0)
    assert looks(check, (4.9, at(1)), (5.0, at(1)), (6.0, at(2, changed=1006.0))) == [
        False,
        True,
        False,
    ]
    assert check.moving == ("a.jsonl",)


def test_of_a_file_system_whose_clock_is_ahead_what_was_seen_here_counts() -> None:
    ahead = {"changed": 9000.0}
    steps = (0.0, at(1, **ahead)), (4.0, at(2, **ahead)), (8.9, at(2, **ahead)), (9.0, at(2))
    assert looks(StillnessCheck(5.0), *steps) == [False, False, False, True]


def test_another_file_of_that_name_is_looked_at_anew_and_what_is_gone_is_forgotten() -> None:
    check = StillnessCheck(5.0)
    other = SpoolFile(Path("a.jsonl"), FileStamp(1, 7, 2), 9000.0)
    assert looks(check, (0.0, at(1, changed=9000.0)), (6.0, other)) == [False, False]
    assert check.still([], 7.0, 1007.0) == []
    assert check.moving == ()


@pytest.mark.parametrize(
    "name",
    [
        b"caf\xe9.jsonl",
        b"\xff.jsonl.gz",
        b"\xff.a.jsonl",
        b"x" * 249 + b".jsonl",
        "é".encode() * 124 + b".jsonl",
        b"a\nb.jsonl.zst",
        b"y" * 246 + b".jsonl.gz",
    ],
)
def test_a_name_that_nobody_can_read_or_put_anything_behind_has_another_to_work_under(
    name: bytes,
) -> None:
    given = os.fsdecode(name)
    working = working_name(given)
    assert working.isprintable()
    assert not working.startswith(".")
    assert len(working.encode()) <= NAME_AT_MOST
    assert working.endswith(given[given.rindex(".jsonl") :])
    assert working_name(working) == working
    assert working != working_name(os.fsdecode(name.replace(b".jsonl", b"1.jsonl")))


@pytest.mark.parametrize("name", ["a.jsonl", "été.jsonl.gz", "x" * 234 + ".jsonl", "a b.jsonl.zst"])
def test_an_ordinary_name_stays(name: str) -> None:
    assert working_name(name) == name


def test_what_is_no_file_is_among_them_with_the_reason_and_hinders_no_other(
    tmp_path: Path,
) -> None:
    (tmp_path / "loop.jsonl").symlink_to("loop.jsonl")
    (tmp_path / "nowhere.jsonl").symlink_to("gone")
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "folder.jsonl").mkdir()
    (tmp_path / "good.jsonl").write_bytes(b"{}\n")
    (tmp_path / "link.jsonl").symlink_to("good.jsonl")
    found = {file.path.name: file.wrong for file in files_in(tmp_path)}
    assert found.pop("good.jsonl") is None
    assert found.pop("link.jsonl") is None
    assert set(found) == {"loop.jsonl", "nowhere.jsonl", "pipe.jsonl", "folder.jsonl"}
    assert all(found.values())


@pytest.mark.parametrize("there", ["a.jsonl", "a.run", "a.jsonl.wrong"])
def test_a_name_is_free_when_nothing_beside_it_is_there_either(tmp_path: Path, there: str) -> None:
    (tmp_path / there).touch()
    assert free_name(tmp_path, "a.jsonl") == "a-2.jsonl"


def test_whether_a_file_is_as_it_was_seen_is_also_of_what_can_not_be_read(tmp_path: Path) -> None:
    """Else two workers put the same one aside, and one that was mended meanwhile."""
    for name in "abcd":
        (tmp_path / f"{name}.jsonl").symlink_to(tmp_path / "nowhere")
    (tmp_path / "e.jsonl").touch()
    seen = {file.path.stem: file for file in files_in(tmp_path)}
    (tmp_path / "b.jsonl").unlink()
    (tmp_path / "c.jsonl").unlink()
    (tmp_path / "c.jsonl").write_bytes(b"{}\n")
    (tmp_path / "d.jsonl").unlink()
    (tmp_path / "d.jsonl").mkdir()
    assert [name for name in sorted(seen) if is_as_seen(seen[name])] == ["a", "e"]
    (tmp_path / "nowhere").touch()
    assert not is_as_seen(seen["a"])
