"""Every way in which requests leave: one contract, whichever transport a target has."""

from typing import Any

import pytest

from batcher.aws.transport import ResolvedPlace
from batcher.emulator import Emulator
from tests.aws.test_client import target

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


async def test_a_target_is_where_its_transport_goes(connect: Any) -> None:
    async with Emulator() as url:
        client = await connect(url)
        async with target(url) as own, target(None, client) as ready:
            places = [own._place, ready._place]  # noqa: SLF001 # what its properties tell
    for place in places:
        assert isinstance(place, ResolvedPlace)
        assert (place.region, place.endpoint_url, place.partition) == ("eu-west-1", url, "aws")
        assert place.service.service_name == "customer-profiles"
