"""What comes of a file: done, failed, or put off."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from batcher.config import Settings
from batcher.emulator import Emulator
from batcher.jobs.run_order import Unattended
from batcher.jobs.told_results import OnKept
from batcher.ports import Claim
from batcher.records import Result
from batcher.storage.hash_chain import split
from batcher.task_groups import open_task_group
from batcher.worker.file_runner import Failed, FileEnding, FileRunner, Postponed
from tests.conftest import change, trigger
from tests.servers import free_port
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


def runner(url: str, on_kept: OnKept | None = None) -> FileRunner:
    settings = Settings(
        region="eu-west-1",
        endpoint_url=url,
        connect_timeout=1.0,
        read_rate=1000.0,
        remember=False,
    )
    return FileRunner(
        settings,
        Unattended(on_result=lambda _: None, on_attempt=lambda *_: None, on_kept=on_kept),
    )


def claim(folder: Path, content: bytes) -> Claim:
    (folder / "a.jsonl").write_bytes(content)
    return Claim(name="a.jsonl", path=folder / "a.jsonl", run=folder / "a.run", resumed=False)


async def test_a_file_is_done_when_each_update_is_and_failed_when_one_is_not(
    tmp_path: Path,
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    (tmp_path / "b").mkdir()
    async with emulator as url:
        files = runner(url)
        good = await files.work_through(claim(tmp_path, msgspec.json.encode(change(1))))
        bad = await files.work_through(claim(tmp_path / "b", msgspec.json.encode(change(9))))
    assert good is None
    assert isinstance(bad, Failed)
    assert "1 of 1 updates did not succeed" in bad.reason


async def test_records_are_told_of_as_they_stand_on_disk_and_where(tmp_path: Path) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    told: list[tuple[Result, str, int]] = []
    async with emulator as url:
        files = runner(url, lambda *each: told.append(each))
        lines = b"\n".join(msgspec.json.encode(change(number)) for number in range(5))
        await files.work_through(claim(tmp_path, lines))
        assert files.pacers() is None
    assert sorted(result.line for result, _, _ in told) == [1, 2, 3, 4, 5]
    for result, file, line in told:
        kept = split((tmp_path / file).read_bytes().splitlines()[line - 1])[0]
        assert kept == msgspec.json.encode(result)  # before images and all


async def test_what_may_pass_is_put_off_and_what_is_in_the_files_way_is_counted(
    tmp_path: Path,
) -> None:
    files, line = runner(f"http://127.0.0.1:{free_port()}"), msgspec.json.encode(change(1))
    away = await files.work_through(claim(tmp_path, line))
    assert isinstance(away, Postponed)
    assert not away.of_file
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.run").symlink_to("nowhere")
    blocked = await files.work_through(claim(tmp_path / "b", line))
    assert isinstance(blocked, Postponed)
    assert blocked.of_file


@pytest.mark.parametrize("told", ["before", "while it is opened"])
async def test_a_file_whose_target_is_being_opened_waits_for_nothing_when_the_worker_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, told: str
) -> None:
    asked, aws = tmp_path / "asked", tmp_path / "aws"
    aws.write_text(f"[profile slow]\ncredential_process = sh -c 'echo >{asked}; exec sleep 300'\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(aws))
    emulator, endings = Emulator(), list[FileEnding]()
    emulator.seed([trigger(1)])
    of_file = claim(tmp_path, msgspec.json.encode(change(1)))
    async with emulator as url:
        files = runner(url)
        files.settings = replace(files.settings, profile="slow")

        async def work() -> None:
            endings.append(await files.work_through(of_file))

        async with open_task_group() as tasks:
            if told == "before":
                files.drain()
            tasks.start_soon(work)
            if told != "before":
                await until(asked.exists)
                files.drain()
            await until(lambda: endings)
        assert await runner(url).work_through(of_file) is None
    assert isinstance(endings[0], Postponed)
    assert len(emulator.calls()) == 2, "it is looked at and sent, once"
