"""A process killed at each of its file operations in turn, in a child made by fork.

A write is cut in half before the kill. Reads are no points: what comes before them is the same.
"""

import os
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from typing import Any

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
EVENTS = {"os.rename", "os.remove", "os.link", "os.truncate", "os.mkdir", "os.rmdir", "os.utime"}


def kill_points(act: Callable[[], object]) -> Iterator[int]:
    """Act again and again, each time killed at a later operation, until it comes to its end.

    Yields the number of the operation after each kill, and nothing after the end. What ``act``
    finds has to be put back as it was by whoever takes these.
    """
    for point in count(1):
        if not is_killed_at(point, act):
            return
        yield point


def is_killed_at(point: int, act: Callable[[], object]) -> bool:
    """Act in a child that is killed at that operation; False when it came to its end before."""
    child = os.fork()
    if not child:
        code = 70
        try:
            _arm(point)
            act()
            code = 0
        finally:
            os._exit(code)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed in the child"
    return False


def _arm(point: int) -> None:
    left = point

    def strike() -> bool:
        nonlocal left
        left -= 1
        return left == 0

    def die() -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def hear(event: str, arguments: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING
        if (writes or event in EVENTS) and strike():
            die()

    def wrapped(operation: Callable[..., Any], *, halved: bool = False) -> Callable[..., Any]:
        def call(file: int, *more: Any) -> Any:
            if strike():
                if halved:
                    operation(file, bytes(more[0])[: len(more[0]) // 2])
                die()
            return operation(file, *more)

        return call

    sys.addaudithook(hear)
    os.write = wrapped(os.write, halved=True)
    os.fsync, os.fdatasync = wrapped(os.fsync), wrapped(os.fdatasync)
    os.ftruncate = wrapped(os.ftruncate)
