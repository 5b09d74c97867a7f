"""Standard output arrives whole or is an error; standard error holds nothing up."""

import io
import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.cli.output.standard_streams import StandardError, StandardInput, StandardOutput
from batcher.errors import OutputError


def fill(end: int) -> int:
    """How many bytes nobody reads fit."""
    taken = 0
    try:
        while True:
            taken += os.write(end, b"x" * 4096)
    except BlockingIOError:
        return taken


def read_all(end: int) -> bytes:
    with open(end, "rb", closefd=False) as file:
        return file.read()


@pytest.mark.parametrize("blocking", [False, True])
def test_a_slow_reader_gets_all_of_it_in_order(blocking: bool) -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, blocking)
    content = os.urandom(400_000)
    got: list[bytes] = []
    reader = threading.Thread(target=lambda: got.append(read_all(reading)))
    out = io.BufferedWriter(StandardOutput(writing))
    out.write(content[:10])
    reader.start()
    out.write(content[10:])
    out.flush()
    os.close(writing)
    reader.join()
    os.close(reading)
    assert got == [content]


@pytest.mark.parametrize("room", [0, 1, 4095, 4096, 4097, 9_000])
def test_what_does_not_fit_is_an_error_and_nothing_comes_after_it(
    room: int, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with path.open("wb") as file:
        out = io.BufferedWriter(StandardOutput(file.fileno()), 10_000)
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
            out.write(b"a" * 9_001)
            with pytest.raises(OutputError, match="standard output: can't be written: File too"):
                out.flush()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
        out.write(b"b")
        out.close()
    assert path.read_bytes() == b"a" * room


def test_a_reader_that_has_gone_is_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with pytest.raises(OutputError, match="standard output: can't be written: Broken pipe"):
        StandardOutput(writing).write(b"line\n")
    os.close(writing)


def test_standard_error_that_nobody_reads_is_left_out_until_somebody_does() -> None:
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    err = StandardError(writing, patience=0.01)
    held = fill(writing)
    assert err.write(b"y" * 9_000) == 9_000
    assert err.patience == 0.0, "only the first one is waited for"
    assert len(os.read(reading, held + 9_000)) == held
    assert err.write(b"again\n") == 6
    os.close(writing)
    assert read_all(reading) == b"again\n"
    os.close(reading)


@pytest.mark.parametrize("close", [True, False])
def test_standard_error_that_can_not_be_written_is_no_error(close: bool) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    if close:
        os.close(writing)
    assert StandardError(writing).write(b"line\n") == 5
    if not close:
        os.close(writing)


def test_input_that_comes_late_to_a_descriptor_that_does_not_block_is_waited_for() -> None:
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    asked = threading.Event()

    class Asked(StandardInput):
        def _is_ready(self, event: int) -> bool:
            asked.set()
            return super()._is_ready(event)

    def write() -> None:
        for part in (b"one\n", b"two\n"):
            asked.wait()
            asked.clear()
            os.write(writing, part)
        os.close(writing)

    writer = threading.Thread(target=write)
    writer.start()
    assert io.BufferedReader(Asked(reading)).read(1 << 18) == b"one\ntwo\n"
    writer.join()
    os.close(reading)


def closed(*descriptors: int) -> Callable[[], None]:
    """A ``preexec_fn`` that closes them."""

    def close() -> None:
        for each in descriptors:
            os.close(each)

    return close


def run(program: str, before: Callable[[], None], **more: str) -> subprocess.CompletedProcess[str]:
    """A program with the standard streams of a command."""
    lines = "from batcher.cli.output.standard_streams import open_standard_streams as opened\n"
    return subprocess.run(
        [sys.executable, "-c", f"{lines}opened()\nimport os, sys\n{program}"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(Path.cwd()), **more},
        capture_output=True,
        text=True,
        encoding="utf-8",
        preexec_fn=before,
        timeout=60,
    )


def test_no_file_gets_the_number_of_a_stream_that_was_closed() -> None:
    ended = run(
        "file = os.open(os.devnull, os.O_RDWR)\n"
        "print('not to be seen', file=sys.stderr)\n"
        "try: sys.stdin.read()\n"
        "except OSError as error: print(file, error.strerror, flush=True)",
        closed(0, 2),
    )
    assert (ended.returncode, ended.stdout) == (0, "3 Bad file descriptor\n")


@pytest.mark.parametrize(
    "environ",
    [
        {"LC_ALL": "C"},
        {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"},
        {"PYTHONIOENCODING": "ascii:strict"},
    ],
)
def test_any_text_can_be_written_whatever_the_locale(environ: dict[str, str]) -> None:
    ended = run(
        r"for out in sys.stdout, sys.stderr: print('\xe9 \u89e6 \udcff', file=out, flush=True)",
        lambda: None,
        **environ,
    )
    assert (ended.returncode, ended.stdout) == (0, "é 触 \\udcff\n")
    assert ended.stderr.endswith("\\udcff\n")
