"""A follow-up from the shell: settings of the old run with what is given now over them."""

from pathlib import Path
from typing import Any

import pytest

from batcher.cli.follow_up import follow
from batcher.cli.options import Choices
from batcher.errors import SettingsError
from batcher.jobs.follow_up import FollowUp
from tests.conftest import change, records, trigger
from tests.jobs.conftest import RecordedRun, seeded


def choices(**more: Any) -> Choices:
    given = {"out": None, "yes": True, "dry_run": False, "as_json": False}
    return Choices(**(given | more))


@pytest.mark.usefixtures("stand_in_credentials")
async def test_the_lines_are_run_with_the_old_settings_and_what_is_given_now(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def make(follow_up: FollowUp, _: str) -> None:
        follow_up.add({**trigger(1), "id": "undo"})

    emulator = seeded()
    async with emulator as url:
        old = {"endpoint_url": url, "region": "eu-west-1", "rate": 50, "remember": False}
        path = RecordedRun(tmp_path, [change(1)], settings=old).write()
        given = {"rate": "100", "before": False}
        config = tmp_path / "batcher.toml"
        config.write_text("rollback_on_failure = true\n")  # which is for runs
        assert await follow(path, "rollback", choices(dry_run=True), given, config, make) == 0
        with pytest.raises(SettingsError, match="of batcher run alone"):
            await follow(path, "rollback", choices(), {"rollback_on_failure": True}, None, make)
        assert not (tmp_path / "updates.run.rollback").exists()
        assert await follow(path, "rollback", choices(), given, None, make) == 0
    err = capsys.readouterr().err
    assert err.startswith(f"Rollback of {path}:\n")
    assert "at most 100/s" in err
    (result,) = records(tmp_path / "updates.run.rollback" / "results.jsonl")
    assert (result["id"], result["status"]) == ("undo", "succeeded")


@pytest.mark.usefixtures("stand_in_credentials")
async def test_an_unfinished_one_of_other_lines_is_left_and_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async with seeded() as url:
        old = {"endpoint_url": url, "region": "eu-west-1", "remember": False}
        path = RecordedRun(tmp_path, [change(1), change(2)], settings=old).write()
        both = [change(1), change(2)]
        given = {"canary": 1}
        stopped = await follow(path, "retry", choices(), given, None, lambda f, _: _add(f, both))
        assert stopped == 3
        ended = await follow(path, "retry", choices(), {}, None, lambda f, _: _add(f, both[:1]))
        assert ended == 0
    first = f"{path}.retry-1 is not finished, but of other updates: it is left as it is."
    assert first in capsys.readouterr().err
    assert (tmp_path / "updates.run.retry-2" / "results.jsonl").exists()


def _add(follow_up: FollowUp, lines: list[dict[str, Any]]) -> None:
    for line in lines:
        follow_up.add(line)
