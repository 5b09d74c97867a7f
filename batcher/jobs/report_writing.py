"""A report written: in one of its formats, to a file or to standard output, or at a run's end."""

import json
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Literal, TypeAlias, assert_never

import anyio.to_thread
import msgspec

from batcher.errors import BatcherError
from batcher.jobs.report import RunReporter
from batcher.jobs.report_journal import go_on
from batcher.report.html import render
from batcher.report.junit import junit_xml
from batcher.report.markdown import report_markdown
from batcher.report.run_report import RunReport
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.run_directory import RunDirectory

ReportFormat: TypeAlias = Literal["html", "json", "markdown", "junit"]
BLOCK = 1 << 16  # characters written at once


class NotWantedError(Exception):
    """Nobody waits for the report any more."""


def write_report(
    run: Path,
    kind: ReportFormat,
    out: Path | None = None,
    *,
    replace: bool = False,
    check: Callable[[], None] = go_on,
) -> RunReport:
    """Write the report on a run; ``out``: None for standard output. ``check`` as in RunReporter.

    Raises RunDirectoryError, DamageError, OutputError, OutputExistsError.
    """
    reporter = RunReporter(run, check)
    report = reporter.report()
    with AtomicFile(out, replace=replace) as file:
        for block in _blocks(_pieces(kind, report, reporter)):
            file.write(block)
            check()
        file.commit()
    return report


async def write_ending(run: Path) -> tuple[Path | None, str | None]:
    """Write ``report.html`` into the directory of a run that has ended.

    Returns where it is, or why there is none, in words: no run ends otherwise for it. Cancelled, it
    leaves what was there.
    """
    over = threading.Event()
    try:
        write = partial(_write_ending, run, over)
        return await anyio.to_thread.run_sync(write, abandon_on_cancel=True)
    finally:
        over.set()


def _write_ending(run: Path, over: threading.Event) -> tuple[Path | None, str | None]:
    def check() -> None:
        if over.is_set():
            raise NotWantedError

    path = RunDirectory(run).report
    try:
        write_report(run, "html", path, replace=True, check=check)
    except NotWantedError:
        return None, None
    except (BatcherError, OSError) as error:
        return None, str(error).removesuffix(".")
    except Exception as error:
        return None, f"a defect: {type(error).__name__}"
    return path, None


def _pieces(kind: ReportFormat, report: RunReport, reporter: RunReporter) -> Iterator[str]:
    match kind:
        case "html":
            yield render(report)
        case "json":
            # in ASCII: a path may have bytes that are no UTF-8
            yield json.dumps(msgspec.to_builtins(report), indent=2) + "\n"
        case "markdown":
            yield report_markdown(report)
        case "junit":
            yield from junit_xml(report, reporter.results(), reporter.not_started())
        case _:
            assert_never(kind)


def _blocks(pieces: Iterator[str]) -> Iterator[bytes]:
    """Some pieces at a time; half a surrogate pair, which UTF-8 can't say, is a question mark."""
    held, size = list[str](), 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= BLOCK:
            yield "".join(held).encode(errors="replace")
            held, size = [], 0
    yield "".join(held).encode(errors="replace")
