"""A program's own client does what the engine needs of it, or is refused with what to do."""

from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from typing import Any

import boto3
import pytest
from aiobotocore.config import AioConfig

from batcher.aws.ready_client import check_ready_client
from batcher.config import Settings, resolve
from batcher.errors import SettingsError
from tests.conftest import sdk_session

pytestmark = pytest.mark.usefixtures("stand_in_credentials")

OFF = {"total_max_attempts": 1}


@pytest.fixture
async def make() -> AsyncIterator[Callable[..., Any]]:
    """Makes clients; they are closed at the end."""
    async with AsyncExitStack() as stack:

        async def client(
            service: str = "customer-profiles", endpoint_url: str | None = None, **config: Any
        ) -> Any:
            config = {"retries": OFF, "max_pool_connections": 64} | config
            opened = sdk_session().create_client(
                service, endpoint_url=endpoint_url, config=AioConfig(**config)
            )
            return await stack.enter_async_context(opened)

        yield client


def check(client: Any, operations: int = 1, **given: Any) -> None:
    settings: Settings = resolve(given)
    check_ready_client(
        client,
        settings.targets or {"default": settings.target_defaults},
        operations=operations,
        timeouts={name: value for name, value in given.items() if name.endswith("_timeout")},
    )


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"retries": {"max_attempts": 0}},  # the first one is no retry
        {"retries": {"mode": "standard", "total_max_attempts": 1}},
        {"max_pool_connections": 1000},
    ],
)
async def test_a_client_with_retries_off_and_connections_enough_will_do(
    make: Callable[..., Any], config: dict[str, Any]
) -> None:
    check(await make(**config))


@pytest.mark.parametrize(
    "retries",
    [
        None,  # the default: legacy, five attempts
        {"mode": "legacy"},
        {"mode": "standard"},
        {"mode": "adaptive", "total_max_attempts": 1},  # with a pace of its own
        {"mode": "standard", "max_attempts": 1},
        {"total_max_attempts": 2},
        {"max_attempts": 4},
    ],
)
async def test_a_client_that_retries_on_its_own_is_refused(
    make: Callable[..., Any], retries: dict[str, Any] | None
) -> None:
    with pytest.raises(SettingsError, match=r"its own retries are on .*'total_max_attempts': 1"):
        check(await make(retries=retries))


async def test_retries_that_the_environment_asks_for_count_too(
    make: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "3")
    with pytest.raises(SettingsError, match="legacy, 3 attempts"):
        check(await make(retries=None))


@pytest.mark.parametrize(
    ("pool", "operations", "given", "said"),
    [
        (63, 1, {"concurrency": 64}, "63 connections, and 64 requests .*=63, or .*=64"),
        (2, 2, {}, None),
        (1, 2, {}, r"2 requests .* make it with AioConfig\(max_pool_connections=2\)"),
        (10, 1, {"concurrency": 10}, None),
        (19, 2, {"concurrency": 10}, r"19 connections, and 20 .* concurrency=9, or .*=20"),
        (2, 3, {"concurrency": 1}, r"once; make it with AioConfig\(max_pool_connections=3\)"),
        (20, 1, {"targets": {"a": {"concurrency": 10}, "b": {"concurrency": 10}}}, None),
        (19, 1, {"targets": {"a": {"concurrency": 10}, "b": {"concurrency": 10}}}, "and 20"),
    ],
)
async def test_a_pool_has_a_connection_for_each_request(
    make: Callable[..., Any], pool: int, operations: int, given: dict[str, Any], said: str | None
) -> None:
    client = await make(max_pool_connections=pool)
    if said is None:
        check(client, operations, **given)
        return
    with pytest.raises(SettingsError, match=said):
        check(client, operations, **given)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"region": "us-east-1"}, "it is of eu-west-1, and not of us-east-1; leave region out"),
        ({"region": "eu-west-1"}, None),
        ({"profile": "prod"}, "leave profile out"),
        ({"role_arn": "arn:aws:iam::123456789012:role/x"}, "leave role_arn out"),
        ({"external_id": "x"}, "leave external_id out"),
        ({"account": "123456789012"}, "leave account out"),
        ({"endpoint_url": "http://127.0.0.1:9"}, r"it calls http://127\.0\.0\.1:9400, and not"),
        ({"endpoint_url": "http://127.0.0.1:9400/"}, None),
        ({"read_timeout": 5}, "its read_timeout is 60, and not 5; leave read_timeout out"),
        ({"read_timeout": 60, "connect_timeout": 60}, None),
        ({"targets": {"a": {"region": "us-east-1"}}, "concurrency": 8}, "not of us-east-1"),
        ({"targets": {"a": {"region": "eu-west-1"}}, "concurrency": 8}, None),
    ],
)
async def test_a_setting_that_says_otherwise_than_the_client_is_refused(
    make: Callable[..., Any], given: dict[str, Any], said: str | None
) -> None:
    client = await make(endpoint_url="http://127.0.0.1:9400")
    if said is None:
        check(client, **given)
        return
    with pytest.raises(SettingsError, match=f"^client: .*{said}"):
        check(client, **given)


async def test_a_client_of_something_else_or_that_is_closed_is_refused(
    make: Callable[..., Any],
) -> None:
    with pytest.raises(SettingsError, match="one of sqs; make one of customer-profiles"):
        check(await make("sqs"))
    client = await make()
    await client.close()
    with pytest.raises(SettingsError, match="it is closed; use it within"):
        check(client)


async def test_what_is_no_client_of_aiobotocore_is_a_type_error() -> None:
    opening = sdk_session().create_client("customer-profiles")
    for client, said in (
        (boto3.client("customer-profiles"), "not one of boto3, whose calls would hold up"),
        (opening, "not the context manager that opens one: async with it as client"),
        ("customer-profiles", "not builtins.str"),
    ):
        with pytest.raises(TypeError, match=f"client has to be an aiobotocore client, {said}"):
            check(client)
    async with opening:
        pass
