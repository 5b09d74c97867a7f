"""A process that the SDK waits for ends where nobody waits any more."""

import asyncio
import sys

import pytest

from batcher.aws.credential_process import AwaitedProcess


async def started(code: str) -> AwaitedProcess:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    return AwaitedProcess(process)


async def test_what_it_says_and_how_it_ends_is_passed_on() -> None:
    process = await started("print('said'); raise SystemExit(3)")
    assert (await process.communicate(), process.returncode) == ((b"said\n", b""), 3)


async def test_it_is_ended_where_the_wait_for_it_is() -> None:
    process = await started("import time; time.sleep(1000)")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.communicate(), 0.01)
    await process.communicate()
    assert process.returncode == -9
