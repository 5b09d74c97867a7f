"""Progress of a run: a few lines that stand on a terminal, plain or JSON lines elsewhere."""

import os
import sys
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgspec
from rich.console import Console
from rich.live import Live
from rich.text import Text

from batcher.cli.output.bar import TROUBLE, WELL, bar_text
from batcher.cli.output.echo import echo
from batcher.cli.output.json_lines import JsonLines, machine_stream
from batcher.cli.output.progress_lines import block, plain_lines, state_lines
from batcher.jobs.progress_snapshot import ProgressSnapshot
from batcher.jobs.run_progress import ProgressMeter
from batcher.ports import Clock

EVERY_LIVE = 0.2  # seconds between two drawings, and
COST = 50  # times as long as one takes
EVERY_PLAIN = 5.0  # seconds between lines at first
SPARSER = 1 / 60  # of the time that a run has taken, and
SPARSEST = 300.0  # seconds
TARGETS_TOLD = 5  # that are not well, a line each
TARGETS_IN_JSON = 100
DRAWS_NOTHING = ("", "dumb", "unknown")  # terminals that can't move their cursor


def draws(form: str) -> bool:
    """Whether lines that stand are drawn. ``form``: how progress was asked for."""
    if form == "bar":
        return sys.stderr.isatty()
    return form == "auto" and sys.stderr.isatty() and not is_dumb()


def is_dumb() -> bool:
    return os.environ.get("TERM", "").lower() in DRAWS_NOTHING


async def show_progress(meter: ProgressMeter, clock: Clock, form: str) -> None:
    """Show on standard error how far a run is. Runs until it is cancelled."""
    if form == "none":
        return
    with suppress(OSError):  # nobody reads it any more: no reason to stop the run
        if (stream := machine_stream()) is not None:
            await _show_json(stream, meter, clock)
        elif draws(form):
            await _show_block(meter, clock)
        else:
            await _show_lines(meter, clock)


def say_state(meter: ProgressMeter, clock: Clock) -> None:
    """Say once where a run stands, with all its targets."""
    found = meter.read(clock.now())
    with suppress(OSError):
        if (stream := machine_stream()) is not None:
            stream.put("progress", as_json(found))
            return
        for line in state_lines(found):
            echo(line, err=True)


def as_json(found: ProgressSnapshot) -> dict[str, Any]:
    """What programs are told of it, and ``ctl status --json`` has."""
    members: dict[str, Any] = msgspec.to_builtins(found.brief(TARGETS_IN_JSON))
    return members


def pauses(began: float, now: float) -> float:
    """Seconds up to the next line: of a run that takes days there are not too many."""
    return min(SPARSEST, max(EVERY_PLAIN, SPARSER * (now - began)))


async def _show_lines(meter: ProgressMeter, clock: Clock) -> None:
    began = clock.now()
    while True:
        await clock.sleep(pauses(began, clock.now()))
        for line in plain_lines(meter.read(clock.now()), targets=TARGETS_TOLD):
            echo(line, err=True)


async def _show_json(stream: JsonLines, meter: ProgressMeter, clock: Clock) -> None:
    began = clock.now()
    try:
        while True:
            stream.put("progress", as_json(meter.read(clock.now())))
            await clock.sleep(pauses(began, clock.now()))
    finally:
        stream.put("progress", as_json(meter.read(clock.now())))


async def _show_block(meter: ProgressMeter, clock: Clock) -> None:
    console = Console(stderr=True, highlight=False)
    # standard output is for data, also while something stands here
    with Live(console=console, auto_refresh=False, redirect_stdout=False) as live:

        def show() -> float:
            began = clock.now()
            live.update(block_text(meter.read(began), console), refresh=True)
            return clock.now() - began

        try:
            while True:
                await clock.sleep(max(EVERY_LIVE, COST * show()))
        finally:
            show()


def block_text(found: ProgressSnapshot, console: Console) -> Text:
    """The lines that stand on a terminal, as wide and as high as that is."""
    width, height = console.size
    return Text("\n").join(_drawn(found, max(1, width - 1), max(1, height - 2), console.encoding))


def _drawn(found: ProgressSnapshot, width: int, height: int, encoding: str) -> Iterator[Text]:
    first, *others = block(found, width, height)
    trouble = found.failed > 0 or found.away is not None
    done = found.done / found.total if found.total else 1.0
    line = Text(first, no_wrap=True, overflow="crop")
    bar = bar_text(done, width - line.cell_len - 2, encoding=encoding)
    if bar:
        line.append("  ").append(bar, TROUBLE if trouble else WELL)
    yield line
    for other in others:
        yield Text(other, "dim", no_wrap=True, overflow="crop")
