"""Where nothing is at work, or elsewhere, it is told what to do."""

import os
import socket
import threading
from pathlib import Path

import pytest

from batcher.control.client import tell
from batcher.control.messages import ControlRequest
from batcher.errors import ControlError
from batcher.storage.file_system import create_socket
from batcher.storage.run_directory import RunDirectory

STATUS = ControlRequest(command="status")


def test_a_run_that_is_not_there_or_was_killed_is_told_as_that(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "u.run")
    for make in (lambda: None, run.path.mkdir, lambda: create_socket(run.control).close()):
        make()
        with pytest.raises(ControlError, match="nothing is at work there"):
            tell(run.path, STATUS)
    run.lock.write_text(f"process {os.getpid()} on {socket.gethostname()}")
    run.lock.chmod(0o600)
    with pytest.raises(ControlError, match="nothing is at work there"):
        tell(run.path, STATUS)


def test_a_run_on_another_host_is_named_with_that_host(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path / "u.run")
    run.path.mkdir()
    create_socket(run.control).close()
    run.lock.write_text("process 17 on elsewhere.example")
    with pytest.raises(ControlError, match="held by process 17 on elsewhere"):
        tell(run.path, STATUS)


def test_what_answers_and_is_no_batcher_is_told_as_that(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with create_socket(path) as listening:
        listening.setblocking(True)

        def answer() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                connection.shutdown(socket.SHUT_WR)
                connection.recv(100)

        thread = threading.Thread(target=answer)
        thread.start()
        with pytest.raises(ControlError, match="what answers there is no batcher"):
            tell(path, STATUS)
        thread.join()
