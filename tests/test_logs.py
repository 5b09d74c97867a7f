"""What is logged where, and what never is."""

import asyncio
import errno
import io
import json
import logging
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batcher.logs import LogOutput, logger
from tests.waiting import until


def test_an_event_is_a_line_of_json_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a")):
        logger(run="r1").info("run.started", updates=3, out=tmp_path)
        logger().debug("attempt.answered")
    (line,) = path.read_text().splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "run.started",
        "level": "info",
        "run": "r1",
        "updates": 3,
        "out": str(tmp_path),
    }


def test_of_a_foreign_record_only_its_place_and_the_kind_of_its_error_are_kept(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("debug", file=path.open("a")):
        try:
            raise ValueError("SECRET-VALUE-1")
        except ValueError:
            text = "SECRET-VALUE-3 of %s"
            logging.getLogger("botocore").warning(text, "SECRET-VALUE-2", exc_info=True)
        logging.getLogger("botocore").info("too little to be told of")
    (line,) = path.read_text().splitlines()
    written = json.loads(line)
    assert written["event"] == "[withheld: 20 characters]"
    assert (written["logger"], written["error"]) == ("botocore", "ValueError")
    assert written["where"].startswith("test_logs.py:")
    assert "SECRET" not in line


HOSTILE = "a\x1b]0;title\x07\x9b2J\u202egnp\u2028\r\nb\x00\x7f\ud800"


def test_no_control_character_comes_out_of_a_value(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a"), terminal=True):
        logger().warning("queue.message", body=HOSTILE.replace("\ud800", ""), many=[HOSTILE[:-1]])
        logging.getLogger("asyncio").warning(HOSTILE)
    lines = path.read_text().split("\n")[:-1]
    assert len(lines) == 2
    assert json.loads(lines[0])["body"] == HOSTILE[:-1]
    said = capsys.readouterr().err
    assert len(said.splitlines()) == 2
    assert all(line.isprintable() for line in [*lines, *said.splitlines()])


def test_a_terminal_gets_warnings_and_nothing_is_left_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {name: logging.getLogger(name).level for name in ("batcher", "botocore")}
    with LogOutput("debug", terminal=True):
        logger().info("run.started")
        logger().warning("run.draining", grace=20)
    said = capsys.readouterr().err
    assert ("run.draining" in said, "run.started" in said) == (True, False)
    assert before == {name: logging.getLogger(name).level for name in before}
    handlers = logging.getLogger("batcher").handlers
    assert not any(type(handler) is logging.StreamHandler for handler in handlers)


async def test_what_is_alike_of_many_targets_is_one_line_on_a_terminal_and_one_each_in_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a"), terminal=True):
        for number in range(300):
            target, why = f"t{number:03}", "is away" if number % 150 else "refuses all"
            reason = f"target {target}: account {number:012} {why}."
            logger(run="r").warning("target.stopped", target=target, reason=reason)
        logger().warning("run.draining", reason="last")
        logger().warning("target.stopped", target="t300", reason="target t300: late.")
        await asyncio.sleep(0)
        said = capsys.readouterr().err.splitlines()
        await asyncio.to_thread(logger().warning, "target.stopped", target="t301", reason="x")
        assert "t301" in capsys.readouterr().err, "no turn of an event loop ends there"
        logger().warning("target.stopped", target="t302", reason="at the end")
    assert len(path.read_text().splitlines()) == 304
    assert len([line for line in said if "refuses all" in line]) == 2, "they are few"
    (away,) = [line for line in said if "is away" in line]
    assert "targets='298 targets (t001, t002" in away
    assert "and 288 more)" in away
    assert "target t001: account 000000000001 is away." in away
    assert [line.split("reason=")[1].split()[0] for line in said[-2:]] == ["last", "'target"]
    assert "at the end" in capsys.readouterr().err


async def test_what_is_said_on_a_terminal_keeps_its_order_and_all_that_is_of_one_target(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with LogOutput("info", terminal=True):
        for _ in range(20):
            logger().warning("hook.failed", target="a", reason="status 500")
        for number in range(4):
            logger().warning("target.stopped", target=f"t{number}", reason=f"t{number} is away")
            logger().warning("target.going_on", target="b", seconds=number % 2)
        logging.getLogger("aiohttp").warning("foreign")
        logger().warning("target.stopped", target="c", reason="c is away")
    lines = capsys.readouterr().err.splitlines()
    said = [word for line in lines if "where=" not in line for word in line.split()[3:4]]
    assert said == [
        *["hook.failed"] * 20,
        "target.stopped",
        *["target.going_on"] * 4,
        "target.stopped",
    ]
    assert [line.rsplit("=")[-1] for line in lines[21:25]] == ["b"] * 4
    assert ["seconds=0" in line for line in lines[21:25]] == [True, False, True, False]
    assert ("where=" in lines[25], "target=c" in lines[26]) == (True, True)


async def test_what_one_turn_says_is_written_at_its_end_and_a_warning_at_once(
    tmp_path: Path,
) -> None:
    path = tmp_path / "log.jsonl"

    def written() -> list[str]:
        return [json.loads(line)["event"] for line in path.read_text().splitlines()]

    with LogOutput("info", file=path.open("a")):
        logger().info("attempt.answered")
        logger().info("update.settled")
        assert written() == []
        await asyncio.sleep(0)
        assert written() == ["attempt.answered", "update.settled"]
        logger().info("run.ended")
        logger().warning("run.draining")
        assert written()[2:] == ["run.ended", "run.draining"]
        logger().info("worker.stopped")
        await asyncio.to_thread(logger().info, "in another thread")
        await until(lambda: len(written()) > 4)
        assert written()[4:] == ["worker.stopped", "in another thread"]
        logger().info("last")
    assert written()[6:] == ["last"]


def test_what_an_event_loop_that_has_ended_left_is_written_with_what_comes_next(
    tmp_path: Path,
) -> None:
    async def say() -> None:
        for turn in range(2):  # the second has its time to come
            logger().info("said", turn=turn)
            await asyncio.sleep(0)

    file = (tmp_path / "log.jsonl").open("a")
    with LogOutput("info", file=file):
        asyncio.run(say())
        logger().info("outside")
        assert (tmp_path / "log.jsonl").read_text().count("\n") == 3


async def test_what_many_turns_say_is_written_a_few_times_a_second(tmp_path: Path) -> None:
    file, written = (tmp_path / "log.jsonl").open("a"), 0
    with LogOutput("info", file=file):
        for turn in range(100):
            logger().info("update.settled", number=turn)
            await asyncio.sleep(0)
        written = (tmp_path / "log.jsonl").read_text().count("\n")
        assert written < 100
        await until(lambda: (tmp_path / "log.jsonl").read_text().count("\n") == 100)


def test_who_else_listens_gets_a_record_also_while_a_command_writes(tmp_path: Path) -> None:
    heard: list[logging.LogRecord] = []
    other = logging.Handler()
    other.emit = heard.append
    with LogOutput("info", file=(tmp_path / "log.jsonl").open("a")):
        logging.getLogger("batcher").addHandler(other)
        try:
            logger().info("run.started", updates=3)
        finally:
            logging.getLogger("batcher").removeHandler(other)
        logger().info("run.ended")
    assert [(each.msg["event"], each.msg["updates"]) for each in heard] == [("run.started", 3)]


def test_a_log_that_can_not_be_written_stops_nothing() -> None:
    with LogOutput("info", file=Path("/dev/full").open("a")):
        logger().info("run.started")


def test_what_a_finalizer_says_while_a_line_is_written_goes_next() -> None:
    written: list[str] = []

    class Stream(io.StringIO):
        """Has something collected while it is written to, as any allocation may."""

        def write(self, text: str) -> int:
            if not written:
                logging.getLogger("asyncio").error("Task exception was never retrieved")
                logger().info("said while it is written")
            written.extend(json.loads(line)["event"] for line in text.splitlines())
            return len(text)

    with LogOutput("info", file=Stream()):
        logger().warning("run.draining")
        logger().info("run.ended")
    assert [written[0], *written[2:]] == ["run.draining", "said while it is written", "run.ended"]
    assert written[1].startswith("[")


class Disk(io.RawIOBase):
    """A file on a disk with that much room, which takes what fits, as a disk does."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.content = b""
        self.asked = 0

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.asked += 1
        taken = bytes(data)[: self.room]
        if not taken:
            raise OSError(errno.ENOSPC, "No space left on device")
        self.room -= len(taken)
        self.content += taken
        return len(taken)


def _was_asked(disk: Disk, before: int) -> bool:
    return disk.asked > before


@pytest.mark.parametrize("pad", ["p" * 90, "ä" * 90], ids=["ASCII", "others"])
@pytest.mark.parametrize("room", [10_000, 12_345, 50_000])
async def test_a_full_disk_takes_no_half_line_of_what_one_turn_says(room: int, pad: str) -> None:
    disk = Disk(room)
    stream = io.TextIOWrapper(io.BufferedWriter(disk, 4096), encoding="utf-8")
    with LogOutput("info", file=stream):
        for turn in range(12):
            before = disk.asked
            for number in range(60):
                logger().info("update.settled", number=turn * 60 + number, pad=pad)
            await until(partial(_was_asked, disk, before))
            if turn == 8:
                disk.room = 10_000_000
    kept = [json.loads(line)["number"] for line in disk.content.splitlines()]
    assert kept == sorted(set(kept))
    assert kept[-180:] == list(range(540, 720)), "there is room again"


async def test_after_half_of_a_long_line_the_next_one_begins_on_its_own() -> None:
    disk = Disk(10_000)
    stream = io.TextIOWrapper(io.BufferedWriter(disk, 4096), encoding="utf-8")
    with LogOutput("info", file=stream):
        logger().warning("update.settled", number=1, pad="p" * 20_000)
        disk.room = 10_000_000
        logger().warning("update.settled", number=2)
        logger().warning("update.settled", number=3)
    torn, *whole = disk.content.splitlines()
    assert torn.startswith(b"{")
    assert [json.loads(line)["number"] for line in whole] == [2, 3]


def test_a_line_is_the_same_whether_or_not_somebody_else_listens(tmp_path: Path) -> None:
    lines, root = [], logging.getLogger("batcher")
    for others in ([], [logging.NullHandler()]):
        path = tmp_path / f"{len(others)}.jsonl"
        with LogOutput("info", file=path.open("a")):
            for each in others:
                root.addHandler(each)
            logger(run="r1", updates=1).info("run.started", updates=3, out=tmp_path)
            for each in others:
                root.removeHandler(each)
        line = json.loads(path.read_text())
        assert line.pop("timestamp").endswith("Z")
        lines.append(list(line.items()))  # in their order, too
    assert lines[0] == lines[1]


async def test_lines_that_are_made_together_are_what_each_is_alone(tmp_path: Path) -> None:
    said = ["plain", HOSTILE, "ä" * 5000, "p" * 5000, "\x7f", *map(str, range(300))]
    kept = list[list[Any]]()
    for is_together in (False, True):
        path = tmp_path / f"{is_together}.jsonl"
        with LogOutput("info", file=path.open("a")):
            for each in said:
                logger(run="r1").info("said", text=each, out=tmp_path)
                logger().info("with %s", each)
                if not is_together:
                    logger().warning("written at once")
        lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        kept.append([{**each, "timestamp": ""} for each in lines if each["level"] == "info"])
    assert kept[0] == kept[1]
    assert len(kept[0]) == 2 * len(said)


class _Untold:
    def __str__(self) -> str:
        raise RuntimeError("odd")


_CIRCLE: list[Any] = []
_CIRCLE.append(_CIRCLE)


@pytest.mark.parametrize("is_together", [True, False])
@pytest.mark.parametrize(
    "odd",
    [
        _CIRCLE,
        {"a": [_CIRCLE, _CIRCLE]},
        _Untold(),
        Path("\udcff"),
        {"\udcff": {_Untold(): 1}},
        {"\ud83d"},
    ],
    ids=["circle", "circles", "untold", "path", "names", "set"],
)
async def test_an_event_that_can_not_be_written_as_it_is_takes_no_other_with_it_and_stops_nothing(
    tmp_path: Path, odd: object, is_together: bool
) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a"), terminal=True):
        for number in range(3):
            logger().info("said", number=number, odd=odd if number == 1 else None)
            if not is_together:
                logger().warning("said", number=number, odd=odd, target="prod")
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert [line["number"] for line in lines if line["level"] == "info"] == [0, 1, 2]
    assert len(lines) == (3 if is_together else 6)


@pytest.mark.parametrize(
    ("text", "values"), [("%d", ["x"]), ("%s", [_Untold()]), ("%s %s", [1]), (_Untold(), [])]
)
def test_a_foreign_record_whose_text_can_not_be_made_is_written_all_the_same(
    tmp_path: Path, text: object, values: list[object]
) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a"), terminal=True):
        logging.getLogger("asyncio").error(text, *values)
    (line,) = map(json.loads, path.read_text().splitlines())
    assert line["where"].startswith("test_logs.py:")
