"""A process that has imported all of batcher and forks for each command that it is asked for.

Importing, reading the models of AWS and taking all of it to pieces again is most of what a short
command costs; the tests start a thousand. A child is what ``python -m batcher`` is after its
imports: its own arguments, environment, directory, umask and standard streams. It ends as any
program of Python, but for the destructors of what the server has made.

Asked over a socket (``tests.forked_process``): JSON with arguments, environ, folder and umask, and
the descriptors for standard input, output, error and for what becomes of the child: its process id
once all is as asked and, when it has ended, its exit code (minus the signal's number), a line each.
"""

import atexit
import contextlib
import gc
import json
import logging
import os
import runpy
import select
import signal
import socket
import sys
from importlib import import_module
from pkgutil import walk_packages
from types import FrameType
from typing import Any

import anyio

import batcher
from batcher.aws.credentials import open_session
from batcher.aws.service_model import SERVICE, model_loader
from batcher.report.html import render
from batcher.report.run_report import RunReport
from batcher.updates.aws_messages import AwsMessages
from batcher.wiring.line_readers import installed_update_model
from tests.report.filled_records import Filled

ASKED_AT_MOST = 1 << 20  # bytes of one request
TOLD = 3  # the descriptor, in a child
DESCRIPTORS = 4


def serve(control: socket.socket) -> dict[str, Any] | None:
    """Fork for each request. Returns it in each child, and None here once nobody asks any more."""
    woken, wake = os.pipe()
    os.set_blocking(woken, False)
    os.set_blocking(wake, False)
    signal.signal(signal.SIGCHLD, _nothing)
    signal.set_wakeup_fd(wake)
    told: dict[int, int] = {}  # by process id: where its end is told
    while True:
        ready, _, _ = select.select([control.fileno(), woken], [], [])
        if woken in ready:
            _tell_ends(woken, told)
        if control.fileno() not in ready:
            continue
        text, given, _, _ = socket.recv_fds(control, ASKED_AT_MOST, DESCRIPTORS)
        if not text:
            for process in told:  # left by a test that failed
                os.kill(process, signal.SIGKILL)
            return None
        process = os.fork()
        if process == 0:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            control.detach()  # it is closed below, and its number may be another file's after that
            for number, descriptor in enumerate(given):
                os.dup2(descriptor, number)
            os.closerange(DESCRIPTORS, os.sysconf("SC_OPEN_MAX"))
            request: dict[str, Any] = json.loads(text)
            return request
        *streams, told[process] = given
        for descriptor in streams:
            os.close(descriptor)


def become(request: dict[str, Any]) -> None:
    """Run batcher as the request has it, in this process."""
    os.chdir(request["folder"])
    os.umask(request["umask"])
    os.environ.clear()
    os.environ.update(request["environ"])
    sys.argv = ["batcher", *request["arguments"]]
    sys.stdin = os.fdopen(0, encoding="utf-8", errors="surrogateescape")
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", errors="surrogateescape")
    sys.stderr = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace")
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    _tell(TOLD, os.getpid())
    os.close(TOLD)
    try:
        runpy.run_module("batcher", run_name="__main__", alter_sys=True)
    except SystemExit as ending:
        _ending.append(ending.code)
        raise


_ending: list[Any] = []  # the exit code of a child that ends by itself


def end_at_once() -> None:
    """What Python does at an exit, but for taking to pieces what the server has imported.

    Called as the last of all that is to be called at the exit. Other ends are left to Python.
    """
    if _ending and isinstance(_ending[0], int):
        gc.collect()  # destructors
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_ending[0])


async def read_models() -> None:
    """Have in memory what a command that connects reads of the installed botocore."""
    AwsMessages(installed_update_model().constants).keep("")
    for service in (SERVICE, "sts", "sqs", "s3"):
        session = open_session(None, model_loader(), "eu-west-1")
        session.set_credentials("AKIDEXAMPLE", "secret")
        async with session.create_client(service, endpoint_url="http://127.0.0.1:9"):
            pass


def _tell_ends(woken: int, told: dict[int, int]) -> None:
    with contextlib.suppress(BlockingIOError):
        os.read(woken, 4096)
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            process, status = ended
            where = told.pop(process)
            _tell(where, os.waitstatus_to_exitcode(status))
            os.close(where)


def _tell(where: int, number: int) -> None:
    with contextlib.suppress(BrokenPipeError):  # the test has ended
        os.write(where, b"%d\n" % number)


def _nothing(_: int, __: FrameType | None) -> None:
    """A signal that only wakes."""


if __name__ == "__main__":
    atexit.register(end_at_once)
    for module in walk_packages(batcher.__path__, "batcher."):
        if module.name != "batcher.__main__":
            import_module(module.name)
    anyio.run(read_models)
    render(
        Filled().record(RunReport)
    )  # its templates are compiled once, not by each run at its end
    gc.collect()
    gc.freeze()
    if (asked := serve(socket.socket(fileno=int(sys.argv[1])))) is not None:
        become(asked)
