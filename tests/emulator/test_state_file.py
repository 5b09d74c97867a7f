"""What was stored is there after a restart."""

import asyncio
import os
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator
from batcher.emulator.state_file import StateFile
from batcher.emulator.store import Store
from batcher.testing import in_virtual_time
from tests.waiting import until

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def test_what_was_stored_is_there_after_a_restart(
    connect: Any, trigger: Trigger, tmp_path: Path
) -> None:
    state = tmp_path / "state.json"
    first = Emulator(latency=(0, 0), state=state)
    first.seed([trigger(), trigger("untouched", "globex")])
    async with first as url:
        client = await connect(url)
        await client.update_event_trigger(
            **NAME, Description="ü", EventTriggerLimits={"EventExpiration": 2**40}
        )
        await until(lambda: state.exists())
        await client.create_domain(DomainName="new", DefaultExpirationDays=2, Tags={"a": "b"})
    second = Emulator(latency=(0, 0), state=state)
    async with second as url:
        assert second.state() == first.state()
        client = await connect(url)
        assert (await client.get_event_trigger(**NAME))["Description"] == "ü"
        assert (await client.get_domain(DomainName="new"))["Tags"] == {"a": "b"}
        elsewhere = await connect(url, region="us-east-1")
        # seeds reach new places after a restart too
        assert len((await elsewhere.list_domains())["Items"]) == 2
    assert (state.stat().st_mode & 0o777, os.listdir(tmp_path)) == (0o600, ["state.json"])


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"format": 2}', '{"format": 1}', '{"format": 1, "seeds": 3}']
)
async def test_a_file_that_is_no_state_is_named_and_left_alone(tmp_path: Path, text: str) -> None:
    state = tmp_path / "state.json"
    state.write_text(text)
    with pytest.raises(ValueError, match=r"state file .*state\.json: "):
        await Emulator(state=state).__aenter__()
    assert state.read_text() == text


@pytest.mark.parametrize("text", ["theirs", '{"format": 1}'])
def test_what_something_else_put_there_meanwhile_is_left_alone(tmp_path: Path, text: str) -> None:
    path = tmp_path / "state.json"
    file = StateFile(path, Store())
    file.load()
    file.save()
    (tmp_path / "other").write_text(text)
    (tmp_path / "other").replace(path)
    with pytest.raises(FileExistsError, match=r"state\.json: something else wrote it"):
        file.save()
    with pytest.raises(FileExistsError):
        StateFile(path, Store()).save()
    assert (path.read_text(), os.listdir(tmp_path)) == (text, ["state.json"])


def test_a_state_is_read_from_a_regular_file_only(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(ValueError, match="no regular file"):
        StateFile(tmp_path / "fifo", Store()).load()
    with pytest.raises(OSError, match="symbolic links"):
        StateFile(tmp_path / "link", Store()).load()


def test_a_state_that_is_not_there_yet_is_written_at_once(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    assert not StateFile(path, Store()).load()
    assert StateFile(path, Store()).load()
    with pytest.raises(FileNotFoundError):
        StateFile(tmp_path / "no folder" / "state.json", Store()).load()


def test_whatever_changes_it_is_written_once_a_second_at_most_and_then_with_all(
    tmp_path: Path,
) -> None:
    class Counted(Store):
        def dump(self) -> dict[str, Any]:
            written.append(asyncio.get_running_loop().time())
            return super().dump()

    async def scenario() -> None:
        state = StateFile(tmp_path / "state.json", Counted())
        state.save()
        for tenth in range(100):  # ten seconds of changes
            asyncio.get_running_loop().call_later(tenth / 10, state.touch)
        async with asyncio.timeout(15):
            await state.keep()

    written: list[float] = []
    with pytest.raises(TimeoutError):
        in_virtual_time(scenario())
    pauses = [later - earlier for earlier, later in pairwise(written[1:])]
    assert all(pause > 0.999 for pause in pauses), pauses
    assert len(pauses) >= 9
    assert 9.9 <= written[-1] < 11.5, "the last change is in it, and without changes none is made"
