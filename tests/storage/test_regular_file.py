"""Only regular files of this user are opened; whatever else has the name is named, and no hang."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.errors import DamageError
from batcher.storage.regular_file import (
    DOCUMENT_AT_MOST,
    open_regular,
    read_document,
    refuse_irregular,
)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))


def _link(path: Path) -> None:
    (path.parent / "real").write_text("x")
    path.symlink_to(path.parent / "real")


KINDS: dict[str, Callable[[Path], None]] = {
    "a FIFO": os.mkfifo,
    "a directory": Path.mkdir,
    "a symbolic link": _link,
    "a symbolic link to nothing": lambda path: path.symlink_to("nowhere"),
    "a symbolic link to a device": lambda path: path.symlink_to("/dev/zero"),
    "a socket": _socket,
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("flags", [os.O_RDONLY, os.O_RDWR | os.O_CREAT])
def test_what_is_no_regular_file_is_refused_by_its_kind(
    tmp_path: Path, kind: str, flags: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # the name of a socket has to be short
    path = Path("x")
    KINDS[kind](path)
    for look in (lambda: open_regular(path, flags), lambda: refuse_irregular(path)):
        with pytest.raises(DamageError, match=f"x: {kind.split(' to ')[0]}, not a regular file"):
            look()


def test_a_device_is_refused() -> None:
    for name in ("/dev/zero", "/dev/full"):
        with pytest.raises(DamageError, match="a device, not a regular file"):
            read_document(Path(name))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_text("{}")
    os.chown(path, 12345, -1)
    with pytest.raises(DamageError, match=r"belongs to another user \(uid 12345\)"):
        read_document(path)


def test_a_regular_file_is_read_and_one_that_is_not_there_is_made(tmp_path: Path) -> None:
    path = tmp_path / "x"
    refuse_irregular(path)
    with pytest.raises(FileNotFoundError):
        read_document(path)
    os.close(open_regular(path, os.O_RDWR | os.O_CREAT))
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_bytes(b"{}")
    assert read_document(path) == b"{}"


def test_a_document_that_is_too_large_is_refused_and_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.touch()
    os.truncate(path, 100 * DOCUMENT_AT_MOST)  # sparse
    with pytest.raises(DamageError, match="larger than"):
        read_document(path)
