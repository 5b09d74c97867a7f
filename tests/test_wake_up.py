"""One task waits for one moment, which may have been, and may be cancelled."""

import asyncio

import pytest

from batcher.wake_up import WakeUp


async def test_who_waits_is_woken_and_what_has_been_is_not_waited_for() -> None:
    wake_up, order = WakeUp(), list[str]()

    async def wait() -> None:
        await wake_up
        order.append("woken")

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    order.append("called")
    for _ in range(2):
        wake_up.call()
    await waiting
    assert order == ["called", "woken"]
    await wake_up


@pytest.mark.parametrize("knows", [True, False])
async def test_who_is_cancelled_may_be_called_before_he_knows_and_after(knows: bool) -> None:
    wake_up = WakeUp()

    async def wait() -> None:
        await wake_up

    waiting = asyncio.create_task(wait())
    await asyncio.sleep(0)
    waiting.cancel()
    if knows:
        await asyncio.wait([waiting])
    wake_up.call()
    with pytest.raises(asyncio.CancelledError):
        await waiting
