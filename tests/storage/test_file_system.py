"""What this process did not make is never deleted, cut or overwritten."""

import os
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from batcher.errors import DamageError
from batcher.storage import file_system
from batcher.storage.file_system import (
    create_file,
    hidden_name,
    make_directory,
    move,
    open_or_create,
    put_in_place,
    remove,
    remove_directories,
)


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_what_is_made_is_for_its_owner_only_whatever_the_umask(tmp_path: Path) -> None:
    os.close(create_file(tmp_path / "file"))
    os.close(open_or_create(tmp_path / "other"))
    make_directory(tmp_path / "folder")
    assert mode(tmp_path / "file") == mode(tmp_path / "other") == 0o600
    assert mode(tmp_path / "folder") == 0o700


def occupy_with_file(path: Path) -> None:
    path.write_bytes(b"theirs")


def occupy_with_link(path: Path) -> None:
    path.with_name("elsewhere").write_bytes(b"theirs")
    path.symlink_to("elsewhere")


def occupy_with_dangling_link(path: Path) -> None:
    path.symlink_to("nowhere")


def occupy_with_fifo(path: Path) -> None:
    os.mkfifo(path)


def occupy_with_directory(path: Path) -> None:
    path.mkdir()
    (path / "inside").write_bytes(b"theirs")


OCCUPIED = [
    occupy_with_file,
    occupy_with_link,
    occupy_with_dangling_link,
    occupy_with_fifo,
    occupy_with_directory,
]


def contents(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each name, with what it stands for."""
    found = {}
    for path in sorted(folder.rglob("*")):
        state = path.lstat()
        content = path.read_bytes() if stat.S_ISREG(state.st_mode) else b""
        found[str(path.relative_to(folder))] = (state.st_ino, state.st_mode, content)
    return found


@pytest.mark.parametrize("occupy", OCCUPIED)
def test_a_taken_name_is_neither_created_nor_moved_over(
    tmp_path: Path, occupy: Callable[[Path], None]
) -> None:
    occupy(tmp_path / "taken")
    (tmp_path / "mine").write_bytes(b"mine")
    (tmp_path / "my folder").mkdir()
    before = contents(tmp_path)
    with pytest.raises(FileExistsError):
        create_file(tmp_path / "taken")
    with pytest.raises(FileExistsError):
        move(tmp_path / "mine", tmp_path / "taken")
    with pytest.raises(FileExistsError):
        move(tmp_path / "my folder", tmp_path / "taken")
    with pytest.raises(FileExistsError):
        put_in_place(tmp_path / "mine", tmp_path / "taken", replace=False)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("occupy", OCCUPIED[1:])
def test_also_who_may_replace_replaces_a_regular_file_only(
    tmp_path: Path, occupy: Callable[[Path], None]
) -> None:
    occupy(tmp_path / "taken")
    (tmp_path / "mine").write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(OSError, match="no regular file"):
        put_in_place(tmp_path / "mine", tmp_path / "taken", replace=True)
    with pytest.raises(DamageError):
        open_or_create(tmp_path / "taken")
    assert contents(tmp_path) == before


@pytest.fixture(params=["one step", "two steps"])
def rename(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Path, Path], None]:
    if request.param == "one step":
        return move
    return file_system.move_over_own  # where kernel or file system have no such rename


def test_files_and_directories_are_moved(
    tmp_path: Path, rename: Callable[[Path, Path], None]
) -> None:
    (tmp_path / "file").write_bytes(b"mine")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "inside").write_bytes(b"mine")
    rename(tmp_path / "file", tmp_path / "file 2")
    rename(tmp_path / "folder", tmp_path / "folder 2")
    assert (tmp_path / "file 2").read_bytes() == b"mine"
    assert (tmp_path / "folder 2" / "inside").read_bytes() == b"mine"
    assert sorted(os.listdir(tmp_path)) == ["file 2", "folder 2"]


def test_nothing_to_move_leaves_nothing(
    tmp_path: Path, rename: Callable[[Path, Path], None]
) -> None:
    with pytest.raises(FileNotFoundError):
        rename(tmp_path / "nothing", tmp_path / "there")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("occupy", OCCUPIED)
def test_a_move_in_two_steps_replaces_nothing_either(
    tmp_path: Path, occupy: Callable[[Path], None]
) -> None:
    occupy(tmp_path / "taken")
    (tmp_path / "mine").write_bytes(b"mine")
    before = contents(tmp_path)
    with pytest.raises(FileExistsError):
        file_system.move_over_own(tmp_path / "mine", tmp_path / "taken")
    assert contents(tmp_path) == before


def test_directories_are_taken_back_as_far_as_they_were_made_and_are_empty(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    made = make_directory(tmp_path / "a" / "b" / "c" / "d")
    assert [path.name for path in made] == ["b", "c", "d"]
    assert make_directory(tmp_path / "a" / "b") == []
    (tmp_path / "a" / "b" / "theirs").touch()
    remove_directories(made)
    assert contents(tmp_path).keys() == {"a", "a/b", "a/b/theirs"}


def test_hidden_names_are_never_the_same(tmp_path: Path) -> None:
    names = {hidden_name(tmp_path / "plan.jsonl") for _ in range(100)}
    assert (len(names), {name.parent for name in names}) == (100, {tmp_path})
    remove(names.pop())


WRITER = """
import sys
from pathlib import Path
from batcher.errors import OutputExistsError
from batcher.storage.atomic_file import AtomicFile
sys.stdin.read()
try:
    with AtomicFile(Path(sys.argv[1])) as file:
        for _ in range(2000):
            file.write(sys.argv[2].encode() * 50 + b"\\n")
        file.commit()
except OutputExistsError:
    sys.exit(2)
"""


@pytest.mark.parametrize("attempt", range(8))
def test_of_many_processes_with_one_name_exactly_one_wins(tmp_path: Path, attempt: int) -> None:
    path = tmp_path / f"{attempt}.jsonl"
    writers = [
        subprocess.Popen([sys.executable, "-c", WRITER, path, str(n)], stdin=subprocess.PIPE)
        for n in range(5)
    ]
    for writer in writers:  # all of them are loaded, and wait for that
        assert writer.stdin is not None
        writer.stdin.close()
    codes = [writer.wait(60) for writer in writers]
    assert sorted(codes) == [0, 2, 2, 2, 2]
    lines = path.read_bytes().splitlines()
    assert (len(lines), set(lines)) == (2000, {str(codes.index(0)).encode() * 50})
    assert os.listdir(tmp_path) == [path.name]


_LESS_CAPABLE = """
import errno, os, sys
from pathlib import Path
from batcher.storage.file_system import *
from batcher.storage.file_system import OF_THE_HOST
def refused(*_, **__):
    raise OSError(number, os.strerror(number))
folder, number = Path(sys.argv[1]), errno.EPERM
os.chmod = os.fchmod = refused
file = create_file(folder / "file")
make_directory(folder / "directory")
os.umask(0o277)  # so that what is made has not its modes by itself
try:
    create_file(folder / "another")
except PermissionError:
    print("refused")
sync_file(file)
if sys.argv[2] == "fsync":  # as on macOS
    del os.fdatasync
    sync_file(file)
setattr(os, sys.argv[2], refused)
for number in errno.EINVAL, errno.ENOSYS, errno.ENOTSUP:
    try:
        sync_file(file)
    except OSError as error:
        print(error.strerror.partition(" (")[0], error.errno in OF_THE_HOST)
"""


@pytest.mark.parametrize("sync", ["fdatasync", "fsync"])
def test_what_a_file_system_can_not_do_is_done_without_or_told(sync: str, tmp_path: Path) -> None:
    program = [sys.executable, "-c", _LESS_CAPABLE, str(tmp_path), sync]
    said = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert said == "refused\n" + 3 * "this file system can't make content last True\n"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["directory", "file"]
