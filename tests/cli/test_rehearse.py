"""``batcher rehearse``: the whole job first, where it can change nothing."""

import signal
from pathlib import Path

import msgspec
import pytest

from tests.conftest import Command, change, records, trigger
from tests.jobs.rehearsed import write

FAST = ("--quota", "10000,10000", "--rate", "10000", "--read-rate", "10000")
STEPS = ("Reads", "Runs", "Verifies that", "Rolls back", "Verifies the rollback")


@pytest.fixture
def files(tmp_path: Path) -> tuple[str, ...]:
    write(tmp_path / "export.jsonl", [trigger(number) for number in range(3)])
    write(tmp_path / "updates.jsonl", [change(number) for number in range(3)])
    return ("rehearse", "updates.jsonl", "--current", "export.jsonl")


async def test_without_credentials_it_tells_from_an_export_that_all_would_be_well(
    batcher: Command, tmp_path: Path, files: tuple[str, ...]
) -> None:
    batcher.environ = {
        name: value for name, value in batcher.environ.items() if not name.startswith("AWS_")
    }
    ended = await batcher(*files, *FAST, "--json")
    assert ended.code == 0, ended.err
    told = msgspec.json.decode(ended.out)
    assert told["verdict"] == ended.err.splitlines()[-1]
    assert told["verdict"].startswith("Everything would be as asked")
    folder = tmp_path / "updates.rehearsal"
    assert told == msgspec.json.decode((folder / "rehearsal.json").read_bytes())
    for place in ("run", "rollback"):
        results = records(folder / place / "results.jsonl")
        assert [result["status"] for result in results] == ["succeeded"] * 3
    assert not (tmp_path / "state").exists()
    history = await batcher("history", "--in", ".")
    assert "There is no run there" in history.err  # what was rehearsed has touched nothing


async def test_names_of_files_are_shown_harmless_and_what_was_piped_in_is_kept(
    batcher: Command, tmp_path: Path, files: tuple[str, ...]
) -> None:
    (tmp_path / "export.jsonl").rename(tmp_path / "a\u202e\x1b[31m.jsonl")
    lines = write(tmp_path / "x", [change(7), change(0)]).read_bytes()
    flags = ("--current", "a\u202e\x1b[31m.jsonl", "--out", "there/here", *FAST)
    ended = await batcher("rehearse", "-", *flags, given=lines)
    assert ended.code == 1, ended.err
    assert "line 1: acme/t7: failed: ResourceNotFoundException" in ended.err
    assert not {"\u202e", "\x1b"} & set(ended.err)
    assert (tmp_path / "there" / "here" / "input.jsonl").read_bytes() == lines


async def test_an_invalid_file_or_a_place_that_is_taken_makes_nothing(
    batcher: Command, tmp_path: Path, files: tuple[str, ...]
) -> None:
    (tmp_path / "taken").mkdir()
    ended = await batcher(*files, "--out", "taken")
    assert ended.code == 5
    assert "taken: is there already" in ended.err
    write(tmp_path / "updates.jsonl", [{"DomainName": "acme"}])
    ended = await batcher(*files)
    assert ended.code == 2
    for flags in (("--fault", "x"), ("--quota", "0"), ("--real-time", "--speed", "2")):
        assert (await batcher(*files, *flags)).code == 2
    assert {path.name for path in tmp_path.iterdir()} == {"taken", "export.jsonl", "updates.jsonl"}
    assert not list((tmp_path / "taken").iterdir())


@pytest.mark.parametrize("step", STEPS)
async def test_an_interruption_in_any_step_ends_it_without_a_verdict(
    batcher: Command, tmp_path: Path, files: tuple[str, ...], step: str
) -> None:
    write(tmp_path / "export.jsonl", [trigger(number) for number in range(20)])
    write(tmp_path / "updates.jsonl", [change(number) for number in range(20)])
    pace = ("--quota", "50", "--rate", "50", "--read-rate", "50", "--real-time")
    process = await batcher.start(*files, *pace, "--no-progress")
    said = b""
    while step.encode() not in said:
        said += await process.stderr.readline()
    process.send_signal(signal.SIGINT)
    _, err = await process.communicate()
    assert (process.returncode, b"Traceback" in err) == (4, False), err
    report = tmp_path / "updates.rehearsal" / "rehearsal.json"
    assert msgspec.json.decode(report.read_bytes()) == {"verdict": None}
