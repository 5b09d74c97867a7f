"""Our own way and the SDK's can't be told apart: by a server, or by whoever reads what came back.

Generated calls and answers go both ways, and all that is seen is compared, but for what has to
differ: ids of invocations, moments, and signatures of other moments, which are made again here.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AsyncExitStack
from typing import Any, NamedTuple

import msgspec
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.session import Session
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.aws.lean_caller import LeanCaller
from batcher.aws.lean_connections import OPERATIONS
from batcher.aws.sdk_transport import SdkTransport
from batcher.aws.transport import ResolvedPlace
from batcher.emulator import Emulator
from batcher.operations import (
    LIST_TRIGGERS,
    TRIGGER_NAMES,
    UPDATE_TRIGGER,
)
from batcher.records import Attempt
from tests.aws.test_client import target
from tests.conftest import change, trigger
from tests.odd_server import Answer, OddServer, Request, http, odd_server

KEYS = {
    "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
    "AWS_SECRET_ACCESS_KEY": "secret/+=",
    "AWS_SESSION_TOKEN": "to/ken+==",
    "AWS_REGION": "eu-west-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}
OF_EACH = {"x-amz-date", "authorization", "amz-sdk-invocation-id"}
MODEL = Session().get_service_model("customer-profiles")
NAMES = {name: trigger(1)[name] for name in TRIGGER_NAMES}
SHOWN = {
    **{name: value for name, value in trigger(1).items() if name != "DomainName"},
    "CreatedAt": 1.5,
    "LastUpdatedAt": 1_764_000_000.123,
}


class Seen(NamedTuple):
    """What a server saw of one call, and what its caller had of it."""

    requests: list[Request]
    attempt: Attempt


class SideBySide:
    """Two targets at one server, which answers with ``answer``: ours first, then the SDK's."""

    def __init__(self) -> None:
        self.answer: Callable[[], Answer] = lambda: http(200, SHOWN)
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        self._targets: list[Any] = []
        self._server: OddServer

    def __enter__(self) -> "SideBySide":
        self._runner.run(self._open())
        return self

    def __exit__(self, *_: object) -> None:
        self._runner.run(self._stack.aclose())
        self._runner.close()

    async def _open(self) -> None:
        enter = self._stack.enter_async_context
        self._server = await enter(odd_server(lambda _: self.answer()))
        for way in ("lean", "sdk"):
            self._targets.append(await enter(target(self._server.url, transport=way)))
        ours, theirs = (each._transports[-1] for each in self._targets)  # noqa: SLF001 # it is
        assert isinstance(ours, LeanCaller)
        assert isinstance(theirs, SdkTransport)

    def call(self, operation: str, members: Mapping[str, Any]) -> tuple[Seen, Seen]:
        return self._runner.run(self._call(operation, members))

    async def _call(self, operation: str, members: Mapping[str, Any]) -> tuple[Seen, Seen]:
        seen = []
        for each in self._targets:
            attempt = await each.call(operation, members)
            seen.append(
                Seen(list(self._server.requests), msgspec.structs.replace(attempt, seconds=0))
            )
            self._server.requests.clear()
        return seen[0], seen[1]


@pytest.fixture(scope="module")
def both() -> Iterator[SideBySide]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in KEYS.items():
            patch.setenv(name, value)
        with SideBySide() as side_by_side:
            yield side_by_side


NAME = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=255),
    st.sampled_from(
        ["", ".", "..", "a/b", "%2F", "a b", "x" * 255, "é" * 255, "/", "~", "+&=?#:@"]
    ),
)


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Values of a shape of the model, in the order of nobody, and without regard for lengths."""
    match shape.type_name:
        case "structure":
            parts = {name: values(member) for name, member in shape.members.items()}
            return st.fixed_dictionaries({}, optional=parts)
        case "list":
            return st.lists(values(shape.member), max_size=2)
        case "map":
            return st.dictionaries(NAME, values(shape.value), max_size=2)
        case "boolean":
            return st.booleans()
        case "integer" | "long":
            return st.integers(-(2**63), 2**63 - 1)
        case "timestamp":
            return st.integers(0, 2**33) | st.floats(0, 2**33) | st.just("2026-11-23T10:00:00Z")
    return NAME


def requests_of(operation: str) -> st.SearchStrategy[dict[str, Any]]:
    """Members of an operation's requests: those of its path, and any of the others."""
    members = MODEL.operation_model(operation).input_shape.members
    needed = {name for name in members if members[name].serialization.get("location") == "uri"}
    return st.fixed_dictionaries(
        dict.fromkeys(needed, NAME),
        optional={name: values(member) for name, member in members.items() if name not in needed},
    )


CALLS = st.sampled_from(OPERATIONS).flatmap(
    lambda operation: st.tuples(st.just(operation), requests_of(operation))
)


@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(call=CALLS)
def test_a_server_can_not_tell_whose_request_it_is(
    both: SideBySide, call: tuple[str, dict[str, Any]]
) -> None:
    both.answer = lambda: http(200, SHOWN)
    ours, theirs = both.call(*call)
    assert ours.attempt == theirs.attempt
    (one,), (other,) = ours.requests, theirs.requests
    assert (one.method, one.path, one.body) == (other.method, other.path, other.body)
    assert one.headers.keys() == other.headers.keys()
    fixed = one.headers.keys() - OF_EACH
    assert {name: one.headers[name] for name in fixed} == {
        name: other.headers[name] for name in fixed
    }
    for request in (one, other):
        assert request.headers["authorization"] == signed_again(request)
        assert re.fullmatch(r"[0-9a-f-]{36}", request.headers["amz-sdk-invocation-id"])


def signed_again(request: Request) -> str:
    """The header that botocore's signer makes of the same request at the same moment."""
    names = re.findall(r"SignedHeaders=([^,]+)", request.headers["authorization"])[0].split(";")
    headers = {name: request.headers[name] for name in names}
    url = f"http://{request.headers['host']}{request.path}"
    made = AWSRequest(request.method, url, headers, request.body)
    made.context["timestamp"] = request.headers["x-amz-date"]
    keys = Credentials(KEYS["AWS_ACCESS_KEY_ID"], KEYS["AWS_SECRET_ACCESS_KEY"])
    signer = SigV4Auth(keys, "profile", "eu-west-1")
    text = signer.string_to_sign(made, signer.canonical_request(made))
    signature = signer.signature(text, made)
    signer._inject_signature_to_request(made, signature)  # noqa: SLF001 # its header
    return str(made.headers["Authorization"])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | NAME,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(NAME, inner, max_size=2),
    max_leaves=4,
)
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "x-amzn-RequestId": st.sampled_from(["8e0a1f2c-1", "SECRET", "", "é"]),
        "x-amz-request-id": st.just("ABCDEF0123456789"),
        "x-amzn-ErrorType": st.sampled_from(
            ["ThrottlingException", "ns#BadRequestException:http://x/", "AccessDeniedException", ""]
        ),
        "Retry-After": st.sampled_from(["1", "-1", "soon", "Wed, 21 Oct 2015 07:28:00 GMT", "1e9"]),
        "x-amz-retry-after": st.sampled_from(["1500", "x", "0"]),
        "Location": st.sampled_from(["https://elsewhere/x?y", "//", ""]),
        "x-amz-bucket-region": st.just("eu-west-1"),
    },
)
STATUSES = st.sampled_from([200, 201, 204, 299, 300, 302, 304, 400, 403, 404, 407, 429, 500, 503])


def answers_to(operation: str) -> st.SearchStrategy[bytes]:
    """Bodies nearly as they should be: of the model, with something else in its place or beside."""
    members = MODEL.operation_model(operation).output_shape.members
    good = {name: values(member) | st.none() for name, member in members.items()}
    if "EventTriggerName" in good:
        good["EventTriggerName"] = st.just("t1") | JSON
    odd = dict.fromkeys([*members, "DomainName", "Later", "message", "code", "__type"], JSON)
    whole = st.builds(
        lambda *parts: json.dumps({key: each for part in parts for key, each in part.items()}),
        st.fixed_dictionaries({}, optional=good),
        st.dictionaries(st.sampled_from(sorted(odd)), JSON, max_size=2),
    )
    return st.one_of(
        whole.map(str.encode),
        whole.map(lambda text: text.encode()[:-1]),
        JSON.map(lambda each: json.dumps(each).encode()),
        st.sampled_from(
            [b"", b"<html>no</html>", b"\xff", b"{}", b"null", b'{"message":"\\ud800"}']
        ),
    )


ANSWERED = st.sampled_from(OPERATIONS).flatmap(
    lambda operation: st.tuples(st.just(operation), answers_to(operation))
)


@settings(max_examples=120, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(answered=ANSWERED, status=STATUSES, headers=HEADERS)
def test_whoever_called_can_not_tell_who_read_the_answer(
    both: SideBySide, answered: tuple[str, bytes], status: int, headers: dict[str, str]
) -> None:
    operation, body = answered
    both.answer = lambda: http(status, b"" if status in (204, 304) else body, **headers)
    names = {**NAMES, **({} if operation != UPDATE_TRIGGER else {"Description": "x"})}
    if operation == LIST_TRIGGERS:
        names.pop("EventTriggerName")
    ours, theirs = both.call(operation, names)
    assert ours.attempt == theirs.attempt


BROKEN: dict[str, list[bytes]] = {
    "nothing": [],
    "half a head": [b"HTTP/1.1 200 OK\r\nContent-"],
    "half a body": [b"HTTP/1.1 200 OK\r\nContent-Length: 20\r\n\r\n{"],
    "half a chunk": [b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"],
    "no HTTP": [b"SSH-2.0-OpenSSH\r\n\r\n"],
    "too much": [b"HTTP/1.1 200 OK\r\n\r\n{", *[b" " * 2**16] * 40],
    "until it closes": [b"HTTP/1.1 200 OK\r\n\r\n", json.dumps(SHOWN).encode()],
    "in chunks": [
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        *(b"%x\r\n%s\r\n" % (len(part), part) for part in (json.dumps(SHOWN).encode(),)),
        b"0\r\n\r\n",
    ],
    "after a hint": [
        b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n",
        b"HTTP/1.1 429 Too Many\r\nRetry-After: 2\r\nContent-Length: 0\r\n\r\n",
    ],
}


@pytest.mark.parametrize("pieces", BROKEN.values(), ids=BROKEN)
def test_what_becomes_of_a_connection_is_the_same(both: SideBySide, pieces: list[bytes]) -> None:
    async def piecemeal() -> AsyncIterator[bytes]:
        for piece in pieces:
            yield piece

    both.answer = piecemeal
    ours, theirs = both.call(UPDATE_TRIGGER, change(1))
    assert ours.attempt == theirs.attempt
    assert len(ours.requests) == len(theirs.requests) == 1


@pytest.mark.usefixtures("stand_in_credentials")
async def test_a_target_is_where_its_transport_goes(connect: Any) -> None:
    async with Emulator() as url, AsyncExitStack() as stack:
        ways = [target(url, transport="lean"), target(url, transport="sdk")]
        ways.append(target(None, await connect(url)))
        places = [(await stack.enter_async_context(each))._place for each in ways]  # noqa: SLF001 # as is
    for place in places:
        assert isinstance(place, ResolvedPlace)
        assert (place.region, place.endpoint_url, place.partition) == ("eu-west-1", url, "aws")
        assert place.service.service_name == "customer-profiles"


@pytest.mark.usefixtures("stand_in_credentials", "transport")
async def test_signatures_hold_where_they_are_checked_whatever_the_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    emulator = Emulator(keys={"AKIDEXAMPLE": "secret"})
    emulator.seed([trigger(1)])
    names = ["a/b", "..", ".", "a b", "%2F", "é", "~", "+&=?#:@", "x" * 255, "a//b"]
    async with emulator as url:
        async with target(url) as eu:
            assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
            listed = await eu.call(LIST_TRIGGERS, {"DomainName": "acme", "MaxResults": 1})
            assert listed.code is None
            odd = [
                (await eu.call(UPDATE_TRIGGER, {**change(1), one: name})).code
                for name in names
                for one in TRIGGER_NAMES
            ]
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "another")
        async with target(url) as eu:
            refused = await eu.call(UPDATE_TRIGGER, change(1))
    assert set(odd) <= {"BadRequestException", "ResourceNotFoundException"}
    assert refused.code == "InvalidSignatureException"
