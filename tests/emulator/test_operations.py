"""What SDK clients can do with the emulator, operation by operation."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from batcher.emulator import Emulator, account_of
from batcher.emulator.errors import ServiceError
from batcher.emulator.model import EMULATED, ServiceModel
from batcher.emulator.operations import Operations
from batcher.emulator.store import Place
from batcher.emulator.write_rules import WriteRules

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


def _walk_through(url: str, trigger: Trigger) -> None:
    """Every operation once, through boto3."""
    client = boto3.client(
        "customer-profiles",
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="AKIDBOTO",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )
    domain = client.create_domain(DomainName="acme", DefaultExpirationDays=30, Tags={"team": "crm"})
    assert (domain["DefaultExpirationDays"], domain["Tags"]) == (30, {"team": "crm"})
    assert client.get_domain(DomainName="acme")["CreatedAt"] == domain["CreatedAt"]
    assert [item["DomainName"] for item in client.list_domains()["Items"]] == ["acme"]
    created = client.create_event_trigger(**trigger())
    assert (
        client.get_event_trigger(**NAME)["EventTriggerConditions"]
        == trigger()["EventTriggerConditions"]
    )
    updated = client.update_event_trigger(**NAME, Description="vip only")
    assert updated["Description"] == "vip only"
    assert (updated["CreatedAt"], updated["LastUpdatedAt"] > created["LastUpdatedAt"]) == (
        created["CreatedAt"],
        True,
    )
    (summary,) = client.list_event_triggers(DomainName="acme")["Items"]
    assert (summary["LastUpdatedAt"], "EventTriggerConditions" in summary) == (
        updated["LastUpdatedAt"],
        False,
    )
    arn = f"arn:aws:profile:us-east-1:{account_of('AKIDBOTO')}:domains/acme/event-triggers/cart"
    client.tag_resource(resourceArn=arn, tags={"a": "1", "b": "two/ü"})
    client.untag_resource(resourceArn=arn, tagKeys=["a", "absent"])
    assert client.list_tags_for_resource(resourceArn=arn)["tags"] == {"b": "two/ü"}
    assert client.get_event_trigger(**NAME)["Tags"] == {"b": "two/ü"}
    client.tag_resource(resourceArn=arn.partition("/event")[0], tags={"c": "3"})
    assert client.get_domain(DomainName="acme")["Tags"] == {"team": "crm", "c": "3"}
    stream = client.put_integration(DomainName="acme", Uri="kinesis", EventTriggerNames=["cart"])
    assert stream["EventTriggerNames"] == ["cart"]
    (listed,) = client.list_integrations(DomainName="acme", IncludeHidden=True)["Items"]
    assert (listed["Uri"], listed["EventTriggerNames"]) == ("kinesis", ["cart"])
    with pytest.raises(ClientError, match="has an active integration"):
        client.delete_event_trigger(**NAME)
    client.delete_integration(DomainName="acme", Uri="kinesis")
    assert client.list_integrations(DomainName="acme")["Items"] == []
    client.delete_event_trigger(**NAME)
    assert client.list_event_triggers(DomainName="acme")["Items"] == []
    client.close()


async def test_boto3_gets_through_every_operation(trigger: Trigger) -> None:
    async with Emulator(latency=(0, 0)) as url:
        await asyncio.to_thread(_walk_through, url, trigger)


@pytest.mark.parametrize("size", [1, 7, 100])
async def test_pages_show_every_trigger_once_and_in_order(
    connect: Any, trigger: Trigger, size: int
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed(trigger(f"t{number:03}") for number in range(105))
    async with emulator as url:
        client = await connect(url)
        pages = client.get_paginator("list_event_triggers").paginate(
            DomainName="acme", MaxResults=size
        )
        names = [[item["EventTriggerName"] for item in page["Items"]] async for page in pages]
    assert [name for page in names for name in page] == [f"t{number:03}" for number in range(105)]
    assert {len(page) for page in names[:-1]} == {size}


async def test_a_token_that_is_not_this_lists_is_refused(connect: Any, trigger: Trigger) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed(trigger(f"t{n}", domain) for n in range(2) for domain in ("acme", "globex"))
    async with emulator as url:
        client = await connect(url)
        other = (await client.list_event_triggers(DomainName="globex", MaxResults=1))["NextToken"]
        for token in (other, other[:-1], "nonsense", "bnVsbA==", "ü"):
            with pytest.raises(
                client.exceptions.BadRequestException, match="NextToken is not valid"
            ):
                await client.list_event_triggers(DomainName="acme", NextToken=token)


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda c, t: c.get_domain(DomainName="none"), "ResourceNotFoundException"),
        (lambda c, t: c.list_event_triggers(DomainName="none"), "ResourceNotFoundException"),
        (
            lambda c, t: c.get_event_trigger(DomainName="acme", EventTriggerName="none"),
            "ResourceNotFoundException",
        ),
        (
            lambda c, t: c.update_event_trigger(DomainName="none", EventTriggerName="cart"),
            "ResourceNotFoundException",
        ),
        (
            lambda c, t: c.delete_event_trigger(DomainName="acme", EventTriggerName="none"),
            "ResourceNotFoundException",
        ),
        (lambda c, t: c.create_event_trigger(**t()), "BadRequestException"),
        (lambda c, t: c.create_event_trigger(**t(domain="none")), "ResourceNotFoundException"),
        (
            lambda c, t: c.create_domain(DomainName="acme", DefaultExpirationDays=1),
            "BadRequestException",
        ),
        (
            lambda c, t: c.create_domain(DomainName="new", DefaultExpirationDays=1099),
            "BadRequestException",
        ),
        (
            lambda c, t: c.update_event_trigger(DomainName="acme", EventTriggerName="a b"),
            "BadRequestException",
        ),
        (
            lambda c, t: c.list_tags_for_resource(
                resourceArn="arn:aws:profile:eu-west-1:1:domains/acme"
            ),
            "ResourceNotFoundException",
        ),
        (lambda c, t: c.list_tags_for_resource(resourceArn="arn:aws:s3"), "BadRequestException"),
        (
            lambda c, t: c.get_domain_layout(DomainName="acme", LayoutDefinitionName="x"),
            "NotImplementedException",
        ),
    ],
)
async def test_a_call_that_cannot_be_done_is_refused_and_changes_nothing(
    connect: Any, trigger: Trigger, call: Callable[[Any, Trigger], Any], code: str
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        with pytest.raises(ClientError) as refused:
            await call(client, trigger)
    assert refused.value.response["Error"]["Code"] == code
    assert refused.value.response["ResponseMetadata"]["RequestId"]
    assert emulator.applied() == []


@pytest.mark.parametrize(
    ("clear_omitted", "left"), [(False, {"SegmentFilter", "EventTriggerLimits"}), (True, set())]
)
async def test_omitted_members_are_kept_or_cleared_as_the_emulator_is_told(
    connect: Any, trigger: Trigger, clear_omitted: bool, left: set[str]
) -> None:
    emulator = Emulator(latency=(0, 0), clear_omitted=clear_omitted)
    emulator.seed(
        [trigger(Description="old", SegmentFilter="vip", EventTriggerLimits={"EventExpiration": 1})]
    )
    async with emulator as url:
        client = await connect(url)
        answer = await client.update_event_trigger(**NAME, Description="new")
    required = {
        "EventTriggerName",
        "ObjectTypeName",
        "EventTriggerConditions",
        "CreatedAt",
        "LastUpdatedAt",
    }
    assert answer.keys() - {"ResponseMetadata"} == required | {"Description"} | left
    assert answer["Description"] == "new"


def test_each_emulated_operation_is_carried_out() -> None:
    """A missing one would be a KeyError, where a refusal is a ServiceError."""
    model, place = ServiceModel(), Place("111122223333", "eu-west-1")
    operations = Operations(model, WriteRules())
    request = {**NAME, "resourceArn": "arn:aws:profile:x", "tags": {}, "tagKeys": []}
    request["Uri"] = "kinesis"
    for name in EMULATED:
        with suppress(ServiceError):
            operations.carry_out(model.operation(name), place, request, 1.0)
    assert "acme" in place.domains
