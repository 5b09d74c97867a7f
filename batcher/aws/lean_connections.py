"""What the lean targets of a process have in common: connections, and what the SDK says of a place.

The SDK is asked once for each distinct profile, Region and endpoint, by a client that is closed
again: where requests go, how they are signed, over which proxy and with which certificates. No
target holds a client for its life.
"""

import os
from collections.abc import Awaitable, Callable, Iterator, Mapping
from inspect import isfunction
from ssl import SSLContext
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import anyio
import botocore.exceptions as sdk
from aiobotocore.client import AioBaseClient
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from anyio import to_thread
from botocore import xform_name
from botocore.awsrequest import AWSPreparedRequest
from botocore.credentials import ReadOnlyCredentials
from botocore.loaders import Loader
from botocore.plugin import get_botocore_plugins
from msgspec import Struct

from batcher.aws.lean_answers import AnswerReader
from batcher.aws.request_template import (
    Forwarding,
    NotTemplatedError,
    RequestShape,
    RequestTemplate,
)
from batcher.aws.sdk_transport import check_port, resolved_place
from batcher.aws.service_model import SERVICE
from batcher.aws.transport import ResolvedPlace
from batcher.host_limits import connections_at_once
from batcher.http.connection_pool import ConnectionPool
from batcher.http.origin import Origin
from batcher.http.proxy import Proxy, proxy_of_url
from batcher.operations import (
    CREATE_TRIGGER,
    DELETE_TRIGGER,
    GET_TRIGGER,
    LIST_TRIGGERS,
    UPDATE_TRIGGER,
)

OPERATIONS = (UPDATE_TRIGGER, GET_TRIGGER, CREATE_TRIGGER, DELETE_TRIGGER, LIST_TRIGGERS)

SAMPLE_KEYS = ReadOnlyCredentials("AKIDSAMPLE", "sample", "sample", None)
_SAMPLE_TEXT, _SAMPLE_NUMBER = "a/b c~%.é", 7
_PORTS = {"http": 80, "https": 443}
# what the endpoint rules may look at: nothing that differs from request to request
_ENDPOINT_PARAMETERS = frozenset({"Region", "UseDualStack", "UseFIPS", "Endpoint"})


class WireKey(NamedTuple):
    """What decides where requests go and how, besides the environment of the process."""

    profile: str | None
    region: str
    endpoint_url: str | None


class Means(NamedTuple):
    """What an operation is called with."""

    template: RequestTemplate
    reader: AnswerReader


class SharedPool:
    """The connections for one proxy and one set of certificates, opened when first needed.

    ``reads_ahead``: whether certificates are read before that, beside the event loop: for TLS, and
    where what settings name may be wrong. Else it is done when TLS is needed after all.
    """

    def __init__(self, http: AIOHTTPSession, proxy_url: str | None, timeout: float) -> None:
        self.proxy_url = proxy_url
        self.opened: ConnectionPool | None = None
        names_file = isinstance(http._verify, str)  # noqa: SLF001 # nothing public says it
        self.reads_ahead = proxy_url is not None or names_file
        self._build: Any = http._build_ssl_contexts  # noqa: SLF001 # as for the SDK's own connections
        self._timeout = timeout
        self._opening = anyio.Lock()

    async def open(self) -> ConnectionPool:
        """The pool. Raises HTTPClientError where its certificates can't be read."""
        if self.opened is not None:  # the lock would have all targets wait for one another
            return self.opened
        async with self._opening:
            if self.opened is None:
                self.opened = await self._make()
        return self.opened

    async def _make(self) -> ConnectionPool:
        if not self.reads_ahead:
            return self._pool(lambda: self._build(None)[0])
        try:
            to_hosts, to_proxy = await to_thread.run_sync(self._build, self.proxy_url)
        except Exception as error:
            raise sdk.HTTPClientError(error=error) from error
        proxy = None
        if self.proxy_url is not None:
            proxy = proxy_of_url(self.proxy_url, lambda: to_proxy)
        return self._pool(lambda: to_hosts, proxy)

    def _pool(
        self, ssl_context: Callable[[], SSLContext], proxy: Proxy | None = None
    ) -> ConnectionPool:
        return ConnectionPool(
            size=connections_at_once(),
            connect_timeout=self._timeout,
            ssl_context=ssl_context,
            proxy=proxy,
        )

    async def aclose(self) -> None:
        pool, self.opened = self.opened, None
        if pool is not None:
            await pool.aclose()


class Wire(Struct, frozen=True, kw_only=True):
    """A place, the way there, and what each operation is called with.

    ``take`` and ``give_up``: told of each target that uses it, and that uses it no more.
    """

    place: ResolvedPlace
    origin: Origin
    pool: SharedPool
    operations: Mapping[str, Means]
    signing_region: str
    signing_service: str
    take: Callable[[], None]
    give_up: Callable[[], Awaitable[None]]

    def url_of(self, request: bytes) -> str:
        """Where a request goes."""
        target = request.split(b" ", 2)[1].decode()
        if not target.startswith("/"):  # it is for a proxy
            return target
        place = urlsplit(self.place.endpoint_url)
        return f"{place.scheme}://{place.netloc}{target}"


class LeanConnections:
    """Opens wires, each place once, and closes all connections with the last target that uses any.

    ``timeout``: seconds to wait for a connection; ``by_hand``: they were asked for, so that nothing
    else will do.
    """

    def __init__(self, loader: Loader, *, timeout: float, by_hand: bool = False) -> None:
        self.by_hand = by_hand
        self._loader = loader
        self._timeout = timeout
        self._wires: dict[WireKey, Wire | str] = {}  # or why there is none
        self._pools: dict[Any, SharedPool] = {}
        # of the model, which is the same everywhere: what each operation is made and read by
        self._shapes: dict[str, tuple[RequestShape, AnswerReader]] = {}
        self._samples: dict[str, dict[str, Any]] = {}
        self._resolving = anyio.Lock()
        self._users = 0

    async def wire(self, key: WireKey, config: AioConfig, session: AioSession) -> Wire:
        """The wire there. ``config``: as for a client of the SDK.

        ``session``: any of that profile, as one takes 10 ms to make.
        Raises NotTemplatedError where the SDK does what we can't, and what the SDK itself raises
        for settings that it can't use.
        """
        async with self._resolving:
            if key not in self._wires:
                try:
                    self._wires[key] = await self._resolve(key, config, session)
                except NotTemplatedError as error:
                    self._wires[key] = str(error)
            found = self._wires[key]
        if isinstance(found, str):
            raise NotTemplatedError(found)
        return found

    async def _resolve(self, key: WireKey, config: AioConfig, session: AioSession) -> Wire:
        async with session.create_client(
            SERVICE,
            region_name=key.region,
            endpoint_url=key.endpoint_url,
            config=config,
            aws_access_key_id=SAMPLE_KEYS.access_key,
            aws_secret_access_key=SAMPLE_KEYS.secret_key,
            aws_session_token=SAMPLE_KEYS.token,
        ) as client:
            if reason := next(_beyond_lean(self._loader), None):
                raise NotTemplatedError(reason)
            check_port(client)
            return await self._wire(client)

    async def _wire(self, client: Any) -> Wire:
        http, place = client._endpoint.http_session, resolved_place(client)  # noqa: SLF001 # as above
        proxy_url = http._proxy_config.proxy_url_for(place.endpoint_url)  # noqa: SLF001 # as above
        forwarding = _forwarding(place.endpoint_url, proxy_url)
        operations = {name: await self._means(client, name, forwarding) for name in OPERATIONS}
        template = operations[UPDATE_TRIGGER].template
        origin, pool = _origin(template.url), SharedPool(http, proxy_url, self._timeout)
        pool = self._pools.setdefault((proxy_url, http._verify), pool)  # noqa: SLF001 # as above
        pool.reads_ahead |= origin.scheme == "https"
        return Wire(
            place=place,
            origin=origin,
            pool=pool,
            operations=operations,
            signing_region=template.region,
            signing_service=template.service,
            take=self._take,
            give_up=self._give_up,
        )

    async def _means(self, client: Any, name: str, forwarding: Forwarding | None) -> Means:
        """What an operation is called with, held against what the SDK makes of a sample."""
        if name not in self._shapes:
            model = client.meta.service_model.operation_model(name)
            self._shapes[name] = RequestShape(model), AnswerReader(model)
            sampled = model.input_shape.members.items()
            self._samples[name] = {member: _sample(shape) for member, shape in sampled}
        (shape, reader), members = self._shapes[name], self._samples[name]
        made = await _made(client, name, members)
        return Means(RequestTemplate(shape, made, members, SAMPLE_KEYS, forwarding), reader)

    def _take(self) -> None:
        self._users += 1

    async def _give_up(self) -> None:
        self._users -= 1
        if not self._users:
            for pool in self._pools.values():
                await pool.aclose()


class _Made(Exception):
    """A request as the SDK would send it now."""

    def __init__(self, request: AWSPreparedRequest) -> None:
        self.request = request


async def _made(client: Any, operation: str, members: Mapping[str, Any]) -> AWSPreparedRequest:
    """The request that the SDK makes and signs; it is not sent."""

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        raise _Made(request)

    # events have the name that the model gives the service, and a model may be the user's own
    service = client.meta.service_model.service_id.hyphenize()
    event = f"before-send.{service}.{operation}"
    client.meta.events.register_first(event, keep)
    try:
        await getattr(client, xform_name(operation))(**members)
    except _Made as made:
        return made.request
    raise NotTemplatedError(f"the SDK makes no request of {operation}")


def _sample(shape: Any) -> Any:
    """Members of that shape, with characters that are written in several ways."""
    match shape.type_name:
        case "structure":
            return {name: _sample(member) for name, member in shape.members.items()}
        case "list":
            return [_sample(shape.member)]
        case "map":
            return {_SAMPLE_TEXT: _sample(shape.value)}
        case "boolean":
            return True
        case "integer" | "long":
            return _SAMPLE_NUMBER
    return _SAMPLE_TEXT


def _beyond_lean(loader: Loader) -> Iterator[str]:
    """What is set, and does more to a call than its request shows."""
    if get_botocore_plugins() not in (None, "", "DISABLED"):
        yield "botocore loads plug-ins"
    if not is_own(AioBaseClient, "_make_api_call"):
        yield "something in this process is wrapped around the SDK's calls"
    rules = loader.load_service_model(SERVICE, "endpoint-rule-set-1")
    if not rules["parameters"].keys() <= _ENDPOINT_PARAMETERS:
        yield "the endpoint depends on more than Region and settings"


def is_own(kind: type, method: str) -> bool:
    """Whether a class has that method of its own module, with nothing around it."""
    found = vars(kind)[method]
    return isfunction(found) and found.__module__ == kind.__module__


def _origin(url: str) -> Origin:
    try:
        parts = urlsplit(url)
        port = _PORTS[parts.scheme] if parts.port is None else parts.port
    except (ValueError, KeyError):
        raise NotTemplatedError("the endpoint's URL can't be read") from None
    return Origin(parts.scheme, parts.hostname or "", port)


def _forwarding(url: str, proxy_url: str | None) -> Forwarding | None:
    """How a proxy is asked for what is there; None: it isn't, or it makes a tunnel."""
    if proxy_url is None:
        return None
    if "BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER" in os.environ:
        raise NotTemplatedError("BOTO_EXPERIMENTAL__ADD_PROXY_HOST_HEADER is set")
    try:
        authorization = proxy_of_url(proxy_url).authorization
    except ValueError as error:
        raise NotTemplatedError(str(error)) from error
    parts = urlsplit(url)
    if parts.scheme != "http":
        return None
    head = f"Proxy-Authorization: {authorization}\r\n" if authorization else ""
    return Forwarding(f"http://{parts.netloc}", head)
