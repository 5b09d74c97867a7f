"""AWS: one aiobotocore client per target for a whole run. The only file that knows botocore's errors.

The SDK's own retries are off, its pool is as large as the engine's slots, and its errors stop here: they become Attempts,
already redacted.
"""

import os
import socket
import time
from collections.abc import Callable, Mapping
from contextlib import AsyncExitStack
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from aiobotocore.httpsession import AIOHTTPSession
from aiobotocore.session import AioSession
from botocore.loaders import Loader

from batcher import __version__
from batcher.config import TargetSettings
from batcher.errors import AwsError, CredentialsError, SettingsError
from batcher.records import Attempt, Reached, Update

SERVICE = "customer-profiles"

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

Redact = Callable[[str, Mapping[str, Any]], str]


class AwsTarget:
    """A target's client. Use as an async context manager; ``call`` is the engine's Caller port.

    ``client``: a ready aiobotocore client of the caller's own, which is neither refreshed nor closed here.
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
        self._client: Any = client
        self._own = client is None
        self._stack = AsyncExitStack()
        self._loader = loader

    async def __aenter__(self) -> "AwsTarget":
        if self._own:
            await self._connect()
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.CancelScope(shield=True):
            await self._stack.aclose()

    @property
    def region(self) -> str:
        return str(self._client.meta.region_name)

    @property
    def endpoint_url(self) -> str:
        return str(self._client.meta.endpoint_url)

    async def call(self, update: Update) -> Attempt:
        """Send one UpdateEventTrigger; whatever goes wrong is in the Attempt, redacted."""
        began = time.perf_counter()
        try:
            answer = await self._client.update_event_trigger(**update.request)
        except Exception as error:
            return self._failed(error, update.request, time.perf_counter() - began)
        metadata = answer.pop("ResponseMetadata", {})
        return Attempt(
            reached="answered",
            seconds=time.perf_counter() - began,
            answer=answer,
            http_status=metadata.get("HTTPStatusCode"),
            request_id=metadata.get("RequestId"),
        )

    async def refresh(self) -> bool:
        """A new client from a new session, which reads profiles, environment and token caches anew."""
        if not self._own:
            return False
        try:
            await self._connect()
        except AwsError:
            return False
        return True

    async def check(self) -> None:
        """Raise CredentialsError or AwsError when the first call could not succeed: no credentials, no connection."""
        proxies = {key.lower() for key in os.environ} & {"http_proxy", "https_proxy", "all_proxy"}
        if not self._own or proxies:
            return
        address = urlsplit(self.endpoint_url)
        port = address.port or (443 if address.scheme == "https" else 80)
        try:
            with anyio.fail_after(self._timeouts[0] or None):
                stream = await anyio.connect_tcp(address.hostname or "", port)
                await stream.aclose()
        except (OSError, TimeoutError) as error:
            raise AwsError(
                f"target {self.name}: no connection to {self.endpoint_url} ({error or 'timed out'}). "
                "Check the network, --region and --endpoint-url."
            ) from error

    async def account(self) -> str | None:
        """The AWS account by STS GetCallerIdentity; None where STS is not where AWS has it, or does not answer."""
        redirected = {"AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_STS"} & set(os.environ)
        if not self._own or (self.settings.endpoint_url and not redirected):
            return None
        try:
            async with self._session().create_client("sts", region_name=self.region, config=self._config()) as sts:
                return str((await sts.get_caller_identity())["Account"])
        except (TimeoutError, sdk.BotoCoreError, sdk.ClientError, OSError):
            return None

    async def _connect(self) -> None:
        session = self._session()
        try:
            region = self.settings.region or session.get_config_variable("region") or os.environ.get("AWS_REGION")
            if not region:
                raise SettingsError(f"target {self.name}: no Region. Give --region, or set AWS_REGION.")
            credentials = await session.get_credentials()
            if credentials is None:
                raise CredentialsError(
                    f"target {self.name}: no AWS credentials found. Give --profile, or set AWS_PROFILE or AWS_ACCESS_KEY_ID."
                )
            self._client = await self._stack.enter_async_context(
                session.create_client(
                    SERVICE, region_name=region, endpoint_url=self.settings.endpoint_url, config=self._config()
                )
            )
        except _NO_CREDENTIALS as error:
            raise CredentialsError(f"target {self.name}: {error} Renew them, or give another --profile.") from error
        except sdk.ProfileNotFound as error:
            raise SettingsError(f"target {self.name}: {error}. See aws configure list-profiles.") from error
        except (sdk.BotoCoreError, ValueError) as error:
            raise SettingsError(f"target {self.name}: {error}") from error

    def _session(self) -> AioSession:
        session = AioSession(profile=self.settings.profile)
        session.register_component("data_loader", self._loader)  # the model is read once, also when credentials change
        return session

    def _config(self) -> AioConfig:
        connect_timeout, read_timeout = self._timeouts
        return AioConfig(
            connect_timeout=connect_timeout,
            read_timeout=read_timeout,
            max_pool_connections=self.settings.concurrency,
            retries={"mode": "standard", "total_max_attempts": 1},  # the engine's is the only retry layer
            parameter_validation=False,  # every update was checked against the same model, and stricter
            http_session_cls=_OneAttemptSession,
            user_agent=f"batcher/{__version__}",  # a fixed one: botocore composes its own anew for every request
        )

    def _failed(self, error: Exception, request: Mapping[str, Any], seconds: float) -> Attempt:
        reached: Reached
        match error:
            case sdk.ClientError():
                return self._refused(error.response, request, seconds)
            case _ if isinstance(error, _NO_CREDENTIALS):
                reached, code = "unsent", "NoCredentials"
            case sdk.EndpointConnectionError() if not _refused_connection(error):
                reached, code = "sent", "ConnectionClosedError"  # aiobotocore has one name for both
            case _ if isinstance(error, _NEVER_SENT):
                reached, code = "unsent", type(error).__name__
            case sdk.BotoCoreError() | OSError():
                reached, code = "sent", type(error).__name__
            case _:
                raise error
        return Attempt(reached=reached, seconds=seconds, code=code, message=self._redact(str(error), request))

    def _refused(self, response: Mapping[str, Any], request: Mapping[str, Any], seconds: float) -> Attempt:
        said, metadata = response.get("Error", {}), response.get("ResponseMetadata", {})
        status = metadata.get("HTTPStatusCode")
        return Attempt(
            reached="answered",
            seconds=seconds,
            code=str(said.get("Code") or status or "Unknown"),
            message=self._redact(str(said.get("Message") or response.get("Message") or ""), request),
            http_status=status,
            request_id=metadata.get("RequestId"),
            retry_after=_retry_after(metadata.get("HTTPHeaders", {})),
        )


def _refused_connection(error: sdk.EndpointConnectionError) -> bool:
    """Whether no connection came about, as opposed to one that broke."""
    return isinstance(error.kwargs.get("error"), aiohttp.ClientConnectorError | socket.gaierror)


class _OneAttemptSession(AIOHTTPSession):  # type: ignore[misc] # no stubs
    """aiohttp sends a PUT again on its own when a kept-alive connection breaks: a second retry layer, without a token.

    It has no public switch for that; a test counts the requests that reach the server.
    """

    async def _get_session(self, proxy_url: str | None) -> Any:
        session = await super()._get_session(proxy_url)
        session._retry_connection = False
        return session


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds to wait, from ``x-amz-retry-after`` (milliseconds) or ``Retry-After`` (seconds, or a date)."""
    try:
        if milliseconds := headers.get("x-amz-retry-after"):
            return max(0.0, int(milliseconds) / 1000)
        if not (text := headers.get("retry-after")):
            return None
        if text.strip().isdigit():
            return float(text)
        return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
    except (ValueError, OverflowError):
        return None
