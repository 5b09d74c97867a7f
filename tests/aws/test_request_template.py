"""Requests from templates: where members go, and which operations there is no template for."""

import json
from typing import Any

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.session import Session
from hypothesis import example, given
from hypothesis import strategies as st

from batcher.aws.request_template import (
    Filled,
    Forwarding,
    NotTemplatedError,
    RequestShape,
    RequestTemplate,
)
from batcher.operations import GET_TRIGGER, LIST_TRIGGERS, PUT_INTEGRATION, UPDATE_TRIGGER

SERVICES = Session()
KEYS = ReadOnlyCredentials("AKID", "secret", None, None)


def shape(operation: str, service: str = "customer-profiles") -> RequestShape:
    return RequestShape(SERVICES.get_service_model(service).operation_model(operation))


def test_members_go_into_path_query_and_body_in_the_order_in_which_they_are_given() -> None:
    names = {"DomainName": "a/b", "EventTriggerName": "é .~"}
    assert shape(GET_TRIGGER).fill(names) == Filled(
        "/domains/a%2Fb/event-triggers/%C3%A9%20.~", "", b""
    )
    asked = {"NextToken": "x=/&", "DomainName": "a", "MaxResults": 7}
    assert shape(LIST_TRIGGERS).fill(asked) == Filled(
        "/domains/a/event-triggers", "next-token=x%3D%2F%26&max-results=7", b""
    )
    body = {"SegmentFilter": "é", "Description": None, "ObjectTypeName": "b"}
    assert shape(UPDATE_TRIGGER).fill({**body, **names}).body == (
        b'{"SegmentFilter": "\\u00e9", "ObjectTypeName": "b"}'
    )


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(VALUES)
@example('\x00\x1f"\\/\u2028')
@example("all of it ASCII: \x1f\x7f")
@example("\ud800")  # half of a surrogate pair
@example({"": {}, "a": [[], {}]})
def test_a_body_is_written_as_json_dumps_does_it(value: object) -> None:
    names = {"DomainName": "a", "EventTriggerName": "b"}
    written = shape(UPDATE_TRIGGER).fill({**names, "EventTriggerLimits": {"a": value}}).body
    assert written == json.dumps({"EventTriggerLimits": {"a": value}}).encode()


@pytest.mark.parametrize(
    "members", [{"DomainName": "a"}, {"DomainName": "a", "EventTriggerName": "b", "New": 1}]
)
def test_a_member_too_few_or_too_many_makes_no_request(members: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        shape(UPDATE_TRIGGER).fill(members)


@pytest.mark.parametrize(
    ("service", "operation", "why"),
    [
        ("customer-profiles", PUT_INTEGRATION, "another way"),  # moments
        ("s3", "PutObject", "checksum|stream"),
        ("athena", "StartQueryExecution", "makes up"),
    ],
)
def test_what_is_more_than_path_query_and_body_has_no_template(
    service: str, operation: str, why: str
) -> None:
    with pytest.raises(NotTemplatedError, match=why):
        shape(operation, service)


@pytest.mark.parametrize(
    "url",
    [
        "https://user:secret@h/domains/a/event-triggers/b",
        "https://h/domains/a/event-triggers/b?x=y",
        "https://h/elsewhere",
    ],
)
def test_an_endpoint_with_more_than_host_and_path_has_none(url: str) -> None:
    made = AWSPreparedRequest("GET", url, {}, None, False)
    members = {"DomainName": "a", "EventTriggerName": "b"}
    with pytest.raises(NotTemplatedError, match="host and a path") as raised:
        RequestTemplate(shape(GET_TRIGGER), made, members, KEYS)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("authorization", "why"),
    [
        ("Bearer token", "not signed with signature V4"),
        (
            "AWS4-HMAC-SHA256 Credential=AKID/20261127/eu-west-1/profile/aws4_request,"
            " SignedHeaders=host;x-amz-date, Signature=0",
            "in another way",
        ),
    ],
)
def test_what_can_not_be_repeated_has_none(authorization: str, why: str) -> None:
    headers = {
        "Authorization": authorization,
        "X-Amz-Date": "20261127T000000Z",
        "amz-sdk-invocation-id": "x",
    }
    url = "https://h/domains/a/event-triggers/b"
    made = AWSPreparedRequest("GET", url, headers, None, False)
    members = {"DomainName": "a", "EventTriggerName": "b"}
    with pytest.raises(NotTemplatedError, match=why):
        RequestTemplate(shape(GET_TRIGGER), made, members, KEYS, Forwarding("http://h", ""))
