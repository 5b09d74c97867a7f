"""Which directories a run may use; in one that it may not, nothing is touched."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.errors import BatcherError
from batcher.storage.directory_check import refuse_foreign_directory
from batcher.storage.run_directory import RunDirectory
from tests.storage.test_file_system import contents


def with_files(*names: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.mkdir()
        for name in names:
            (path / name).write_bytes(b"theirs")

    return make


def with_lock(content: bytes, *names: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        with_files(*names)(path)
        (path / "lock").write_bytes(content)

    return make


def with_link(path: Path) -> None:
    path.mkdir()
    path.with_name("elsewhere").write_bytes(b"theirs")
    (path / "lock").symlink_to("../elsewhere")


def of_another_user(path: Path) -> None:
    path.mkdir()
    os.chown(path, 12345, 12345)


def link_of_another_user(path: Path) -> None:
    path.with_name("elsewhere").mkdir()
    path.symlink_to("elsewhere")
    os.lchown(path, 12345, 12345)


def for_all_to_write(path: Path) -> None:
    path.mkdir()
    path.chmod(0o777)


FOREIGN = {
    "a file": lambda path: path.write_bytes(b"theirs"),
    "a FIFO": os.mkfifo,
    "a dangling link": lambda path: path.symlink_to("nowhere"),
    "other names": with_files("notes.txt"),
    "names of a run": with_files("input.jsonl", "before.jsonl", "lock"),
    "results only": with_files("results.jsonl"),
    "an input only": with_files("input.jsonl"),
    "a log only": with_files("log.jsonl"),
    "a lock of something else": with_files("lock"),
    "a lock of something else in a run": with_files("lock", "run.json"),
    "an input and an empty lock": with_lock(b"", "input.jsonl"),
    "a held lock and books": with_lock(b"process 7 on host", "results.jsonl"),
    "a lock that is a link": with_link,
}
OF_OTHERS = {
    "a directory of another user": of_another_user,
    "a link of another user": link_of_another_user,
    "a directory for all to write": for_all_to_write,
}


def attack(tmp_path: Path, make: Callable[[Path], object]) -> None:
    place = tmp_path / "place"
    make(place)
    before = contents(tmp_path)
    with pytest.raises(BatcherError, match="place"), RunDirectory(place):
        pass
    with pytest.raises((BatcherError, OSError), match="place"):
        refuse_foreign_directory(place)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("kind", FOREIGN)
def test_a_place_of_something_else_is_refused_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    attack(tmp_path, FOREIGN[kind])


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("kind", OF_OTHERS)
def test_a_place_of_others_is_refused_and_left_as_it_is(tmp_path: Path, kind: str) -> None:
    attack(tmp_path, OF_OTHERS[kind])


@pytest.mark.parametrize(
    "make",
    [
        lambda path: None,
        with_files(),
        with_lock(b""),
        with_lock(b"process 7 on host.example", "input.jsonl", ".batcher-0123.new"),
        with_lock(b"process 7 on host.example", "input.jsonl", "log.jsonl"),
        lambda path: (path.with_name("real").mkdir(), path.symlink_to("real")),
    ],
    ids=[
        "nothing",
        "empty",
        "killed at once",
        "killed before it began",
        "killed as it began",
        "a link of one's own",
    ],
)
def test_what_a_run_may_use_is_as_before_when_none_was_begun(
    tmp_path: Path, make: Callable[[Path], object]
) -> None:
    place = tmp_path / "place"
    make(place)
    before = contents(tmp_path).keys()
    with RunDirectory(place) as directory:
        assert directory.in_place
    assert contents(tmp_path).keys() == before
