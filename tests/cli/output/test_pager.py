"""A long plan on a terminal, page by page; elsewhere, and a short one, all at once."""

import io
import os
import signal
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr
from pathlib import Path

import pytest

from batcher.cli.output.pager import DEFAULT, PagedText, pager_command
from batcher.emulator import Emulator
from tests.conftest import Command, Ended, change, trigger
from tests.terminal import Terminal, terminal
from tests.waiting import until

Write = Callable[..., Path]
UPDATES = 12
SUM = f"{UPDATES} updates: {UPDATES} changed."
LAST = f"acme/t{UPDATES - 1}"


@pytest.mark.parametrize(
    ("environ", "command"),
    [
        ({}, DEFAULT),
        ({"PAGER": "more -s"}, "more -s"),
        ({"PAGER": "more", "BATCHER_PAGER": "most"}, "most"),
        ({"PAGER": "more", "BATCHER_PAGER": ""}, None),
        ({"PAGER": "cat"}, None),
    ],
)
def test_the_pager_is_the_one_that_the_user_has_named(
    environ: Mapping[str, str], command: str | None
) -> None:
    assert pager_command(environ) == command


async def test_where_there_is_no_terminal_all_goes_out_as_it_comes() -> None:
    out = io.StringIO()
    with redirect_stderr(out):
        paged = PagedText(wanted=True)
        paged.console().print("a line that is as long as it is " * 5)
        assert out.getvalue().count("\n") == 1
        await paged.show()
    assert out.getvalue().count("\n") == 1


async def planned(
    batcher: Command,
    write_lines: Write,
    seen: Terminal,
    *flags: str,
    act: Callable[[int], object] = lambda _: None,
    sees: str = "",
    count: int = UPDATES,
) -> Ended:
    """A plan of so many updates, each told by itself, on a terminal; ``act`` once it is seen."""
    write_lines([change(n) for n in range(count)])
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(count)])
    batcher.environ["TERM"] = "xterm"
    async with emulator as url:
        plan = ("plan", "updates.jsonl", "--endpoint-url", url, "--full", "--no-lint", *flags)
        process = await batcher.start(*plan, stdin=seen.theirs, stderr=seen.theirs)
        if sees:
            await until(lambda: sees in seen.text)
            act(process.pid)
        out, _ = await process.communicate()
    seen.read()
    return Ended(code=process.returncode or 0, out=out.decode(), err=seen.text)


async def test_a_plan_that_is_longer_than_the_terminal_goes_to_the_pager_alone(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    batcher.environ["PAGER"] = "cat > pages.txt"
    pages = tmp_path / "pages.txt"
    with terminal(80, 20) as seen:
        ended = await planned(batcher, write_lines, seen, "--json")
        assert (ended.code, LAST in ended.err, SUM in ended.err) == (0, False, True), ended.err
        assert LAST in pages.read_text()
        assert "\x1b[" in pages.read_text()  # in colour, as on the terminal
        assert f"t{UPDATES - 1}" in ended.out  # standard output has its JSON and nothing else
        assert ended.out.startswith('{"updates"')
        pages.unlink()
        batcher.environ["NO_COLOR"] = "1"
        await planned(batcher, write_lines, seen)
        assert "\x1b[3" not in pages.read_text()
        pages.unlink()
        assert LAST in (await planned(batcher, write_lines, seen, "--no-pager")).err
    with terminal(80, 200) as seen:
        assert LAST in (await planned(batcher, write_lines, seen)).err
    assert not pages.exists()


async def test_a_pager_that_can_not_be_started_is_done_without(
    batcher: Command, write_lines: Write
) -> None:
    batcher.environ["PAGER"] = "there-is-no-such-pager"
    with terminal(100, 20) as seen:
        ended = await planned(batcher, write_lines, seen)
    assert (ended.code, LAST in ended.err, SUM in ended.err) == (0, True, True), ended.err


@pytest.mark.parametrize("way", ["left early", "ended"])
async def test_who_leaves_the_pager_early_gets_the_sum_and_a_signal_ends_both(
    batcher: Command, write_lines: Write, way: str
) -> None:
    with terminal(80, 12) as seen:

        def act(process: int) -> None:
            if way == "left early":
                seen.type("q")
            else:
                os.kill(process, signal.SIGTERM)

        batcher.environ["PAGER"] = "head -n 5; exec sleep 600"
        if way == "left early":
            batcher.environ["PAGER"] = "less"
        ended = await planned(batcher, write_lines, seen, act=act, sees="acme/t0")
    if way == "left early":
        assert (ended.code, SUM in ended.err, LAST in ended.err) == (0, True, False), ended.err
    else:
        assert ended.code == 4, ended.err
