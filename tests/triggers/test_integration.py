"""What of an integration goes into another domain, and what is told instead of copied blindly."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.aws.service_model import installed_service_model
from batcher.target_identity import TargetIdentity
from batcher.triggers.integration import copied_integration, copied_tags

PLACE = TargetIdentity(region="eu-west-1", account="111122223333", endpoint="https://e")
SHAPES = installed_service_model()["shapes"]
TAKEN = frozenset(SHAPES["PutIntegrationRequest"]["members"])
SHOWN: dict[str, Any] = {
    "DomainName": "acme",
    "Uri": "arn:aws:connect-campaigns:eu-west-1:111122223333:campaign/1",
    "ObjectTypeName": "Orders",
    "ObjectTypeNames": {"ShopifyCreateOrders": "Orders"},
    "RoleArn": "arn:aws:iam::111122223333:role/r",
    "EventTriggerNames": ["t1"],
    "Scope": "DOMAIN",
    "Tags": {"team": "crm", "aws:made": "1"},
    "CreatedAt": 1.0,
    "LastUpdatedAt": 2.0,
}


def test_all_that_is_shown_and_can_be_put_is_copied_but_for_the_domain() -> None:
    request = copied_integration(SHOWN, {}, PLACE, TAKEN)
    assert isinstance(request, dict)
    kept = {name: value for name, value in SHOWN.items() if name[-2:] != "At"}
    assert request | {"DomainName": "acme"} == kept | {"Tags": {"team": "crm"}}
    assert request.keys() <= TAKEN


@pytest.mark.parametrize(
    ("members", "why"),
    [
        ({"Uri": "arn:aws:x:eu-west-1:999999999999:c/1"}, "its Uri is of account 999999999999"),
        ({"Uri": "arn:aws:x:us-east-1:111122223333:c/1"}, "its Uri is of Region us-east-1"),
        ({"RoleArn": "arn:aws:iam::999999999999:role/r"}, "its RoleArn is of account 99999999"),
        ({"WorkflowId": "w"}, "it was made with a flow, which AWS does not show"),
        ({"IsUnstructured": True}, "it was made with a flow"),
        ({"Uri": "s3://taken"}, "one of that URI is there already, and names t9"),
    ],
)
def test_what_can_not_be_copied_is_told_with_its_reason(members: dict[str, Any], why: str) -> None:
    taken = {"s3://taken": {"EventTriggerNames": ["t9"]}}
    told = copied_integration(SHOWN | members, taken, PLACE, TAKEN)
    assert isinstance(told, str)
    assert why in told


@given(
    st.dictionaries(st.sampled_from(["a", "b", "aws:c", "AWS:d"]), st.text(max_size=2)),
    st.dictionaries(st.sampled_from(["a", "b"]), st.text(max_size=2)),
)
def test_no_tag_that_is_there_is_changed_and_none_of_awss_own_is_sent(
    tags: dict[str, str], there: dict[str, str]
) -> None:
    sent = copied_tags(tags, there)
    assert not sent.keys() & there.keys()
    assert {key for key in {**there, **sent} if key in tags} == tags.keys() - {"aws:c", "AWS:d"}
