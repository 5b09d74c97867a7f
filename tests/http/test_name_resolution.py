"""Addresses of hosts: shared while they are asked for, and errors go to all who asked."""

import asyncio
import socket

import pytest

from batcher.http.name_resolution import NameResolution


async def test_an_address_needs_no_thread_and_a_name_is_asked_for_once_by_all() -> None:
    names = NameResolution()
    (numeric,) = await names.addresses("127.0.0.1", 80)
    assert numeric[4] == ("127.0.0.1", 80)
    answers = await asyncio.gather(*(names.addresses("localhost", 80) for _ in range(50)))
    assert all(answer is answers[0] for answer in answers)
    assert await names.addresses("localhost", 80) is not answers[0]  # asked anew


async def test_one_who_gives_up_does_not_take_the_answer_from_the_others() -> None:
    names = NameResolution()
    asking = [asyncio.create_task(names.addresses("localhost", 80)) for _ in range(3)]
    await asyncio.sleep(0)
    asking[0].cancel()
    assert await asking[1] == await asking[2] != []
    assert asking[0].cancelled()


async def test_all_who_asked_hear_that_there_is_no_address() -> None:
    names = NameResolution()
    asking = (names.addresses("no-such-host.invalid", 80) for _ in range(3))
    answers = await asyncio.gather(*asking, return_exceptions=True)
    assert {type(answer) for answer in answers} == {socket.gaierror}
    with pytest.raises(UnicodeError):
        await names.addresses("a" * 64 + ".example", 80)
