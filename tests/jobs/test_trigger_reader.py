"""Live triggers read and listed: errors are values, and where every call is refused it ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from batcher.accounting.denials import DENIED_IN_A_ROW
from batcher.emulator import Emulator
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import AwsError, CredentialsError
from batcher.jobs.connection import connected
from batcher.jobs.trigger_reader import TriggerReader
from batcher.records import Error, Update
from tests.conftest import trigger
from tests.jobs.conftest import SettingsFor, seeded


@asynccontextmanager
async def reading(
    emulator: Emulator, settings_for: SettingsFor, **more: Any
) -> AsyncIterator[TriggerReader]:
    async with (
        emulator as url,
        connected(settings_for(url, **more), ["default"]) as connection,
    ):
        yield TriggerReader(connection.targets["default"], connection.lanes, "Allow it.")


def of(number: int) -> Update:
    names = {"DomainName": "acme", "EventTriggerName": f"t{number}"}
    return Update(id=str(number), line=number, target="default", request=names)


async def test_triggers_and_domains_are_listed_sorted_over_all_pages(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(150)
    emulator.seed([trigger(0, "globex")])
    async with reading(emulator, settings_for) as reader:
        assert await reader.domains() == ["acme", "globex"]
        assert await reader.triggers("acme") == sorted(f"t{number}" for number in range(150))
        pages = [call for call in emulator.calls() if call.operation == "ListEventTriggers"]
    assert len(pages) == 2


async def test_what_aws_refuses_is_a_value(settings_for: SettingsFor) -> None:
    async with reading(seeded(), settings_for) as reader:
        live, missing = await reader.read(of(1)), await reader.read(of(99))
        unlisted = await reader.triggers("nowhere")
    assert not isinstance(live, Error)
    assert live["Description"] == "before-1"
    assert isinstance(missing, Error)
    assert isinstance(unlisted, Error)
    assert (missing.code, unlisted.code) == (RESOURCE_NOT_FOUND, RESOURCE_NOT_FOUND)


async def test_where_every_call_is_refused_it_ends_with_what_to_allow(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(faults={"access-denied": 1.0})
    async with reading(emulator, settings_for) as reader:
        for _ in range(DENIED_IN_A_ROW - 1):
            assert isinstance(await reader.read(of(1)), Error)
        assert isinstance(await reader.triggers("acme"), Error), "another action"
        with pytest.raises(AwsError, match=r"target default: every call was refused.* Allow it\."):
            await reader.read(of(1))


@pytest.mark.parametrize(("targets", "ahead"), [(1, 256), (16, 256), (64, 64), (5_000, 8)])
async def test_of_many_targets_fewer_triggers_each_are_read_ahead(
    settings_for: SettingsFor, targets: int, ahead: int
) -> None:
    async with Emulator() as url, connected(settings_for(url), ["default"]) as connection:
        target = connection.targets["default"]
        assert TriggerReader(target, connection.lanes, "Allow it.", targets).ahead == ahead


async def test_credentials_that_are_over_are_told_with_their_target(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded()
    emulator.script("GetEventTrigger", ["expired-token"] * 9)
    emulator.script("ListEventTriggers", ["expired-token"] * 9)
    async with reading(emulator, settings_for) as reader:
        for look in (reader.read(of(1)), reader.triggers("acme")):
            with pytest.raises(CredentialsError, match=r"^target default: AWS does not accept"):
                await look
