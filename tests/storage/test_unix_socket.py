"""Sockets of paths of any length, and of this user only."""

import os
import socket
from pathlib import Path

import pytest

from batcher.errors import DamageError
from batcher.storage.file_system import create_socket
from batcher.storage.unix_socket import connect_socket


def test_a_socket_may_have_a_long_path_and_is_its_owners_only(tmp_path: Path) -> None:
    folder = tmp_path / ("d" * 120) / "run"
    folder.mkdir(parents=True)
    before = os.umask(0)
    try:
        listening = create_socket(folder / "control.sock")
    finally:
        os.umask(before)
    with listening, connect_socket(folder / "control.sock", 1.0) as connection:
        connection.sendall(b"x")
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.recv(1) == b"x"
        assert (folder / "control.sock").lstat().st_mode & 0o777 == 0o600


def test_one_that_was_left_there_goes_and_nothing_else_does(tmp_path: Path) -> None:
    path, other = tmp_path / "control.sock", tmp_path / "file"
    create_socket(path).close()
    with pytest.raises(ConnectionRefusedError):
        connect_socket(path, 1.0)
    create_socket(path).close()
    path.unlink()
    other.write_text("precious")
    for plant in (lambda: path.symlink_to(other), lambda: path.write_text("planted"), path.mkdir):
        plant()
        for use in (lambda: create_socket(path), lambda: connect_socket(path, 1.0)):
            with pytest.raises(DamageError, match="is no socket, and stays as it is"):
                use()
        assert path.exists()
        path.rename(tmp_path / f"was-{path.lstat().st_ino}")
    assert other.read_text() == "precious"


def test_a_name_that_the_kernel_does_not_take_is_an_error_of_the_system(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="too long"):
        create_socket(tmp_path / ("n" * 150))
    with pytest.raises(FileNotFoundError):
        connect_socket(tmp_path / "none" / "control.sock", 1.0)
    assert socket.AF_UNIX
