"""Whoever is told of a record is told of what stands on disk, and where."""

from pathlib import Path

import anyio

from batcher.jobs.told_results import ToldResults
from batcher.records import Result
from batcher.storage.hash_chain import ChainTip, split
from batcher.storage.journal import Journal
from tests.status.snapshots import failure


async def test_each_is_told_with_its_line_also_of_a_run_that_goes_on(tmp_path: Path) -> None:
    path, tip = tmp_path / "results.jsonl", ChainTip()
    told: list[tuple[Result, str, int]] = []
    for session in range(2):
        async with Journal[Result](path, tip) as journal, anyio.create_task_group() as tasks:
            results = ToldResults(journal, "a.run/results.jsonl", lambda *each: told.append(each))
            for number in range(5):
                tasks.start_soon(results.append, failure(f"{session}-{number}"))
    lines = path.read_bytes().splitlines()
    assert len(told) == len(lines) == 10
    for record, file, line in told:
        assert file == "a.run/results.jsonl"
        assert f'"id":"{record.id}"'.encode() in split(lines[line - 1])[0]
