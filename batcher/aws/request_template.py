"""The requests of an operation made from a template, byte for byte as the SDK makes them.

A template is made once, from the installed service model and from a request that the SDK itself has
made and signed, and is then held against that: what it can't repeat, it is not used for.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from string import Formatter
from typing import Any, NamedTuple
from urllib.parse import quote, urlsplit

import msgspec
from botocore.auth import _host_from_url
from botocore.awsrequest import AWSPreparedRequest
from botocore.handlers import add_recursion_detection_header
from botocore.utils import normalize_url_path, percent_encode, percent_encode_sequence

from batcher.aws.invocation_id import invocation_id
from batcher.aws.service_model import shapes_in
from batcher.aws.signature import ALGORITHM, Signer

DATE, TOKEN, INVOCATION = "x-amz-date", "x-amz-security-token", "amz-sdk-invocation-id"
_TRACE = "x-amzn-trace-id"  # of a Lambda function, which has another one for each event
_OF_EACH = frozenset({DATE, TOKEN, INVOCATION, _TRACE, "authorization", "content-length"})
"""Headers that each request has a value of its own for."""
# those that the SDK's HTTP client sees to; of each a server may refuse a second one
_OF_HTTP = frozenset({"host", "accept", "accept-encoding"})
_SIGNED = re.compile(
    rf"{ALGORITHM} Credential=[^/]+/\d{{8}}/([^/]+)/([^/]+)/aws4_request, SignedHeaders=([\w;-]+), "
)
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]+").fullmatch
_UNRESERVED_PATH = re.compile(r"[A-Za-z0-9._~/-]+").fullmatch
_dumped = json.JSONEncoder(check_circular=False).encode  # as json.dumps does
_packed = msgspec.json.Encoder().encode
_PLAIN_TYPES = frozenset({"string", "boolean", "integer", "long"})
_CONTAINERS = frozenset({"structure", "list", "map"})
_WITHOUT_LENGTH = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})  # where there is no body


class NotTemplatedError(Exception):
    """A request of that operation can't be made from a template; says why."""


class Filled(NamedTuple):
    """Members put into their places. ``path``: below the endpoint's; ``query``: without a ``?``."""

    path: str
    query: str
    body: bytes


class Forwarding(NamedTuple):
    """How a proxy is asked to forward a request without TLS: ``prefix`` of its path, headers."""

    prefix: str
    head: str


class RequestShape:
    """Where the members of an operation's request go: path, query string, body.

    Raises NotTemplatedError for an operation that wants more than that.
    """

    def __init__(self, operation: Any) -> None:
        if reason := next(_beyond_a_template(operation), None):
            raise NotTemplatedError(f"{operation.name} {reason}")
        self.name = str(operation.name)
        self.method = str(operation.http["method"])
        self._labels: set[str] = set()
        self._query: dict[str, str] = {}
        self._body: set[str] = set()
        named: dict[str, str] = {}
        for name, member in operation.input_shape.members.items():
            key = str(member.serialization.get("name", name))
            match member.serialization.get("location"):
                case "uri":
                    self._labels.add(name)
                    named[key] = name
                case "querystring":
                    self._query[name] = key
                case _:
                    self._body.add(name)
        self._path = [
            (literal, named[label] if label else None)
            for literal, label, *_ in Formatter().parse(operation.http["requestUri"])
        ]

    def fill(self, members: Mapping[str, Any]) -> Filled:
        """Raises KeyError for a member that the model has not, and for a label without one."""
        body, asked, labels = {}, {}, {}
        for name, value in members.items():
            if value is None:
                continue
            if name in self._body:
                body[name] = value
            elif name in self._query:
                asked[self._query[name]] = _text(value)
            elif name in self._labels:
                labels[name] = value
            else:
                raise KeyError(name)
        path = ""
        for literal, label in self._path:
            path += literal + _encoded(labels[label]) if label else literal
        query = percent_encode_sequence(asked) if asked else ""
        return Filled(path, query, _written(body) if self._body else b"")


class RequestTemplate:
    """All of an operation's requests but what members, moment and credentials say.

    ``made``: one that the SDK has made of ``members`` and signed with ``credentials``, which says
    where requests go and which headers they have; ``region``, ``service``: what it is signed for.
    Raises NotTemplatedError.
    """

    def __init__(
        self,
        shape: RequestShape,
        made: AWSPreparedRequest,
        members: Mapping[str, Any],
        credentials: Any,
        forwarding: Forwarding | None = None,
    ) -> None:
        self._shape = shape
        self.url = str(made.url)
        self._forwarding = forwarding or Forwarding("", "")
        self._base = _base_path(self.url, shape.fill(members))
        self._tells_length = shape.method not in _WITHOUT_LENGTH
        self._in_lambda = "AWS_LAMBDA_FUNCTION_NAME" in os.environ
        headers = {name: _header_text(value) for name, value in made.headers.items()}
        low = {name.lower(): each for name, each in headers.items()}
        # signers other than the SDK's own, such as AWS's common runtime, name the host themselves
        low.setdefault("host", _host_from_url(self.url))
        self._head = f" HTTP/1.1\r\n{_http_head(low)}{self._forwarding.head}" + "".join(
            f"{name}: {each}\r\n"
            for name, each in headers.items()
            if name.lower() not in _OF_EACH | _OF_HTTP
        )
        self._set_signed(low)
        self._hold_against(made, low, members, credentials)

    def request(
        self, members: Mapping[str, Any], credentials: Any, timestamp: str, signer: Signer
    ) -> bytes:
        """The whole request, signed. ``credentials``: frozen; ``timestamp``: its X-Amz-Date.

        Raises what ``RequestShape.fill`` does.
        """
        method, token = self._shape.method, credentials.token
        path, query, body = self._shape.fill(members)
        path = self._base + path
        canonical_request, names = self._canonical(path, query, body, token, timestamp)
        signed = signer.authorization(credentials, timestamp, canonical_request, names)
        target = f"{path}?{query}" if query else path
        length = f"Content-Length: {len(body)}\r\n" if body or self._tells_length else ""
        session = f"X-Amz-Security-Token: {token}\r\n" if token else ""
        head = (
            f"{method} {self._forwarding.prefix}{target}{self._head}"
            f"{length}X-Amz-Date: {timestamp}\r\n{session}"
            f"Authorization: {signed}\r\n{INVOCATION}: {invocation_id()}\r\n"
            f"{_trace_header() if self._in_lambda else ''}\r\n"
        )
        return head.encode() + body

    def _canonical(
        self, path: str, query: str, body: bytes, token: str | None, timestamp: str
    ) -> tuple[str, str]:
        """The canonical request, and the names of its headers."""
        session, names = "", self._names
        if token:
            # long, and printable, so that only blanks could be trimmed
            trimmed = _trimmed(token) if " " in token else token
            session, names = f"{TOKEN}:{trimmed}\n", self._names_with_token
        canonical_request = (
            f"{self._shape.method}\n{_canonical_path(path)}\n{query and _canonical_query(query)}\n"
            f"{self._before}{DATE}:{timestamp}\n{self._between}{session}{self._after}\n"
            f"{names}\n{sha256(body).hexdigest()}"
        )
        return canonical_request, names

    def _set_signed(self, headers: Mapping[str, str]) -> None:
        """Put what the SDK signs into the order of its names, with places for date and token."""
        if (found := _SIGNED.match(headers.get("authorization", ""))) is None:
            raise NotTemplatedError(f"{self._shape.name} is not signed with signature V4")
        self.region, self.service = found[1], found[2]
        fixed = set(found[3].split(";")) - {DATE, TOKEN}
        lines = {name: f"{name}:{_trimmed(headers[name])}\n" for name in sorted(fixed)}
        self._before = "".join(lines[name] for name in lines if name < DATE)
        self._between = "".join(lines[name] for name in lines if DATE < name < TOKEN)
        self._after = "".join(lines[name] for name in lines if name > TOKEN)
        self._names = ";".join(sorted({*fixed, DATE}))
        self._names_with_token = ";".join(sorted({*fixed, DATE, TOKEN}))

    def _hold_against(
        self,
        made: AWSPreparedRequest,
        low: Mapping[str, str],
        members: Mapping[str, Any],
        credentials: Any,
    ) -> None:
        """Raise NotTemplatedError where the same request, made here, is another one."""
        path, query, body = self._shape.fill(members)
        path, timestamp, token = self._base + path, low.get(DATE, ""), credentials.token
        canonical_request, names = self._canonical(path, query, body, token, timestamp)
        signer = Signer(self.region, self.service)
        signed = signer.authorization(credentials, timestamp, canonical_request, names)
        same = (
            made.method == self._shape.method
            and (made.body or b"") == body
            and low.get("authorization") == signed
            and low.get(TOKEN, "") == (credentials.token or "")
            and INVOCATION in low
        )
        if not same:
            raise NotTemplatedError(f"the SDK signs or writes {self._shape.name} in another way")


def _http_head(low: Mapping[str, str]) -> str:
    """What the SDK's HTTP client puts first; it asks for no compression, whatever is wanted."""
    accept = low.get("accept", "*/*")
    return f"Host: {low['host']}\r\nAccept: {accept}\r\nAccept-Encoding: identity\r\n"


def _beyond_a_template(operation: Any) -> Iterator[str]:
    """What an operation of the model asks for that a template can't give."""
    shape = operation.input_shape
    if shape is None or operation.output_shape is None:
        yield "has no members"
        return
    if operation.endpoint or operation.http_checksum or operation.request_compression:
        yield "has a host, a checksum or a compression of its own"
    if operation.has_streaming_input or operation.has_streaming_output:
        yield "is a stream"
    if operation.unsigned_payload or operation.idempotent_members:
        yield "has members that the SDK makes up"
    if "payload" in shape.serialization or "authPath" in operation.http:
        yield "has a body or a path of another kind"
    for member in shape.members.values():
        match member.serialization.get("location"):
            case "uri" | "querystring" if member.type_name in _PLAIN_TYPES:
                pass
            case None if is_as_given(member, _PLAIN_TYPES):
                pass
            case _:
                yield "has members that are written in another way than they are given"


def is_as_given(shape: Any, types: frozenset[str]) -> bool:
    """Whether a shape, and all in it, stands in a body just as it is given; ``types`` of values."""
    return all(
        each.type_name in types | _CONTAINERS
        and "name" not in each.serialization
        and not getattr(each, "is_document_type", False)
        for each in shapes_in(shape)
    )


def _base_path(url: str, filled: Filled) -> str:
    """The path that an endpoint has of its own, without its last slash."""
    parts = urlsplit(url)
    whole = f"{parts.scheme}://{parts.netloc}{parts.path}"
    if (
        not parts.path.endswith(filled.path)
        or parts.username is not None
        or url != (f"{whole}?{filled.query}" if filled.query else whole)
    ):
        raise NotTemplatedError("the endpoint has more in it than a host and a path")
    return parts.path.removesuffix(filled.path)


def _written(body: Mapping[str, Any]) -> bytes:
    """As json.dumps writes it, in a fifth of the time where all of it is printable."""
    try:
        if (packed := _packed(body)).isascii() and b"\x7f" not in packed:
            return msgspec.json.format(packed, indent=0)
    except (TypeError, ValueError, OverflowError):
        pass
    return _dumped(body).encode()


def _encoded(label: Any) -> str:
    if isinstance(label, str) and _UNRESERVED(label):
        return label
    encoded: str = percent_encode(label)
    return encoded


def _canonical_path(path: str) -> str:
    if "//" in path or "/." in path:
        path = normalize_url_path(path)
    return path if _UNRESERVED_PATH(path) else quote(path, safe="/~")


def _canonical_query(query: str) -> str:
    return "&".join(sorted(query.split("&")))


def _trimmed(value: str) -> str:
    return " ".join(value.split())


def _text(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else value


def _header_text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value


def _trace_header() -> str:
    """The trace that a Lambda function is called in, as the SDK passes it on."""
    params: dict[str, Any] = {"headers": {}}
    add_recursion_detection_header(params)
    return "".join(f"{name}: {value}\r\n" for name, value in params["headers"].items())
