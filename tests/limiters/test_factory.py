"""The setting ``limiter``: what it opens, for the library and the command line alike."""

import sys
from typing import Any

import anyio
import pytest

import batcher
from batcher.clock import SystemClock
from batcher.emulator import Emulator
from batcher.errors import SettingsError
from batcher.limiters.factory import LOCAL, open_fleet
from batcher.logs import logger
from tests.conftest import Command, change, records, trigger
from tests.limiters.simulated_fleet import address, lateness
from tests.servers import Server, free_port


async def test_a_process_of_its_own_has_no_fleet() -> None:
    async with open_fleet(LOCAL, clock=SystemClock(), log=logger(), warn=pytest.fail) as fleet:
        assert fleet is None


@pytest.mark.usefixtures("stand_in_credentials")
async def test_two_batches_share_one_rate(redis: Server) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    began = anyio.current_time()
    async with lateness() as late, emulator as url, anyio.create_task_group() as tasks:

        async def send() -> None:
            batch = await batcher.update_many(
                [
                    change(1, id=str(n), DomainName="acme", EventTriggerName=f"x{n}")
                    for n in range(20)
                ],
                endpoint_url=url,
                rate=20,
                limiter=address(redis),
            )
            assert batch.counts.attempts == 20

        tasks.start_soon(send)
        tasks.start_soon(send)
    assert 39 / 20 * 0.95 <= anyio.current_time() - began <= 39 / 20 + 2 + sum(late)


async def test_a_run_without_its_redis_says_so_goes_on_alone_and_writes_no_password(
    batcher: Command, write_lines: Any
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(4)])
    write_lines([change(n) for n in range(4)])
    limiter = f"redis://user:s3cret@127.0.0.1:{free_port()}/0"
    async with emulator as url:
        ended = await batcher(
            *("run", "updates.jsonl", "--yes", "--no-before", "--no-progress"),
            *("--endpoint-url", url, "--rate", "40", "--limiter", limiter),
        )
    assert ended.code == 0
    assert "The shared quota can't be had" in ended.err
    written = [path.read_text() for path in (batcher.folder / "updates.run").iterdir()]
    assert not any("s3cret" in text for text in [ended.out, ended.err, *written])
    events = [record["event"] for record in records(batcher.folder / "updates.run" / "log.jsonl")]
    assert "limiter.redis_away" in events


@pytest.mark.parametrize(
    "limiter",
    [
        *(
            "redis",
            "memcached://x",
            "redis://",
            "redsi://user:s3cret@host",
            "redis://user:s3cret@host:port",
        ),
        *(
            "redis://host/0?foo=1",
            "redis://host/0?ssl_cert_reqs=none",
            "redis://host:99999",
            "redis://[::1/0",
            "redis://host/zz",
        ),
    ],
)
async def test_a_limiter_that_is_none_is_refused_without_its_password(limiter: str) -> None:
    with pytest.raises(SettingsError, match="limiter") as caught:
        await batcher.update_many([], limiter=limiter)
    assert "s3cret" not in str(caught.value)


async def test_without_redis_py_the_setting_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # what an import that fails looks like
    monkeypatch.setitem(sys.modules, "batcher.limiters.redis_fleet", None)
    with pytest.raises(SettingsError, match=r"pip install redis\."):
        await batcher.update_many([], limiter="redis://127.0.0.1")
