"""The emulator from its start to its end."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator.server import Emulator

Trigger = Callable[..., dict[str, Any]]


async def test_a_seed_file_is_read_only_when_there_is_no_state(
    tmp_path: Path, connect: Any, trigger: Trigger
) -> None:
    seed, state = tmp_path / "seed.jsonl", tmp_path / "state.json"
    first = Emulator(latency=(0, 0), state=state)
    first.seed([trigger(Description="kept")])
    async with first:
        pass
    seed.write_text("no JSON at all")
    async with Emulator(latency=(0, 0), state=state, seed=seed) as url:
        client = await connect(url)
        found = await client.get_event_trigger(DomainName="acme", EventTriggerName="cart")
    assert found["Description"] == "kept"
    with pytest.raises(ValueError, match=r"seed\.jsonl: line 1: The body is not JSON"):
        await Emulator(seed=seed).__aenter__()


async def test_the_address_of_an_ipv6_host_is_in_brackets() -> None:
    async with Emulator(host="::1") as url:
        assert url.startswith("http://[::1]:")


_LISTENER = """
import asyncio, sys
from contextlib import suppress
seen = []
EVENTS = ("socket.connect", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo")
sys.addaudithook(lambda event, given: event in EVENTS and seen.append((event, given)))
from aiobotocore.session import get_session
from batcher.emulator import Emulator
at = {"region_name": "eu-west-1", "aws_access_key_id": "k", "aws_secret_access_key": "s"}
async def main():
    async with Emulator() as url:
        for service in ("sts", "customer-profiles"):
            async with get_session().create_client(service, endpoint_url=url, **at) as client:
                if service == "sts":
                    await client.get_caller_identity()
                else:
                    with suppress(client.exceptions.ResourceNotFoundException):
                        await client.list_event_triggers(DomainName="acme")
asyncio.run(main())
for event, given in seen:
    print(given[0] if event == "socket.getaddrinfo" else given[1][0])
"""


def test_serving_it_connects_to_nothing_but_loopback_and_asks_for_no_name() -> None:
    child = subprocess.run(
        [sys.executable, "-c", _LISTENER], capture_output=True, text=True, check=True
    )
    seen = child.stdout.split()
    assert set(seen) == {"127.0.0.1"}, "its own client's"
