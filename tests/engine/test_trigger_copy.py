"""A trigger that was created is told, and completed where that is asked for: once, and in order."""

from typing import Any

import pytest
from msgspec import UNSET
from msgspec.structs import replace

from batcher.engine.list_pages import AttachedIntegrations
from batcher.engine.pacing import Pacer
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.engine.trigger_copy import Completion, Requests, TriggerCopy
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, LIST_INTEGRATIONS, PUT_INTEGRATION, TAG_RESOURCE
from batcher.records import Attempt, Creation, Error, Result, Status, Update
from batcher.target_identity import TargetIdentity
from batcher.testing import (
    LoopClock,
    OpenLimiter,
    ScriptedCall,
    ScriptedCaller,
    in_virtual_time,
    refused,
    update,
)
from tests.engine.settlers import Settled, make_retrying

PLACE = TargetIdentity(region="eu-west-1", account="111122223333", endpoint="https://e")
COPIED = replace(update(1), domain_map="acme-old=acme")
OURS = {"Uri": "s3://b", "EventTriggerNames": ["t1"], "ObjectTypeName": "Orders"}


class Account:
    """Two domains, of which acme-old has a trigger with tags and an integration."""

    def __init__(self, *attached: dict[str, Any], refuses: str = "") -> None:
        self.attached = {"acme-old": [OURS], "acme": list(attached)}
        self.tags: dict[str, dict[str, str]] = {"acme-old": {"team": "crm"}, "acme": {}}
        self.refuses = refuses

    def answer(self, call: ScriptedCall) -> Attempt:
        if call.operation == self.refuses:
            return refused("AccessDeniedException", 403)
        domain = call.members.get("DomainName", "acme")
        if call.operation == PUT_INTEGRATION:
            self.attached[domain].append(dict(call.members))
        if call.operation == TAG_RESOURCE:
            assert call.members["resourceArn"] == "arn:domains/acme/event-triggers/t1"
            self.tags[domain] |= call.members["tags"]
        shown = {"Items": list(self.attached[domain]), "Tags": self.tags[domain]}
        return Attempt(reached="answered", seconds=0.0, answer=shown)


def settle(
    account: Account,
    asked: Update = COPIED,
    *,
    status: Status = "succeeded",
    created: Creation | None = "without_integration",
    error: Error | None = None,
    draining: bool = False,
) -> tuple[Result | None, list[str]]:
    """The result, and what was sent for it."""
    caller, clock = ScriptedCaller(account.answer), LoopClock()
    pacer = Pacer(OpenLimiter(), 4, clock)
    if draining:
        pacer.drain()

    def sent(operation: str) -> Retrying:
        return make_retrying(operation, caller, pacer=pacer, policy=RetryPolicy(max_attempts=2))

    requests = Requests(
        integrations=AttachedIntegrations(sent(LIST_INTEGRATIONS), 100),
        reading=sent(GET_TRIGGER),
        tagging=sent(TAG_RESOURCE),
        putting=sent(PUT_INTEGRATION),
        arn=lambda resource: f"arn:{resource}",
        members=frozenset({"DomainName", "Uri", "EventTriggerNames", "ObjectTypeName"}),
    )
    settler = Settled(status=status, created=created or UNSET, error=error)
    made = TriggerCopy(settler, logger(), Completion(requests, PLACE, clock))
    return in_virtual_time(made.settle(asked)), [call.operation for call in caller.calls]


LOOKS = [LIST_INTEGRATIONS, LIST_INTEGRATIONS, GET_TRIGGER, GET_TRIGGER]


@pytest.mark.parametrize(
    ("status", "created"), [("succeeded", "without_integration"), ("unchanged", None)]
)
def test_tags_come_first_and_the_integration_last_also_of_one_that_an_earlier_session_created(
    status: Status, created: Creation | None
) -> None:
    account = Account()
    result, sent = settle(account, status=status, created=created)
    assert sent == [*LOOKS, TAG_RESOURCE, PUT_INTEGRATION]
    assert account.tags["acme"] == {"team": "crm"}
    assert account.attached["acme"] == [{**OURS, "DomainName": "acme"}]
    assert result is not None
    assert (result.status, result.created, result.attempts) == ("succeeded", "with_integration", 2)
    again, sent = settle(account, status="unchanged", created=None)
    assert (again and again.status, sent) == ("unchanged", [LIST_INTEGRATIONS])


@pytest.mark.parametrize(
    "operation", [LIST_INTEGRATIONS, GET_TRIGGER, TAG_RESOURCE, PUT_INTEGRATION]
)
def test_what_is_refused_is_told_with_its_action_and_a_later_run_goes_on(operation: str) -> None:
    account = Account(refuses=operation)
    result, _ = settle(account)
    assert result is not None
    assert result.error is not None
    assert (result.status, result.error.code) == ("partial", "CopyIncomplete")
    assert f"profile:{operation}" in result.error.message
    assert result.created == "without_integration"
    account.refuses = ""
    again, _ = settle(account, status="unchanged", created=None)
    assert (again and again.created) == "with_integration"


def test_one_of_that_uri_is_never_overwritten_and_what_differs_stays_so() -> None:
    other = {"Uri": "s3://b", "EventTriggerNames": ["t9"]}
    account = Account(other)
    result, sent = settle(account, status="differs", error=Error(code="NotAsAsked", message="m"))
    assert PUT_INTEGRATION not in sent
    assert account.attached["acme"] == [other]
    assert result is not None
    assert result.error is not None
    assert (result.status, result.error.code) == ("differs", "NotAsAsked")
    assert "one of that URI is there already, and names t9" in result.error.message


@pytest.mark.parametrize(
    "asked", [update(1), replace(COPIED, domain_map="other=else"), replace(COPIED, domain_map=None)]
)
def test_a_trigger_that_is_no_copy_is_only_told(asked: Update) -> None:
    result, sent = settle(Account(), asked)
    assert (result and result.created, sent) == ("without_integration", [])


def test_of_which_domain_it_is_a_copy_has_to_be_known() -> None:
    result, sent = settle(Account(), replace(COPIED, domain_map="a=acme,b=acme"))
    assert result is not None
    assert result.error is not None
    assert "a copy of one in a or b" in result.error.message
    assert sent == []


def test_draining_ends_it_only_before_anything_was_created() -> None:
    assert settle(Account(), status="unchanged", created=None, draining=True) == (None, [])
    result, sent = settle(Account(), draining=True)
    assert (result and result.created) == "with_integration"
    assert sent[-1] == PUT_INTEGRATION


@pytest.mark.parametrize("status", ["failed", "stale", "succeeded"])
def test_what_was_not_created_is_left_alone(status: Status) -> None:
    result, sent = settle(Account(), status=status, created=None)
    assert (result and result.status, sent) == (status, [])
