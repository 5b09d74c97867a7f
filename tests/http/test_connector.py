"""Opening of connections."""

import asyncio
import ssl

import pytest

from batcher.http.connector import Connector
from batcher.http.errors import ConnectError
from batcher.http.origin import Origin
from tests.servers import free_port


async def test_nothing_that_listens_is_no_connection() -> None:
    connector = Connector(timeout=5, ssl_context=ssl.create_default_context, proxy=None)
    with pytest.raises(ConnectError) as refused:
        await connector.open(Origin("http", "127.0.0.1", free_port()), lambda _: None)
    assert isinstance(refused.value.__cause__, ConnectionRefusedError)
    assert asyncio.all_tasks() == {asyncio.current_task()}
