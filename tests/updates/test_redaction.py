"""What sensitive members hold is in no text that comes out."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.redaction import REDACTED, WITHHELD, Redactor
from tests.updates.samples import MODEL, valid_lines

REDACTOR = Redactor(MODEL)


def held(request: dict[str, Any]) -> set[str]:
    """Strings below sensitive members, but the model's own constants."""

    def leaves(value: Any) -> Iterator[str]:
        if isinstance(value, str):
            yield value
        elif isinstance(value, dict | list):
            for below in value.values() if isinstance(value, dict) else value:
                yield from leaves(below)

    found = {leaf for name in MODEL.sensitive & request.keys() for leaf in leaves(request[name])}
    return found - MODEL.constants


@given(valid_lines(), st.data())
def test_no_string_of_a_sensitive_member_survives_wherever_it_stands(
    request_of_line: dict[str, Any], data: st.DataObject
) -> None:
    secrets = sorted(held(request_of_line))
    spellings: list[Callable[[str], str]] = [str, json.dumps, repr]
    spelled = data.draw(st.sampled_from(spellings))
    between = st.sampled_from([" ", " and ", "'", '"', ", "])
    pieces = data.draw(st.lists(st.tuples(between, st.sampled_from([*secrets, "the text"]))))
    text = "".join(gap + spelled(piece) + gap for gap, piece in pieces)
    left = REDACTOR.redact(text, request_of_line).split(REDACTED)
    assert not [
        secret for secret in secrets if len(secret) >= 4 and any(secret in part for part in left)
    ]


@given(
    st.text(min_size=1).filter(lambda text: text not in MODEL.constants),
    st.sampled_from(["description", "DESCRIPTION"]),
)
def test_what_aws_quotes_of_a_sensitive_member_goes_even_when_it_is_not_in_the_request(
    value: str, path: str
) -> None:
    text = (
        "1 validation error detected: Value '{}' at '{}' failed to satisfy constraint: Member must"
        " be short"
    )
    assert REDACTOR.redact(text.format(value, path), {}) == text.format(REDACTED, path)


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "Value 'acme' at 'domainName' failed to satisfy",
            "Value 'acme' at 'domainName' failed to satisfy",
        ),
        (
            (
                "Value '[x]' at 'eventTriggerConditions.1.x' failed to satisfy; Value 'b' at"
                " 'domainName' failed"
            ),
            (
                f"Value '{REDACTED}' at 'eventTriggerConditions.1.x' failed to satisfy; Value 'b'"
                " at 'domainName' failed"
            ),
        ),
        (
            "Invalid type for parameter Description, value: 5, type: <class 'int'>",
            f"Invalid type for parameter Description, value: {REDACTED}, type: <class 'int'>",
        ),
        ("ANY is not CONTAINS", "ANY is not CONTAINS"),
        ("total, subtotal", f"{REDACTED}, sub{REDACTED}"),
        ("vip, vips, 'vip', vip_2", f"{REDACTED}, vips, '{REDACTED}', vip_2"),
        ("overlaps abcdef here", f"overlaps {REDACTED} here"),
    ],
)
def test_messages_keep_what_is_harmless(said: str, shown: str) -> None:
    attribute = {
        "Source": "total",
        "ComparisonOperator": "CONTAINS",
        "Values": ["vip", "ANY", "abcd", "cdef"],
    }
    request = {
        "DomainName": "acme",
        "EventTriggerConditions": [{"EventTriggerDimensions": [{"ObjectAttributes": [attribute]}]}],
    }
    assert REDACTOR.redact(said, request) == shown


@pytest.mark.parametrize(
    "text",
    [
        "sending {'Description': 'x'}",
        "eventtriggerconditions=[…]",
        "Authorization: AWS4-HMAC-SHA256 …",
        "X-Amz-Security-Token: abc",
        "key AKIAIOSFODNN7EXAMPLE used",
        "found aws_secret_access_key in file",
        '"SessionToken": "abc"',
    ],
)
def test_a_text_without_a_request_is_withheld_whole_when_it_may_hold_something(text: str) -> None:
    assert REDACTOR.withhold(text) == WITHHELD


def test_a_harmless_text_stays() -> None:
    assert (
        REDACTOR.withhold("Found endpoint for profile: eu-west-1")
        == "Found endpoint for profile: eu-west-1"
    )
