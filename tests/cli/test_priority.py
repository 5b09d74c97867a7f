"""Urgent lines first, by command: in a run and its resume, and what follows from it keeps them."""

from collections.abc import Callable
from pathlib import Path

from batcher.emulator import Emulator
from tests.conftest import Command, change, records, trigger

Write = Callable[..., Path]


async def test_urgent_lines_go_first_but_before_no_earlier_line_of_their_trigger(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(5)])
    lines = [
        change(0),
        change(1, SegmentFilter="old"),
        change(2, priority=1),
        change(77, priority=7),  # there is none
        change(1, priority=9, SegmentFilter="new"),
        change(3),
        change(4, priority=2),
    ]
    write_lines(lines)
    flags = ("--yes", "--rate", "1000", "--burst", "9", "--concurrency", "1", "--no-before")
    async with emulator as url:
        flags = (*flags, "--endpoint-url", url)
        ended = await batcher("run", "updates.jsonl", *flags, "--priority", "2", "--canary", "4")
        assert ended.code == 3, ended.err
        ended = await batcher("run", "updates.jsonl", *flags)
    assert ended.code == 1, ended.err
    run = tmp_path / "updates.run"
    order = [each["line"] for each in records(run / "results.jsonl")]
    # 5 is for the trigger of 2, whose result may be on its way to the disk while 4 is sent
    assert (order[0], sorted(order[:3])) == (2, [2, 4, 5])
    # line 1 at the default of the first session; that of the second is 0
    assert order[3:] == [1, 7, 3, 6]
    assert emulator.trigger("acme", "t1")["SegmentFilter"] == "new"
    (failed,) = records(run / "failed.jsonl")
    assert failed["priority"] == 7
