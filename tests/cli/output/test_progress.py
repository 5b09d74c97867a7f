"""Progress in each of its forms, on a terminal and elsewhere; what it costs a reader of lines."""

import io
import json
from collections.abc import Callable
from contextlib import redirect_stderr
from typing import Any

import anyio
import msgspec
import pyte
import pytest
from rich.console import Console

from batcher.cli.output.json_lines import JsonLines
from batcher.cli.output.progress import (
    EVERY_PLAIN,
    SPARSEST,
    block_text,
    pauses,
    say_state,
    show_progress,
)
from batcher.clock import SystemClock
from batcher.jobs.progress_snapshot import ProgressSnapshot
from batcher.testing import LoopClock, in_virtual_time
from tests.cli.output.snapshots import snapshot, target

DAY = 86400.0


class Meter:
    """A run that stands where it does."""

    def __init__(self, found: ProgressSnapshot) -> None:
        self.found = found

    def read(self, now: float) -> ProgressSnapshot:
        return msgspec.structs.replace(self.found, seconds=now)


def shown_for(
    seconds: float, form: str = "auto", wrap: Callable[[io.StringIO], Any] = lambda out: out
) -> str:
    """What goes to standard error, which is no terminal, in so many seconds."""

    async def scenario() -> None:
        with anyio.move_on_after(seconds):
            await show_progress(Meter(snapshot()), LoopClock(), form)

    out = io.StringIO()
    with redirect_stderr(wrap(out)):
        in_virtual_time(scenario())
    return out.getvalue()


@pytest.mark.parametrize("form", ["auto", "plain", "bar"])
def test_without_a_terminal_there_is_a_plain_line_every_few_seconds(form: str) -> None:
    lines = shown_for(3.5 * EVERY_PLAIN, form).splitlines()
    assert len(lines) == 3
    assert all(line.startswith("progress: done 4800/9600, failed 12, ") for line in lines)


def test_who_wants_none_gets_none() -> None:
    assert shown_for(100.0, "none") == ""


def test_of_a_run_that_takes_days_there_are_fewer_and_fewer_lines() -> None:
    at, count = 0.0, 0
    while at < 3 * DAY:
        at, count = at + pauses(0.0, at), count + 1
    assert count < 1200
    assert (pauses(0.0, 0.0), pauses(0.0, 600.0), pauses(0.0, DAY)) == (EVERY_PLAIN, 10.0, SPARSEST)


def test_as_json_there_is_an_object_a_line_from_the_start_to_the_end() -> None:
    said = [
        json.loads(line)
        for line in shown_for(2.5 * EVERY_PLAIN, "json", JsonLines).split("\n")[:-1]
    ]
    assert [each["seconds"] for each in said] == [0.0, 5.0, 10.0, 12.5]
    for each in said:
        assert each.pop("type") == "progress"
        msgspec.convert(each, ProgressSnapshot)
        assert each.keys() == set(ProgressSnapshot.__struct_fields__)


@pytest.mark.parametrize("wrap", [lambda out: out, JsonLines])
def test_that_nobody_reads_it_any_more_is_no_reason_to_stop_the_run(
    wrap: Callable[[io.StringIO], Any],
) -> None:
    class Gone(io.StringIO):
        """Standard error whose reader is gone."""

        def write(self, text: str) -> int:
            raise BrokenPipeError

    with redirect_stderr(wrap(Gone())):
        say_state(Meter(snapshot()), SystemClock())
        in_virtual_time(show_progress(Meter(snapshot()), LoopClock(), "auto"))


def test_the_state_is_told_with_all_targets_whoever_they_are() -> None:
    targets = tuple(target(f"t{n}") for n in range(150))
    out = io.StringIO()
    with redirect_stderr(out):
        say_state(Meter(snapshot(targets=targets)), SystemClock())
    assert out.getvalue().count("\ntarget t") == 150
    with redirect_stderr(JsonLines(out)):
        say_state(Meter(snapshot(targets=targets)), SystemClock())
    told = json.loads(out.getvalue().splitlines()[-1])
    assert (len(told["targets"]), told["more_targets"], told["more_well"]) == (100, 50, 50)


def looks(width: int, height: int = 24, **environ: str) -> tuple[str, list[str]]:
    """What is written for a terminal of that size, and what a person sees there."""
    out = io.StringIO()
    console = Console(
        file=out, width=width, height=height, force_terminal=True, _environ=environ or None
    )
    targets = (target("prod-eu", failed=2), *(target(f"注文{n}") for n in range(9)))
    console.print(block_text(snapshot(targets=targets), console))
    screen = pyte.Screen(width, height)
    pyte.Stream(screen).feed(out.getvalue().replace("\n", "\r\n"))
    return out.getvalue(), [line.rstrip() for line in screen.display]


@pytest.mark.parametrize("width", [1, 20, 40, 60, 80, 200])
@pytest.mark.parametrize("height", [3, 6, 24])
def test_at_any_size_it_is_a_few_lines_that_fit(width: int, height: int) -> None:
    _, lines = looks(width, height)
    seen = [line for line in lines if line]
    assert len(seen) <= max(1, height - 2)
    if width >= 40:
        assert seen[0].startswith("4,800/9,600 done (50 %), 12 failed")
        assert not any(line[0] == " " for line in seen)


def test_colour_is_not_the_only_sign_and_goes_where_it_is_not_wanted() -> None:
    coloured, seen = looks(80, TERM="xterm", COLORTERM="truecolor")
    plain, same = looks(80, TERM="xterm", NO_COLOR="1")
    assert "\x1b[31m" in coloured
    assert "\x1b[3" not in plain
    assert seen == same
    assert "12 failed" in plain
