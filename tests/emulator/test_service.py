"""A service without HTTP: what the model allows, through botocore, is accepted and given back."""

import time
from random import Random
from typing import Any

import botocore.session
import pytest
from botocore.parsers import create_parser
from botocore.serialize import create_serializer
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.emulator.authenticator import Authenticator
from batcher.emulator.buckets import Quotas
from batcher.emulator.call_log import CallLog
from batcher.emulator.faults import Faults
from batcher.emulator.model import ServiceModel
from batcher.emulator.operations import Operations
from batcher.emulator.requests import HttpRequest
from batcher.emulator.service import Arrival, Service
from batcher.emulator.store import Store
from batcher.emulator.write_rules import WriteRules

MODEL = botocore.session.get_session().get_service_model("customer-profiles")
UNITS = ", ".join(MODEL.shape_for("PeriodUnit").enum)
NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
AUTHORIZATION = (
    "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/profile/aws4_request, SignedHeaders=host,"
    " Signature=0"
)
ALPHABETS = {"^[a-zA-Z0-9_-]+$": "azAZ09_-", "^[a-zA-Z0-9_.-]+$": "azAZ09_.-"}
SPECIAL = {
    "^[a-zA-Z_][a-zA-Z_0-9-]*$": st.from_regex(r"[a-zA-Z_][a-zA-Z_0-9-]{0,20}", fullmatch=True)
}
LONG_TEXT = st.sampled_from(["Ω", "\U0001f600", '"', "\\", "\u2028"])


class Wire:
    """A fresh service, called through botocore's serializer and parser, without HTTP between."""

    def __init__(self) -> None:
        model, store, random = ServiceModel(), Store(), Random(0)
        self._service = Service(
            model=model,
            store=store,
            operations=Operations(model, WriteRules()),
            authenticator=Authenticator(None, time.time),
            quotas=Quotas(None, {}),
            faults=Faults({}, random),
            call_log=CallLog(),
            clock=time.monotonic,
            wall_clock=time.time,
            on_change=lambda: None,
        )
        self._serializer = create_serializer("rest-json", include_validation=False)
        self._parser = create_parser("rest-json")
        self.call("CreateDomain", {"DomainName": "acme", "DefaultExpirationDays": 1})

    def call(self, operation: str, members: dict[str, Any]) -> dict[str, Any]:
        model = MODEL.operation_model(operation)
        wire = self._serializer.serialize_to_request(members, model)
        received = HttpRequest(
            method=wire["method"],
            path=wire["url_path"],
            query="",
            headers={"Authorization": AUTHORIZATION},
            body=wire["body"] or b"",
        )
        arrival = self._service.receive(received, "id")
        assert isinstance(arrival, Arrival)
        reply = self._service.decide(arrival).reply
        answer = {"status_code": reply.status, "headers": dict(reply.headers), "body": reply.body}
        parsed: dict[str, Any] = self._parser.parse(answer, model.output_shape)
        parsed["status"] = reply.status
        return parsed


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Values that the shape allows, its limits included."""
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            required = {name: values(shape.members[name]) for name in shape.required_members}
            optional = {
                name: values(item) for name, item in shape.members.items() if name not in required
            }
            return st.fixed_dictionaries(required, optional=optional)
        case "list":
            return st.lists(values(shape.member), min_size=low or 0, max_size=min(high, 3))
        case "map":
            keys = st.text("abc:/", min_size=1, max_size=5)
            return st.dictionaries(keys, values(shape.value), min_size=low or 0, max_size=3)
        case "integer":
            return st.integers(low, high)
        case "long":
            return st.integers(-(2**63), 2**63 - 1)
        case "boolean":
            return st.booleans()
    return texts(shape, low or 0, high)


def texts(shape: Any, low: int, high: int) -> st.SearchStrategy[str]:
    pattern = shape.metadata.get("pattern")
    if shape.enum:
        return st.sampled_from(shape.enum)
    if pattern in SPECIAL:
        return SPECIAL[pattern]
    if pattern:
        return st.text(ALPHABETS[pattern], min_size=low, max_size=high)
    return st.text(
        st.characters(exclude_categories=["Cs"]), min_size=low, max_size=12
    ) | LONG_TEXT.map(lambda character: character * high)


def inputs(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    members = values(MODEL.operation_model(operation).input_shape)
    return members.map(lambda request: {**request, **NAME})


@settings(max_examples=40)
@given(created=inputs("CreateEventTrigger"), updated=inputs("UpdateEventTrigger"))
def test_whatever_the_model_allows_is_accepted_and_given_back(
    created: dict[str, Any], updated: dict[str, Any]
) -> None:
    wire = Wire()
    assert wire.call("CreateEventTrigger", created)["status"] == 200
    assert wire.call("UpdateEventTrigger", updated)["status"] == 200
    found = wire.call("GetEventTrigger", NAME)
    wanted = {**created, **updated}
    assert {name: found[name] for name in wanted if name != "DomainName"} == {
        name: value for name, value in wanted.items() if name != "DomainName"
    }


@pytest.mark.parametrize(
    ("members", "message"),
    [
        (
            {"SegmentFilter": "a b"},
            (
                "1 validation error detected: Value 'a b' at 'segmentFilter' failed to satisfy"
                " constraint: Member must satisfy regular expression pattern: ^[a-zA-Z0-9_-]+$"
            ),
        ),
        (
            {
                "EventTriggerLimits": {
                    "Periods": [{"Unit": "DAYS", "Value": 1}, {"Unit": "YEARS", "Value": 0}]
                }
            },
            (
                "2 validation errors detected: Value 'YEARS' at"
                " 'eventTriggerLimits.periods.2.member.unit' failed to satisfy constraint: Member"
                f" must satisfy enum value set: [{UNITS}]; Value '0' at"
                " 'eventTriggerLimits.periods.2.member.value' failed to satisfy constraint: Member"
                " must have value greater than or equal to 1"
            ),
        ),
    ],
)
def test_the_message_is_worded_as_aws_words_it(members: dict[str, Any], message: str) -> None:
    wire = Wire()
    assert wire.call("UpdateEventTrigger", {**NAME, **members})["Error"]["Message"] == message
