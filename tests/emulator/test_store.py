"""What is stored: accounts and Regions apart, entries in order."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from batcher.emulator import Emulator, account_of
from batcher.emulator.store import SortedEntries, Store

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def test_accounts_and_regions_are_apart_and_seeds_are_in_each(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger(Description="seeded")])
    places = [("AKIDONE", "eu-west-1"), ("AKIDONE", "us-east-1"), ("AKIDTWO", "eu-west-1")]
    async with emulator as url:
        for key, region in places:
            client = await connect(url, key=key, region=region)
            assert (await client.get_event_trigger(**NAME))["Description"] == "seeded"
            await client.update_event_trigger(**NAME, Description=f"{key} {region}")
        with pytest.raises(ValueError, match="say which account and region is meant"):
            emulator.trigger("acme", "cart")
    for key, region in places:
        stored = emulator.trigger("acme", "cart", account_of(key), region) or {}
        assert stored["Description"] == f"{key} {region}"
    applied = [(entry["seq"], entry["account"], entry["region"]) for entry in emulator.applied()]
    assert applied == [(n, account_of(key), region) for n, (key, region) in enumerate(places, 1)]


async def _ask(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, f"{url}/_emulator/{path}", data=body) as r,
    ):
        text = await r.text()
        lines = r.content_type == "application/x-ndjson"
        return r.status, [json.loads(line) for line in text.splitlines()] if lines else json.loads(
            text
        )


async def test_a_seed_for_one_place_is_in_that_place_only(connect: Any, trigger: Trigger) -> None:
    async with Emulator(latency=(0, 0)) as url:
        place = f"seed?account={account_of('ONE')}&region=eu-west-1"
        assert await _ask(url, "POST", place, json.dumps(trigger()).encode()) == (
            200,
            {"seeded": 1},
        )
        await (await connect(url, key="ONE")).get_event_trigger(**NAME)
        with pytest.raises(ClientError, match="ResourceNotFoundException"):
            await (await connect(url, key="TWO")).get_event_trigger(**NAME)


@given(names=st.lists(st.text(max_size=3), unique=True), size=st.integers(1, 4))
def test_pages_hold_every_entry_once_in_the_order_of_names(names: list[str], size: int) -> None:
    entries: SortedEntries[str] = SortedEntries()
    for name in names:
        entries.put(name, f"of {name}")
    names.sort()
    paged, last = entries.page("", size)
    if "" in names:  # pages begin after a name, and no name of AWS's is empty
        names.remove("")
    while last is not None:
        page, last = entries.page(last, size)
        paged += page
    assert paged == [f"of {name}" for name in names]


def test_a_dump_is_loaded_as_it_was(trigger: Trigger) -> None:
    store, copy = Store(), Store()
    store.seed_everywhere(trigger(), 1.0)
    store.place("111122223333", "eu-west-1", 2.0).seed(trigger("other"), 3.0)
    store.seed_everywhere({"DomainName": "acme", "Uri": "cart", "EventTriggerNames": ["cart"]}, 4.0)
    copy.load(json.loads(json.dumps(store.dump())))
    assert copy.dump() == store.dump()
    domain = copy.place("111122223333", "eu-west-1", 5.0).domains.get("acme")
    assert domain is not None
    assert [each["Uri"] for each in domain.integrations] == ["cart"]
    assert copy.find("acme", "cart", None, None) is not None
    assert repr(copy.place("111122223333", "eu-west-1", 4.0)) == (
        "<Place 111122223333 eu-west-1, 1 domains>"
    )
