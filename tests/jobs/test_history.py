"""History reads all that is below a folder, changes none of it, and nothing bad hides the rest."""

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.errors import InputError
from batcher.jobs.history import TriggerHistory, read_history
from batcher.jobs.results_run import TimeSpan
from batcher.updates.selection import Selection, Selector
from tests.conftest import change
from tests.jobs.conftest import RecordedRun
from tests.storage.test_results_directory import delivered, open_directory


def at(second: int) -> str:
    return f"2026-01-01T00:00:{second:02}.000Z"


def record(folder: Path, *moments: tuple[int, int]) -> Path:
    """A run with an update for each: number of the trigger, and the second of its result."""
    folder.mkdir(parents=True)
    recorded = RecordedRun(folder, [change(number) for number, _ in moments])
    for line, (_, second) in enumerate(moments, 1):
        recorded.results.append(replace(recorded.add(line, "unchanged"), finished_at=at(second)))
        del recorded.results[-2]
    return recorded.write()


def told(found: TriggerHistory) -> list[tuple[str, str]]:
    return [(each.at, each.trigger) for each in found.touches]


def snapshot(folder: Path) -> dict[Path, tuple[int, bytes]]:
    paths = [folder, *folder.rglob("*")]
    return {
        path: (path.lstat().st_mtime_ns, path.read_bytes() if path.is_file() else b"")
        for path in paths
    }


@settings(max_examples=15)
@given(
    runs=st.lists(
        st.lists(st.tuples(st.integers(0, 2), st.integers(0, 9)), max_size=4), max_size=4
    ),
    limit=st.integers(1, 6),
    since=st.integers(0, 9),
)
def test_the_newest_come_first_and_the_rest_is_counted(
    runs: list[list[tuple[int, int]]],
    limit: int,
    since: int,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("runs")
    for number, moments in enumerate(runs):
        record(folder / "deep" / str(number), *moments)
    selector = Selector(Selection.of(only=["acme/t[01]"]))
    span = TimeSpan(since=at(since), until=at(8))
    found = read_history(folder, selector=selector, span=span, limit=limit)
    wanted = [each for moments in runs for each in moments if each[0] < 2 and since <= each[1] < 9]
    times = sorted((at(second) for _, second in wanted), reverse=True)
    assert [each.at for each in found.touches] == times[:limit]
    assert found.older == len(times[limit:])
    assert found.directories == len(runs)


async def test_what_is_damaged_or_in_use_is_named_and_the_rest_is_told_and_all_stays_as_it_was(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "all"
    record(folder / "a", (1, 1))
    record(folder / ".hidden", (2, 2))
    for name, file in {"results": "results.jsonl", "manifest": "run.json"}.items():
        path = record(folder / f"bad {name}", (3, 3), (3, 4))
        (path / file).write_bytes((path / file).read_bytes()[:-30] + b"\n")
    (folder / "pipe").mkdir()
    os.mkfifo(folder / "pipe" / "run.json")
    (folder / "loop").symlink_to(folder)
    used = RecordedRun(folder / "z", [change(5)])
    used.add(1, "unchanged")
    used.write()
    async with open_directory(folder / "workers") as results:
        await results.append(replace(delivered(1), finished_at=at(9)))
        with used.directory:
            before = snapshot(folder)
            found = read_history(folder)
            assert snapshot(folder) == before
    runs = ["workers", "z/updates.run", "a/updates.run"]
    assert [each.run for each in found.touches] == [str(folder / each) for each in runs]
    assert {each.partition(": ")[0] for each in found.notes} == {
        str(folder / "workers"),
        str(used.path),
    }
    assert sorted(each.partition(": ")[0] for each in found.unread) == [
        str(folder / "bad manifest" / "updates.run" / "run.json"),
        str(folder / "bad results" / "updates.run" / "results.jsonl"),
        str(folder / "pipe" / "run.json"),
    ]


def test_a_run_directory_is_a_folder_too_and_what_is_none_is_refused(tmp_path: Path) -> None:
    path = record(tmp_path / "a", (1, 1))
    assert told(read_history(path)) == [(at(1), "t1")]
    for wrong in (path / "run.json", tmp_path / "gone"):
        with pytest.raises(InputError, match="no directory"):
            read_history(wrong)
