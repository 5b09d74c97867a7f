"""Progress of a run as a person sees it on a terminal, and as a program reads it from a pipe."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator
from tests.conftest import Command, change, trigger
from tests.terminal import terminal
from tests.waiting import until

Write = Callable[..., Path]
UPDATES = 40


@pytest.fixture
def emulator() -> Emulator:
    emulator = Emulator(latency=(0.0, 0.01))
    emulator.seed([trigger(n) for n in range(UPDATES - 2)])  # two are missing
    return emulator


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
async def test_on_a_terminal_of_any_width_it_stands_below_what_is_said_and_is_never_torn(
    batcher: Command, write_lines: Write, emulator: Emulator, columns: int
) -> None:
    write_lines([change(n) for n in range(UPDATES)])
    batcher.environ["TERM"] = "xterm-256color"
    with terminal(columns, 60) as seen:
        async with emulator as url:
            flags = ("--endpoint-url", url, "--rate", "40", "--yes", "--json")
            process = await batcher.start("run", "updates.jsonl", *flags, stderr=seen.theirs)
            await until(lambda: f"/{UPDATES} done" in seen.text)
            process.send_signal(signal.SIGUSR1)
            await until(lambda: "progress: done" in seen.text)
            if columns == 80:
                seen.resize(50, 60)
            out, _ = await process.communicate()
        await until(lambda: "Log:" in seen.text or "log.jsonl" in seen.text.replace("\n", ""))
    lines, text = seen.lines, seen.text
    bars = [n for n, line in enumerate(lines) if line.startswith(f"{UPDATES}/{UPDATES} done")]
    assert len(bars) == 1, text  # one block stands there, in its last state
    at = bars[0]
    assert lines[at].startswith(f"{UPDATES}/{UPDATES} done (100 %), 2 failed")
    assert lines[at + 1].startswith("all done after ")
    assert any(line.startswith("ResourceNotFoundException 2") for line in lines[at:])
    assert sum(" done (" in line for line in lines) == 1, text
    told = next(n for n, line in enumerate(lines) if line.startswith("progress: done"))
    assert told < at  # what was said in between stands above it, on lines of its own
    assert json.loads(out)["total"] == UPDATES  # standard output has nothing of it


async def test_colour_goes_with_no_color_and_a_dumb_terminal_gets_plain_lines(
    batcher: Command, write_lines: Write, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(2)])
    run = ("run", "updates.jsonl", "--yes", "--rate", "1000")
    async with emulator as url:
        for number, (environ, moves, colours) in enumerate(
            [
                ({"TERM": "xterm"}, True, True),
                ({"TERM": "xterm", "NO_COLOR": "1"}, True, False),
                ({"TERM": "dumb"}, False, False),
            ]
        ):
            batcher.environ |= environ
            with terminal(80) as seen:
                flags = ("--endpoint-url", url, "--out", f"{number}.run")
                process = await batcher.start(*run, *flags, stderr=seen.theirs)
                await process.communicate()
                seen.read()
            assert (b"\x1b[2K" in seen.written, b"\x1b[32m" in seen.written) == (moves, colours)


async def test_a_program_reads_objects_and_nothing_else_from_standard_error(
    batcher: Command, write_lines: Write, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(UPDATES)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "1000", "--progress", "json")
        ended = await batcher("run", "updates.jsonl", *flags, "--yes", "--json")
        again = await batcher("retry", "updates.run", *flags[:-2], "--yes")
        refused = await batcher("run", "none.jsonl", "--progress", "json")
    said = [json.loads(line) for line in ended.err.splitlines()]
    assert {each["type"] for each in said} == {"message", "progress"}
    last = [each for each in said if each["type"] == "progress"][-1]
    assert (last["done"], last["failed"]) == (UPDATES, 2)
    assert last["errors"] == {"ResourceNotFoundException": 2}
    assert "after-1" not in ended.err  # a Description: sensitive
    assert json.loads(ended.out)["failed"] == 2
    assert again.err.startswith("Retry of updates.run:\n")  # how it was shown is not taken over
    assert "none.jsonl" in json.loads(refused.err)["text"]


async def test_what_hooks_print_is_an_object_a_line_too(
    batcher: Command, write_lines: Write, emulator: Emulator, tmp_path: Path
) -> None:
    write_lines([change(1)])
    hook = tmp_path / "hook.sh"
    hook.write_text("#!/bin/sh\necho said; printf half >&2\n")
    hook.chmod(0o700)
    async with emulator as url:
        flags = ("--endpoint-url", url, "--progress", "json", "--yes", "--hook", f"ended={hook}")
        ended = await batcher("run", "updates.jsonl", *flags)
    said = [json.loads(line).get("text") for line in ended.err.splitlines()]
    assert {"said", "half"} <= {*said}


@pytest.mark.parametrize(
    "command",
    ["verify none.run", "retry none.run", "rollback none.run", "drift none", "run a --config none"],
)
async def test_a_program_is_told_as_objects_also_what_is_wrong_before_settings_are_read(
    batcher: Command, command: str
) -> None:
    told = await batcher(*command.split(), "--progress", "json")
    assert [*json.loads(told.err)] == ["type", "text"]
    batcher.environ["BATCHER_PROGRESS"] = "json"
    assert (await batcher(*command.split())).err == told.err
    assert (await batcher(*command.split(), "--no-progress")).err == json.loads(told.err)[
        "text"
    ] + "\n"


async def test_who_asks_for_no_progress_gets_none_by_either_name(
    batcher: Command, write_lines: Write, emulator: Emulator
) -> None:
    write_lines([change(n) for n in range(2)])
    async with emulator as url:
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--yes")
        for number, flags in enumerate([("--no-progress",), ("--progress", "none")]):
            ended = await batcher(*run, *flags, "--out", f"{number}.run")
            assert (ended.code, "progress" in ended.err) == (0, False)
        odd = await batcher(*run, "--no-progress", "--progress", "bar")
    assert odd.code == 2
    assert "--no-progress: that is the same as progress = none" in odd.err
