"""The emulator from its start to its end."""

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
