"""What would be written to while it is read is refused, and nothing is touched."""

from pathlib import Path

import pytest

from batcher.emulator import Emulator
from batcher.errors import InputError
from batcher.jobs.own_input import refuse_own_input, refuse_queued
from tests.conftest import Command, change, trigger
from tests.jobs.conftest import RecordedRun


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


@pytest.mark.parametrize(
    ("source", "out"),
    [
        ("d/failed.jsonl", "d"),
        ("d/failed.jsonl", "d/../d/"),
        ("link/failed.jsonl", "d"),
        ("d/failed.jsonl", "link"),
        ("d/deep/in.jsonl", "d"),
        ("d", "d"),
        ("d", "d/again"),
        ("d", "."),
    ],
)
def test_a_place_that_holds_the_input_or_is_in_it_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, out: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "d" / "deep").mkdir(parents=True)
    (tmp_path / "link").symlink_to("d")
    with pytest.raises(InputError, match=r"--out .*Nothing was touched; give another place"):
        refuse_own_input(Path(source), Path(out))


@pytest.mark.parametrize(
    ("source", "out"),
    [("in.jsonl", "in.run"), ("a/in.jsonl", "a/in.run"), ("d", "d.retry-1"), ("d/x.jsonl", "dd")],
)
def test_other_places_are_not(source: str, out: str) -> None:
    refuse_own_input(Path(source), Path(out))


def test_a_run_that_was_begun_with_a_file_beside_its_own_goes_on(tmp_path: Path) -> None:
    run = RecordedRun(tmp_path, [change(1)])
    run.write()
    inside = run.path / "updates.jsonl"
    (tmp_path / "updates.jsonl").rename(inside)
    with pytest.raises(InputError):
        refuse_own_input(inside, run.path)
    manifest = run.path / "run.json"
    said = manifest.read_text().replace(str(tmp_path / "updates.jsonl"), str(inside))
    manifest.write_text(said)
    refuse_own_input(inside, run.path)
    for own in ("failed.jsonl", "results.jsonl", "before.jsonl"):
        manifest.write_text(said.replace(str(inside), str(run.path / own)))
        with pytest.raises(InputError):
            refuse_own_input(run.path / own, run.path)


@pytest.mark.parametrize(
    ("path", "refused"),
    [("a.jsonl", True), ("claimed/a.jsonl", True), ("failed/a.run/failed.jsonl", False)],
)
def test_what_waits_in_a_queue_is_not_put_into_it_again(
    tmp_path: Path, path: str, refused: bool
) -> None:
    if refused:
        with pytest.raises(InputError, match="is in this queue already"):
            refuse_queued(tmp_path / path, tmp_path)
    else:
        refuse_queued(tmp_path / path, tmp_path)
    refuse_queued(tmp_path / path, tmp_path / "other")


async def test_each_command_refuses_it_with_exit_code_2_and_touches_nothing(
    batcher: Command, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    run = RecordedRun(tmp_path, [change(1)])
    run.add(1, "failed", "Boom")
    run.write()
    (run.path / "failed.jsonl").write_bytes((tmp_path / "updates.jsonl").read_bytes())
    spool = tmp_path / "spool"
    assert (await batcher("enqueue", "updates.jsonl", "--queue", f"spool:{spool}")).code == 0
    (tmp_path / "batcher.toml").write_text('region = "eu-west-1"\n')
    before = contents(tmp_path)
    async with emulator as url:
        where = ("--endpoint-url", url)
        for command in (
            ("run", "updates.run/failed.jsonl", "--out", "updates.run", "--yes", *where),
            ("run", "updates.run/failed.jsonl", "--out", "updates.run", "--dry-run", *where),
            ("retry", "updates.run", "--out", "updates.run", "--yes", *where),
            ("retry", "updates.run", "--out", "updates.run/again", "--yes", *where),
            ("enqueue", "spool/updates.jsonl", "--queue", f"spool:{spool}"),
            ("plan", "updates.jsonl", "--out", "updates.jsonl", "--force", *where),
            *(
                (*job, "--config", "batcher.toml", "--out", "batcher.toml", "--force", *where)
                for job in (("plan", "updates.jsonl"), ("export", "--domain", "acme"))
            ),
        ):
            ended = await batcher(*command)
            assert ended.code == 2, (command, ended.err)
            assert contents(tmp_path) == before, command
        assert emulator.calls() == []
