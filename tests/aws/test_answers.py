"""An answer is what was asked for, in the shape of the model, from the host that was asked."""

import itertools
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiobotocore.config import AioConfig

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.answers import (
    UnreadableAnswerError,
    check_asked,
    hold_to_model,
    refuse_redirects,
)
from batcher.aws.one_attempt import OneAttemptSession
from batcher.errors import RedirectError
from batcher.operations import (
    CREATE_TRIGGER,
    GET_TRIGGER,
    LIST_DOMAINS,
    LIST_TRIGGERS,
    TRIGGER_NAMES,
    UPDATE_TRIGGER,
)
from batcher.records import Attempt
from tests.aws.test_client import target
from tests.conftest import change, sdk_session, trigger
from tests.odd_server import Answer, http, odd_server

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "transport")

SHOWN = {name: value for name, value in trigger(1).items() if name != "DomainName"}
ASKED = {
    UPDATE_TRIGGER: change(1),
    CREATE_TRIGGER: trigger(1),
    GET_TRIGGER: {name: trigger(1)[name] for name in TRIGGER_NAMES},
    LIST_TRIGGERS: {"DomainName": "acme"},
    LIST_DOMAINS: {},
}
OF_A_TRIGGER = (UPDATE_TRIGGER, CREATE_TRIGGER, GET_TRIGGER)


@asynccontextmanager
async def asking() -> AsyncIterator[Callable[[str, Answer], Awaitable[Attempt]]]:
    """A target whose server gives each call of an operation the answer that comes with it."""
    async with odd_server(lambda request: b"") as server, target(server.url) as eu:

        async def attempt(operation: str, answer: Answer) -> Attempt:
            server.answer = lambda request: answer
            return await eu.call(operation, ASKED[operation])

        yield attempt


def with_member(path: str, value: Any) -> dict[str, Any]:
    """The trigger as it is shown, with another value at that place."""
    shown = json.loads(json.dumps(SHOWN))
    *parents, last = path.split("/")
    here = shown
    for name in parents:
        here = here[int(name) if name.isdigit() else name]
    here[int(last) if last.isdigit() else last] = value
    return shown


CONDITION = "EventTriggerConditions/0"
ATTRIBUTE = f"{CONDITION}/EventTriggerDimensions/0/ObjectAttributes/0"
NOT_A_TRIGGER = {
    "nothing": b"",
    "blank": b"  \n",
    "a page": b"<html>it works</html>",
    "half of it": json.dumps(SHOWN).encode()[:-5],
    "two": b"{}{}",
    "null": b"null",
    "a list": b"[]",
    "a list of it": json.dumps([SHOWN]).encode(),
    "a text": b'"OK"',
    "a number": b"200",
    "NaN": b'{"EventTriggerName":"t1","CreatedAt":NaN}',
    "a byte order mark": b"\xef\xbb\xbf" + json.dumps(SHOWN).encode(),
    "UTF-16": json.dumps(SHOWN).encode("utf-16"),
    "Latin-1": '{"EventTriggerName":"t1","Description":"é"}'.encode("latin-1"),
    "a surrogate's bytes": b'{"EventTriggerName":"t1","Description":"\xed\xa0\x80"}',
    "Latin-1 in what nobody knows": '{"EventTriggerName":"t1","New":"é"}'.encode("latin-1"),
    "deep": b'{"EventTriggerName":"t1","New":' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "gzip": b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\xae\x05\x00\x43\xbf\xa6\xa3\x02\x00",
    "without a name": {},
    "the name as null": with_member("EventTriggerName", None),
    "the name as a number": with_member("EventTriggerName", 1),
    "an empty name": with_member("EventTriggerName", ""),
    "another name": with_member("EventTriggerName", "t2"),
    "the name in capitals": with_member("EventTriggerName", "T1"),
    "the name with a blank": with_member("EventTriggerName", "t1 "),
    "the name twice": b'{"EventTriggerName":"t1","EventTriggerName":"t2"}',
    "another domain": with_member("DomainName", "other"),
    "a domain as a number": with_member("DomainName", 7),
    "a wrapped one": {"EventTrigger": SHOWN},
    "half a pair": with_member("Description", "\ud800"),
    "the other half": with_member("Description", "x\udc00"),
    "halves in disorder": with_member("Description", "\udc00\ud800"),
    "half a pair in a value": with_member(f"{ATTRIBUTE}/Values/0", "\udfff"),
    "half a pair in a tag": with_member("Tags", {"a": "\ud83d"}),
    "half a pair in a tag's name": with_member("Tags", {"\ud83d": "a"}),
    "half a pair in what nobody knows": with_member("New", {"a": ["\udabc"]}),
    "a text as a number": with_member("Description", 5),
    "a text as a list": with_member("Description", ["a"]),
    "a text as an object": with_member("SegmentFilter", {"a": 1}),
    "a text as a truth": with_member("ObjectTypeName", True),
    "a list as a text": with_member("EventTriggerConditions", "abc"),
    "a list as an object": with_member("EventTriggerConditions", {"0": {}}),
    "a null condition": with_member(CONDITION, None),
    "a condition that is a text": with_member(CONDITION, "ALL"),
    "a null dimension": with_member(f"{CONDITION}/EventTriggerDimensions/0", None),
    "a null attribute": with_member(ATTRIBUTE, None),
    "a null value": with_member(f"{ATTRIBUTE}/Values/0", None),
    "a value that is a number": with_member(f"{ATTRIBUTE}/Values/0", 10),
    "limits as a list": with_member("EventTriggerLimits", []),
    "a null period": with_member("EventTriggerLimits", {"Periods": [None]}),
    "a number as a text": with_member("EventTriggerLimits", {"EventExpiration": "600000"}),
    "a number of another kind": with_member("EventTriggerLimits", {"EventExpiration": 1.5}),
    "a number that is a truth": with_member("EventTriggerLimits", {"EventExpiration": True}),
    "a number without end": with_member("EventTriggerLimits", {"EventExpiration": 2**63}),
    "a number of a thousand digits": with_member(
        "EventTriggerLimits", {"EventExpiration": 10**1000}
    ),
    "a truth as a text": with_member("EventTriggerLimits", {"Periods": [{"Unlimited": "no"}]}),
    "a time as an object": with_member("LastUpdatedAt", {"epoch": 1}),
    "a time beyond all years": with_member("LastUpdatedAt", 1e300),
    "a time that is a word": with_member("CreatedAt", "yesterday"),
    "tags as a list": with_member("Tags", [{"Key": "a", "Value": "b"}]),
    "a null tag": with_member("Tags", {"a": None}),
}


@pytest.mark.parametrize("operation", OF_A_TRIGGER)
async def test_what_is_not_the_trigger_that_was_asked_for_is_no_answer(operation: str) -> None:
    async with asking() as attempt:
        for name, body in NOT_A_TRIGGER.items():
            found = await attempt(operation, http(200, body))
            got = (found.reached, found.code, found.answer)
            assert got == ("sent", "UnreadableAnswer", None), name
            assert judge(found) is Verdict.LOST, name
            said = found.message
            # the SDK alone knows the spellings of a time
            assert said.startswith("no answer to what was asked: ") or "Error" in said, name
            assert "SECRET" not in said, name
            assert "before-1" not in said, name
            said.encode()


GOOD: list[dict[str, Any]] = [
    {},
    {"Description": None, "SegmentFilter": None, "Tags": {}},  # null is not there
    {"DomainName": "acme", "Later": {"a": [None, 1]}},
    {"CreatedAt": 1_700_000_000.5, "LastUpdatedAt": "2026-11-23T10:00:00Z"},
    {"Description": "\U0001f600 é \x00"},
    {"EventTriggerLimits": {"EventExpiration": 2**63 - 1, "Periods": []}},
    {"EventTriggerLimits": {"Periods": [{"Unit": "EONS", "Value": 999}]}},  # a newer model's
]


@pytest.mark.parametrize("operation", OF_A_TRIGGER)
async def test_a_good_answer_passes_whatever_a_later_model_adds(operation: str) -> None:
    async with asking() as attempt:
        for more, status in itertools.product(GOOD, (200, 201, 202)):
            found = await attempt(operation, http(status, {**SHOWN, **more}))
            assert (found.reached, found.code) == ("answered", None), more
            assert found.answer is not None
            assert found.answer["EventTriggerName"] == "t1"
            assert "DomainName" not in found.answer
            assert not [name for name in found.answer if name.startswith("batcher")]


NOT_A_LIST = {
    "a page": b"<html/>",
    "a list": b"[]",
    "items as a text": {"Items": "t1"},
    "items as an object": {"Items": {"EventTriggerName": "t1"}},
    "a null item": {"Items": [None]},
    "an item that is a name": {"Items": ["t1"]},
    "an item without a name": {"Items": [{}]},
    "an item with null for a name": {"Items": [{"EventTriggerName": None, "DomainName": None}]},
    "an item with a number": {"Items": [{"EventTriggerName": 5, "DomainName": 5}]},
    "an item with an empty name": {"Items": [{"EventTriggerName": "", "DomainName": ""}]},
    "half a pair": {"Items": [{"EventTriggerName": "\ud800", "DomainName": "\ud800"}]},
    "a token that is a number": {"Items": [], "NextToken": 5},
    "a token that is a truth": {"Items": [], "NextToken": True},
    "a token that is a list": {"Items": [], "NextToken": ["a"]},
    "a token that is an object": {"Items": [], "NextToken": {"a": 1}},
    "a token of half a pair": {"Items": [], "NextToken": "\udead"},
}


@pytest.mark.parametrize("operation", [LIST_TRIGGERS, LIST_DOMAINS])
async def test_what_is_no_list_of_names_is_no_answer(operation: str) -> None:
    async with asking() as attempt:
        for name, body in NOT_A_LIST.items():
            found = await attempt(operation, http(200, body))
            assert (found.reached, found.code) == ("sent", "UnreadableAnswer"), name


async def test_a_list_of_another_domain_is_no_answer() -> None:
    items = [{"EventTriggerName": "t1"}, {"EventTriggerName": "t2", "DomainName": "other"}]
    good = {"Items": items[:1], "NextToken": None}
    async with asking() as attempt:
        bad = await attempt(LIST_TRIGGERS, http(200, {"Items": items}))
        assert bad.code == "UnreadableAnswer"
        assert (await attempt(LIST_TRIGGERS, http(200, good))).code is None
        assert (await attempt(LIST_DOMAINS, http(200, {}))).code is None


REFUSALS = [
    b"",
    b"\xff\xfe",
    b"[]",
    b"null",
    b'"no"',
    b'{"message":"\\ud800"}',
    b'{"message":{"a":1},"code":["x"],"__type":5}',
    b'{"Code":17}',
    b"<html>go away</html>",
    b'{"a":' * 100_000,
]


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_a_refusal_is_known_by_its_status_whatever_comes_with_it(status: int) -> None:
    async with asking() as attempt:
        for body in REFUSALS:
            found = await attempt(UPDATE_TRIGGER, http(status, body))
            got = (found.reached, found.http_status, found.code)
            assert got == ("answered", status, str(status)), body[:50]
            found.message.encode()
            answer = http(status, body, x_amzn_ErrorType="a#SomeException:b")
            named = await attempt(UPDATE_TRIGGER, answer)
            expected = "UnknownCode" if body or status < 500 else str(status)
            assert named.code == expected, body[:50]


@pytest.mark.parametrize("operation", ASKED)
async def test_more_than_a_mebibyte_is_no_answer(operation: str) -> None:
    long = {**SHOWN, "Items": [], "New": "x" * 2**20}
    short = {**SHOWN, "Items": [], "New": "x" * (2**20 - 2000)}
    async with asking() as attempt:
        found = await attempt(operation, http(200, long))
        assert (found.reached, found.code) == ("sent", "UnreadableAnswer")
        assert "1,048,576 bytes" in found.message
        assert (await attempt(operation, http(200, short))).code is None


@pytest.mark.parametrize("status", [200, 400, 503])
async def test_a_body_without_end_is_left(status: int) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield f"HTTP/1.1 {status} Odd\r\nContent-Type: application/json\r\n\r\n{{".encode()
        while True:
            yield b" " * 65_536

    async with asking() as attempt:
        found = await attempt(UPDATE_TRIGGER, endless())
    assert (found.reached, found.code) == ("sent", "UnreadableAnswer")


REDIRECTS = {
    "another host": ("https://evil.example/x?token=SECRET", "evil.example"),
    "another port": ("http://127.0.0.1:1/x", "127.0.0.1"),
    "with a user": ("http://SECRET:SECRET@evil.example:8443/SECRET", "evil.example"),
    "without a scheme": ("//evil.example/a", "evil.example"),
    "the same host": ("/elsewhere?SECRET", "no other host"),
    "nowhere": ("", "no other host"),
    "no address": ("http://[SECRET", "a place that can't be read"),
    "a strange one": ("http://ev\xedl.example/", "a strange host"),
}


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 305, 307, 308])
async def test_a_redirect_is_never_followed_and_is_named(status: int) -> None:
    async with odd_server(lambda request: http(200, SHOWN)) as elsewhere, asking() as attempt:
        for (location, host), operation in itertools.product(REDIRECTS.values(), ASKED):
            place = location.replace("127.0.0.1:1", elsewhere.url.removeprefix("http://"))
            answer = http(status, b"" if status == 304 else SHOWN, Location=place)
            found = await attempt(operation, answer)
            assert (found.code, found.http_status) == ("Redirected", status), location
            assert judge(found) is Verdict.REDIRECTED
            assert f"status {status}) to {host};" in found.message
            assert "SECRET" not in found.message
    assert not elsewhere.requests


async def test_no_client_follows_a_redirect_by_the_older_header_either() -> None:
    async with odd_server(lambda request: http(200, SHOWN)) as elsewhere, asking() as attempt:
        found = await attempt(UPDATE_TRIGGER, http(307, SHOWN, URI=elsewhere.url))
    assert found.code == "Redirected"
    assert not elsewhere.requests


async def test_a_client_of_the_callers_own_is_held_to_the_same() -> None:
    answers = [http(307, SHOWN, Location="/a"), http(200, []), http(200, SHOWN)]
    config = AioConfig(retries={"total_max_attempts": 1})
    async with (
        odd_server(lambda request: answers.pop(0)) as server,
        sdk_session().create_client(
            "customer-profiles", endpoint_url=server.url, config=config
        ) as client,
        target(None, client) as eu,
        target(None, client) as once_more,
    ):
        found = [await each.call(UPDATE_TRIGGER, change(1)) for each in (eu, once_more, eu)]
    assert [each.code for each in found] == ["Redirected", "UnreadableAnswer", None]


def test_what_was_asked_for_is_compared_by_name_and_domain() -> None:
    check_asked({"EventTriggerName": "t1"}, ASKED[GET_TRIGGER])
    check_asked({"Items": []}, ASKED[LIST_TRIGGERS])
    check_asked({"Message": "deleted"}, ASKED[GET_TRIGGER])  # what the model gives no name
    with pytest.raises(UnreadableAnswerError, match="another trigger"):
        check_asked({"EventTriggerName": "t2"}, ASKED[GET_TRIGGER])


@pytest.mark.parametrize("service", ["sts", "sqs"])
async def test_other_clients_refuse_redirects_too(service: str) -> None:
    config = AioConfig(retries={"total_max_attempts": 1}, http_session_cls=OneAttemptSession)
    async with (
        odd_server(lambda request: http(308, b"", Location="http://evil.example/")) as server,
        sdk_session().create_client(service, endpoint_url=server.url, config=config) as client,
    ):
        refuse_redirects(client)
        call = client.get_caller_identity if service == "sts" else client.list_queues
        with pytest.raises(RedirectError, match=r"status 308\) to evil\.example"):
            await call()


async def test_a_client_that_is_held_to_the_model_raises(connect: Any) -> None:
    answers = [http(200, []), http(302, b""), http(200, SHOWN)]
    async with odd_server(lambda request: answers.pop(0)) as server:
        client = await connect(server.url)
        hold_to_model(client)
        with pytest.raises(UnreadableAnswerError):
            await client.get_event_trigger(**ASKED[GET_TRIGGER])
        with pytest.raises(RedirectError):
            await client.get_event_trigger(**ASKED[GET_TRIGGER])
        assert (await client.get_event_trigger(**ASKED[GET_TRIGGER]))["EventTriggerName"] == "t1"
        await client.close()
