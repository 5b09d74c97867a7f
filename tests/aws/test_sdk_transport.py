"""The SDK's path: an own client goes with its transport, a caller's own one stays open."""

from typing import Any

import pytest
from aiobotocore.config import AioConfig

from batcher.aws.departure import Departure
from batcher.aws.one_attempt import OneAttemptSession
from batcher.aws.sdk_transport import open_sdk_transport, ready_transport
from batcher.emulator import Emulator
from batcher.operations import GET_TRIGGER, TRIGGER_NAMES
from tests.conftest import sdk_session, trigger

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

NAMES = {name: trigger(1)[name] for name in TRIGGER_NAMES}


async def test_a_client_that_was_opened_for_it_is_closed_with_it() -> None:
    config = AioConfig(http_session_cls=OneAttemptSession)
    async with Emulator() as url:
        opened = await open_sdk_transport(
            sdk_session(), region="eu-west-1", endpoint_url=url, config=config
        )
        await opened.reach()
        await opened.aclose()
        with pytest.raises(Exception, match="NoneType"):
            await opened.client.get_event_trigger(**NAMES)


async def test_a_client_of_the_callers_own_says_when_a_request_leaves_and_stays_open(
    connect: Any,
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    async with emulator as url:
        client = await connect(url)
        transport = await ready_transport(client)
        departure = Departure(5)
        assert not departure.left
        answer = await transport.send(GET_TRIGGER, NAMES, departure)
        assert departure.left
        assert answer["EventTriggerName"] == "t1"
        await transport.aclose()
        assert (await client.get_event_trigger(**NAMES))["EventTriggerName"] == "t1"
    assert (transport.place.region, transport.place.endpoint_url) == ("eu-west-1", url)
    assert transport.place.partition == "aws"
