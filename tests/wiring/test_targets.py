"""Targets opened side by side: in the order they were named, and why others can't be."""

import shlex
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiobotocore.config import AioConfig

from batcher.config import Settings, resolve
from batcher.emulator import Emulator
from batcher.errors import AwsError, NotSentError, SettingsError, WrongAccountError
from batcher.host_limits import requests_at_once
from batcher.wiring.targets import REACHED_AT_ONCE, TargetConnector
from tests.conftest import sdk_session


@pytest.fixture
def settings(stand_in_credentials: None) -> Settings:
    away = {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1"}
    return resolve({"targets": {"away": away, "gone": away}, "region": "eu-west-1"})


async def connect(settings: Settings, *names: str) -> Any:
    async with AsyncExitStack() as stack:
        return await TargetConnector(settings).connect(names, stack)


async def test_targets_keep_the_order_in_which_they_were_named(settings: Settings) -> None:
    async with Emulator() as url:
        here = {"endpoint_url": url, "region": "eu-west-1"}
        targets = dict.fromkeys(("b", "a", "c"), here)
        more = resolve({"targets": targets}, base=settings)
        found = await connect(more, "c", "a", "b")
    assert (list(found.targets), found.unusable) == (["c", "a", "b"], {})


async def test_of_targets_none_of_which_can_be_used_the_first_one_named_says_why(
    settings: Settings,
) -> None:
    with pytest.raises(AwsError, match="target gone: no connection"):
        await connect(settings, "gone", "away")


async def test_settings_that_are_wrong_end_it_whatever_the_others_can_do(
    settings: Settings,
) -> None:
    async with Emulator() as url:
        nobody = {"profile": "nobody", "endpoint_url": url}
        more = resolve({"endpoint_url": url, "targets": {"nobody": nobody}}, base=settings)
        with pytest.raises(SettingsError, match="nobody"):
            await connect(more, "default", "nobody")


async def test_no_targets_are_no_error(settings: Settings) -> None:
    assert await connect(settings) == ({}, {}, {})


async def test_a_client_of_the_callers_own_is_used_and_not_closed(settings: Settings) -> None:
    async with (
        Emulator() as url,
        sdk_session().create_client(
            "customer-profiles", endpoint_url=url, region_name="eu-west-1"
        ) as client,
    ):
        async with TargetConnector(settings, client).target("any") as target:
            assert target.endpoint_url == url
        await client.list_domains()


async def test_without_a_number_targets_share_what_this_machine_can_have_in_flight(
    settings: Settings,
) -> None:
    alone = TargetConnector(resolve({"region": "eu-west-1"})).target("default")
    two = TargetConnector(settings)
    assert alone.slots == requests_at_once(1)
    assert [two.target(name).slots for name in ("away", "gone")] == [requests_at_once(2)] * 2
    chosen = resolve({"concurrency": 7, "region": "eu-west-1"})
    assert TargetConnector(chosen).target("default").slots == 7


async def test_with_a_client_of_the_callers_own_they_share_its_pool(settings: Settings) -> None:
    config = AioConfig(max_pool_connections=40)
    async with sdk_session().create_client(
        "customer-profiles", region_name="eu-west-1", config=config
    ) as client:
        assert TargetConnector(settings, client).target("away").slots == 20
        merging = resolve({"merge": True}, base=settings)
        assert TargetConnector(merging, client).target("away").slots == 10


async def test_what_keeps_all_from_starting_says_how_to_do_the_rest_without_it_and_that_does(
    settings: Settings,
) -> None:
    async with Emulator() as url:
        here = {"endpoint_url": url, "region": "eu-west-1"}
        targets = dict.fromkeys(("good, really", "left", "other"), here)
        targets |= {"nobody": {**here, "profile": "nobody"}}
        targets |= {name: {**here, "account": "9" * 12} for name in ("wrong one", "w[1],2")}
        given: dict[str, Any] = {"targets": targets, "without_target": "le?t"}
        names = list(targets)
        with pytest.raises(SettingsError, match="nobody") as raised:
            await connect(resolve(given, base=settings), *names)
        offered = shlex.split(str(raised.value).partition("add ")[2].removesuffix("."))
        assert offered == ["--without-target", "left,nobody,w[[]1]?2,wrong one"]
        without = {**given, "without_target": "left,nobody"}
        with pytest.raises(
            WrongAccountError, match=r"2 targets \(w\[1\],2, wrong one\).* add --wi"
        ):
            await connect(resolve(without, base=settings), *names)
        found = await connect(
            resolve({**given, "without_target": offered[1]}, base=settings), *names
        )
    assert list(found.targets) == ["good, really", "other"]
    assert list(found.unusable) == list(found.unopened) == ["left", "nobody", "wrong one", "w[1],2"]
    assert "left for later by --without-target" in str(found.unusable["w[1],2"])


async def test_where_no_target_is_left_there_is_no_way_without_them(settings: Settings) -> None:
    async with Emulator() as url:
        table = {"endpoint_url": url, "account": "9" * 12, "region": "eu-west-1"}
        more = resolve({"targets": {"a": table, "b": table}}, base=settings)
        with pytest.raises(WrongAccountError) as raised:
            await connect(more, "a", "b")
        assert "--without-target" not in str(raised.value)
        with pytest.raises(AwsError, match="left for later"):
            await connect(resolve({"without_target": "a,b"}, base=more), "a", "b")


class _LateTarget:
    """A target to which the first connection does not come about in time."""

    def __init__(self) -> None:
        self._is_late = True

    async def __aenter__(self) -> "_LateTarget":
        return self

    async def __aexit__(self, *exception: object) -> None:
        """Nothing was opened."""

    def refuse_useless(self) -> None:
        """It is of use."""

    async def check(self) -> None:
        if self._is_late:
            self._is_late = False
            raise NotSentError("no connection came about in time")

    async def account(self) -> None:
        """Nobody says."""


class _LateConnector(TargetConnector):
    def target(self, name: str) -> Any:
        return _LateTarget()


@pytest.mark.parametrize(("targets", "usable"), [(REACHED_AT_ONCE + 1, True), (2, False)])
async def test_of_very_many_one_that_is_not_reached_in_time_is_tried_once_more(
    settings: Settings, targets: int, usable: bool
) -> None:
    names = [f"t{number}" for number in range(targets)]
    async with AsyncExitStack() as stack:
        connecting = _LateConnector(settings).connect(names, stack)
        if usable:
            assert list((await connecting).targets) == names
            return
        with pytest.raises(NotSentError, match="in time"):
            await connecting
