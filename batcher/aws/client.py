"""AWS: one aiobotocore client per target for a whole run.

The only file that knows botocore's errors.

The SDK's own retries are off, its pool is as large as the engine's slots, and its errors stop here:
they become Attempts, already redacted.
"""

import os
import re
import socket
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioRefreshableCredentials
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore import xform_name
from botocore.loaders import Loader

from batcher.config import TargetSettings
from batcher.error_codes import CONNECTION_CLOSED, NO_CREDENTIALS, UNREADABLE_ANSWER
from batcher.errors import AwsError, CredentialsError, SettingsError
from batcher.records import Attempt, Reached
from batcher.version import __version__

SERVICE = "customer-profiles"
RETRY_AFTER_AT_MOST = 300.0  # seconds; a wrong header must not put an update to sleep for days
OPERATIONS_AT_ONCE = 4  # each with slots of its own: looking, changing, creating and listing

_NEVER_SENT = (
    sdk.EndpointConnectionError,
    sdk.ConnectTimeoutError,
    sdk.ProxyConnectionError,
    sdk.SSLError,
    sdk.ParamValidationError,
)
_NO_CREDENTIALS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.UnauthorizedSSOTokenError,
    sdk.SSOError,
)

_ROLE_ACCOUNT = re.compile(r"arn:[\w-]+:iam::(\d{12}):role/")

# parts of a session's life that are left when it is renewed, and when that has to succeed
FETCH_AT, FETCH_BY = 0.25, 0.05

Redact = Callable[[str, Mapping[str, Any]], str]


class AwsTarget:
    """A target's client. Use as an async context manager; ``call`` is the engine's Caller port.

    ``client``: a ready aiobotocore client of the caller's own, which is neither refreshed nor
    closed here.
    """

    def __init__(
        self,
        name: str,
        settings: TargetSettings,
        *,
        redact: Redact,
        connect_timeout: float,
        read_timeout: float,
        loader: Loader,
        client: Any | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self._redact = redact
        self._timeouts = (connect_timeout, read_timeout)
        self.account_id: str | None = None
        self._client: Any = client
        self._own = client is None
        # the present one, and the one before: a request may be under way with it
        self._clients: list[AsyncExitStack] = []
        self._loader = loader

    async def __aenter__(self) -> "AwsTarget":
        if self._own:
            await self._connect()
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.CancelScope(shield=True):
            while self._clients:
                await self._clients.pop().aclose()

    @property
    def region(self) -> str:
        return str(self._client.meta.region_name)

    @property
    def endpoint_url(self) -> str:
        return str(self._client.meta.endpoint_url)

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        """Send one request of that operation, named as in the API.

        Whatever goes wrong is in the Attempt, redacted.
        """
        began = time.perf_counter()
        try:
            answer = await getattr(self._client, xform_name(operation))(**members)
        except Exception as error:
            return self._failed(error, members, time.perf_counter() - began)
        metadata = answer.pop("ResponseMetadata", {})
        return Attempt(
            reached="answered",
            seconds=time.perf_counter() - began,
            answer=answer,
            http_status=metadata.get("HTTPStatusCode"),
            request_id=metadata.get("RequestId"),
        )

    def members(self, operation: str) -> frozenset[str]:
        """The members of that operation's request."""
        return frozenset(
            self._client.meta.service_model.operation_model(operation).input_shape.members
        )

    def page_size(self, operation: str) -> int:
        """The most entries that the model lets one ask for on a page of that list."""
        return int(
            self._client.meta.service_model.operation_model(operation)
            .input_shape.members["MaxResults"]
            .metadata["max"]
        )

    async def refresh(self) -> bool:
        """A new client from a new session, which reads profiles, environment and token caches
        anew.
        """
        if not self._own:
            return False
        try:
            await self._connect()
        except AwsError:
            return False
        return True

    async def check(self) -> None:
        """Raise CredentialsError or AwsError when the first call could not succeed: no
        credentials, no connection.
        """
        proxies = {key.lower() for key in os.environ} & {"http_proxy", "https_proxy", "all_proxy"}
        if not self._own or proxies:
            return
        address = urlsplit(self.endpoint_url)
        try:
            given = address.port
        except ValueError as error:
            raise SettingsError(
                f"target {self.name}: --endpoint-url {self.endpoint_url}: {error}."
            ) from error
        port = given or (443 if address.scheme == "https" else 80)
        try:
            with anyio.fail_after(self._timeouts[0] or None):
                stream = await anyio.connect_tcp(address.hostname or "", port)
                await stream.aclose()
        except (OSError, TimeoutError) as error:
            raise AwsError(
                f"target {self.name}: no connection to {self.endpoint_url}"
                f" ({error or 'timed out'}). Check the network, --region and --endpoint-url."
            ) from error

    async def account(self) -> str | None:
        """The AWS account by STS GetCallerIdentity; None where STS is not where AWS has it, or does
        not answer.

        ``account_id`` is the same from then on.
        """
        if self._own and (match := _ROLE_ACCOUNT.match(self.settings.role_arn or "")):
            self.account_id = match[1]
        else:
            self.account_id = await self._caller_account()
        return self.account_id

    async def _caller_account(self) -> str | None:
        redirected = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"} & set(os.environ)
        if not self._own or (self.settings.endpoint_url and not redirected):
            return None
        try:
            async with self._session().create_client(
                "sts", region_name=self.region, config=self._config()
            ) as sts:
                return str((await sts.get_caller_identity())["Account"])
        except (TimeoutError, sdk.BotoCoreError, sdk.ClientError, OSError):
            return None

    async def _connect(self) -> None:
        session = self._session()
        try:
            region = (
                self.settings.region
                or session.get_config_variable("region")
                or os.environ.get("AWS_REGION")
            )
            if not region:
                raise SettingsError(
                    f"target {self.name}: no Region. Give --region, or set AWS_REGION."
                )
            credentials = await session.get_credentials()
            if credentials is None:
                raise CredentialsError(
                    f"target {self.name}: no AWS credentials found. Give --profile, or set"
                    " AWS_PROFILE or AWS_ACCESS_KEY_ID."
                )
            if self.settings.role_arn is not None:
                session = await self._assume(session, self.settings.role_arn, region)
            async with AsyncExitStack() as stack:
                self._client = await stack.enter_async_context(
                    session.create_client(
                        SERVICE,
                        region_name=region,
                        endpoint_url=self.settings.endpoint_url,
                        config=self._config(),
                    )
                )
                self._clients.append(stack.pop_all())
            if len(self._clients) > 2:
                await self._clients.pop(0).aclose()
        except _NO_CREDENTIALS as error:
            raise CredentialsError(
                f"target {self.name}: {error} Renew them, or give another --profile."
            ) from error
        except sdk.ProfileNotFound as error:
            raise SettingsError(
                f"target {self.name}: {error}. See aws configure list-profiles."
            ) from error
        except (sdk.BotoCoreError, ValueError) as error:
            raise SettingsError(f"target {self.name}: {error}") from error

    async def _assume(self, session: AioSession, role_arn: str, region: str) -> AioSession:
        """A session of the role, whose credentials are fetched anew in time.

        Raises CredentialsError.
        """
        settings, config = (
            self.settings,
            self._config().merge(AioConfig(retries={"mode": "standard", "total_max_attempts": 4})),
        )
        named = {"ExternalId": settings.external_id} if settings.external_id else {}

        async def fetch() -> dict[str, Any]:
            try:
                async with session.create_client("sts", region_name=region, config=config) as sts:
                    answer = await sts.assume_role(
                        RoleArn=role_arn, RoleSessionName=settings.role_session_name, **named
                    )
            except (sdk.ClientError, sdk.BotoCoreError, OSError) as error:
                raise sdk.CredentialRetrievalError(
                    provider=role_arn, error_msg=str(error)
                ) from error
            return _metadata(answer["Credentials"])

        try:
            role = _role_credentials(await fetch(), fetch)
        except sdk.CredentialRetrievalError as error:
            raise CredentialsError(
                f"target {self.name}: {error} Check role_arn, external_id, and whom the role's"
                " trust policy lets in."
            ) from error
        assumed = self._session()
        assumed.register_component("credential_provider", _Provider(role))
        return assumed

    def _session(self) -> AioSession:
        session = AioSession(profile=self.settings.profile)
        # the model is read once, also when credentials change
        session.register_component("data_loader", self._loader)
        return session

    def _config(self) -> AioConfig:
        connect_timeout, read_timeout = self._timeouts
        return AioConfig(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=OPERATIONS_AT_ONCE * self.settings.concurrency,
            # the engine's is the only retry layer
            retries={"mode": "standard", "total_max_attempts": 1},
            # every update was checked against the same model, and stricter
            parameter_validation=False,
            http_session_cls=_OneAttemptSession,
            # a fixed one: botocore composes its own anew for every request
            user_agent=f"batcher/{__version__}",
        )

    def _failed(self, error: Exception, request: Mapping[str, Any], seconds: float) -> Attempt:
        reached: Reached
        match error:
            case sdk.ClientError():
                return self._refused(error.response, request, seconds)
            case _ if isinstance(error, _NO_CREDENTIALS):
                reached, code = "unsent", NO_CREDENTIALS
            case sdk.EndpointConnectionError() if not _refused_connection(error):
                reached, code = "sent", CONNECTION_CLOSED  # aiobotocore has one name for both
            case _ if isinstance(error, _NEVER_SENT):
                reached, code = "unsent", type(error).__name__
            case sdk.BotoCoreError() | OSError():
                reached, code = "sent", type(error).__name__
            case _:  # an answer that botocore chokes on; its text may quote the body
                return Attempt(
                    reached="sent",
                    seconds=seconds,
                    code=UNREADABLE_ANSWER,
                    message=type(error).__name__,
                )
        return Attempt(
            reached=reached, seconds=seconds, code=code, message=self._redact(str(error), request)
        )

    def _refused(
        self, response: Mapping[str, Any], request: Mapping[str, Any], seconds: float
    ) -> Attempt:
        said, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
        status = metadata.get("HTTPStatusCode")
        return Attempt(
            reached="answered",
            seconds=seconds,
            code=str(said.get("Code") or status or "Unknown"),
            message=self._redact(
                str(said.get("Message") or response.get("Message") or ""), request
            ),
            http_status=status,
            request_id=metadata.get("RequestId"),
            retry_after=_retry_after(metadata.get("HTTPHeaders", {})),
        )


def _refused_connection(error: sdk.EndpointConnectionError) -> bool:
    """Whether no connection came about, as opposed to one that broke."""
    return isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorError | socket.gaierror)


class _OneAttemptSession(AIOHTTPSession):  # type: ignore[misc] # no stubs
    """aiohttp sends a PUT again on its own when a kept-alive connection breaks: a second retry
    layer, without a token.

    It has no public switch for that; a test counts the requests that reach the server.
    """

    async def _get_session(self, proxy_url: str | None) -> Any:
        session = await super()._get_session(proxy_url)
        session._retry_connection = False  # noqa: SLF001 # aiohttp has no other switch
        return session


def _metadata(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of AssumeRole as botocore's refreshable credentials want it."""
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }


def _role_credentials(
    first: dict[str, Any], fetch: Callable[[], Awaitable[dict[str, Any]]]
) -> AioRefreshableCredentials:
    """Credentials that are renewed by parts of their life: botocore's fixed 15 minutes are all
    of a short session's.
    """
    life = (datetime.fromisoformat(first["expiry_time"]) - datetime.now(UTC)).total_seconds()
    return AioRefreshableCredentials.create_from_metadata(
        first,
        fetch,
        "assume-role",
        advisory_timeout=FETCH_AT * life,
        mandatory_timeout=FETCH_BY * life,
    )


class _Provider:
    """botocore's way of being handed credentials."""

    def __init__(self, credentials: AioRefreshableCredentials) -> None:
        self._credentials = credentials

    async def load_credentials(self) -> AioRefreshableCredentials:
        return self._credentials


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``x-amz-retry-after`` (milliseconds) or ``Retry-After`` (seconds, or
    a date).
    """
    try:
        if milliseconds := headers.get("x-amz-retry-after"):
            seconds = int(milliseconds) / 1000
        elif not (text := headers.get("retry-after")):
            return None
        elif text.strip().isdigit():
            seconds = float(text)
        else:
            seconds = parsedate_to_datetime(text).timestamp() - time.time()
    except (ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), RETRY_AFTER_AT_MOST)
