"""A file that is replaced is the old one or the new one, whatever goes wrong in between."""

import resource
from pathlib import Path

import pytest

from batcher.errors import OutputError
from batcher.storage.atomic_file import AtomicFile, write_atomically, write_json
from batcher.storage.file_system import sync_directory


def test_what_is_committed_replaces_the_file_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_atomically(path, b"old")
    write_json(path, {"rate": 5, "names": ["a"]})
    assert path.read_text() == '{\n  "rate": 5,\n  "names": [\n    "a"\n  ]\n}\n'
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["a.json"]


def test_before_it_is_committed_nobody_sees_anything_and_afterwards_nothing_is_left(
    tmp_path: Path,
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old")
    with AtomicFile(path, replace=True) as file:
        file.write(b"new\n")
        assert path.read_bytes() == b"old"
    assert [each.name for each in tmp_path.iterdir()] == ["a.jsonl"]
    assert path.read_bytes() == b"old"


def test_a_full_disk_leaves_the_old_file_and_says_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b"old")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(OutputError, match=r"a\.jsonl: can't be written: .*another place"):
            write_atomically(path, b"x" * 1000, replace=True)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.name for each in tmp_path.iterdir()] == ["a.jsonl"]
    assert path.read_bytes() == b"old"


def test_a_place_that_is_not_there_is_an_error_that_names_it(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"missing/a\.jsonl: can't be written"):
        write_atomically(tmp_path / "missing" / "a.jsonl", b"")
    with pytest.raises(FileNotFoundError):
        sync_directory(tmp_path / "missing")


def test_without_a_path_it_is_standard_output(capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    with AtomicFile(None) as file:
        file.write(b"line\n")
        file.commit()
    assert capfdbinary.readouterr().out == b"line\n"
