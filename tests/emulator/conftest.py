"""Clients of the emulator, and triggers to put into it. No assertions here."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import pytest
from aiobotocore.session import get_session
from botocore.config import Config

CONDITIONS = [
    {
        "EventTriggerDimensions": [
            {
                "ObjectAttributes": [
                    {"FieldName": "Total", "ComparisonOperator": "GREATER_THAN", "Values": ["100"]}
                ]
            }
        ],
        "LogicalOperator": "ALL",
    }
]
Connect = Callable[..., Awaitable[Any]]


@pytest.fixture
def trigger() -> Callable[..., dict[str, Any]]:
    """Members of a CreateEventTrigger request."""

    def make(name: str = "cart", domain: str = "acme", **members: Any) -> dict[str, Any]:
        required = {"ObjectTypeName": "Orders", "EventTriggerConditions": CONDITIONS}
        return {"DomainName": domain, "EventTriggerName": name, **required, **members}

    return make


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Makes aiobotocore clients that never retry; they are closed at the end."""
    async with AsyncExitStack() as exits:

        async def make(
            url: str,
            key: str = "AKIDTEST",
            secret: str = "secret",
            token: str | None = None,
            region: str = "eu-west-1",
            service: str = "customer-profiles",
            read_timeout: float = 20,
        ) -> Any:
            return await exits.enter_async_context(
                get_session().create_client(
                    service,
                    endpoint_url=url,
                    region_name=region,
                    aws_access_key_id=key,
                    aws_secret_access_key=secret,
                    aws_session_token=token,
                    config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout),
                )
            )

        yield make
