"""The endpoint of a target asked without credentials: which it is and why, certificate, clock.

One unsigned GET, which AWS refuses; that it answers, when, and over which TLS is what is wanted.
"""

import os
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp
import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.awsrequest import AWSPreparedRequest
from botocore.session import Session
from msgspec import Struct

from batcher.aws.answers import UnreadableAnswerError
from batcher.aws.ca_bundle import ca_bundle, ca_bundle_fault
from batcher.aws.credentials import (
    CredentialProvider,
    explained,
    open_session,
    region_of,
    region_origin,
)
from batcher.aws.endpoints import environment_proxy
from batcher.aws.one_attempt import OneAttemptSession
from batcher.aws.service_model import SERVICE, model_loader
from batcher.aws.unsent import why_unsent
from batcher.config import TargetSettings
from batcher.error_codes import UNTRUSTED
from batcher.errors import AwsError, SettingsError
from batcher.foreign_text import printable, shown_url

GIVEN = "given"
_SECTION = SERVICE.replace("-", "_")  # of the services in a configuration file
_VARIABLES = (f"AWS_ENDPOINT_URL_{_SECTION.upper()}", "AWS_ENDPOINT_URL")  # the first one counts


class UntrustedError(AwsError):
    """TLS with the endpoint can't be agreed on; the message says what is wrong with it."""

    code = UNTRUSTED


class Certificate(Struct, frozen=True, kw_only=True):
    """What a server has shown; ``issuer`` in its own names, ``expires`` with a zone."""

    issuer: str
    expires: datetime


class EndpointAnswer(Struct, frozen=True, kw_only=True):
    """What came back. ``date``: by the server's clock; ``certificate``: None without TLS."""

    status: int
    date: datetime | None
    certificate: Certificate | None


class EndpointProbe:
    """A place to ask, and where the settings for it come from: each ``…_from`` says it in words.

    ``region``: None where none is known, and then there is no ``url`` either; ``proxy`` and ``url``
    without secrets; ``ca_bundle``: None: the one that the SDK brings along.
    """

    def __init__(self, session: AioSession, settings: TargetSettings) -> None:
        self.region = region_of(session, settings.region)
        self.region_from = GIVEN if settings.region else region_origin(session)
        self.url_from = _endpoint_origin(session, settings)
        bundle, self.ca_bundle_from = ca_bundle(session)
        self.ca_bundle = None if bundle is None else printable(bundle)
        self.proxy: str | None = None
        self._url = ""
        self._client: Any = None

    @property
    def url(self) -> str:
        return printable(shown_url(self._url))

    def connect_with(self, client: Any) -> None:
        """Take the client to ask with."""
        self._client, self._url = client, str(client.meta.endpoint_url)
        proxy = environment_proxy(self._url)
        self.proxy = None if proxy is None else printable(shown_url(proxy))

    async def ask(self) -> EndpointAnswer:
        """Send one unsigned GET. Raises AwsError where no answer comes, and UntrustedError."""
        http = self._client._endpoint.http_session  # noqa: SLF001 # connected as requests will be
        try:
            request = AWSPreparedRequest("GET", f"{self._url.rstrip('/')}/", {}, None, False)
            answer = await http.send(request)
        except sdk.ReadTimeoutError as error:
            raise AwsError("it takes the request, and no answer comes in time.") from error
        except sdk.ConnectionClosedError as error:
            raise AwsError("it closes the connection without an answer of HTTP.") from error
        except (sdk.BotoCoreError, OSError, RuntimeError, MemoryError, ValueError) as error:
            if _is_unreadable(error):
                raise AwsError("what answers there is not AWS, nor like it.") from error
            why = why_unsent(error)
            kind = UntrustedError if why.code == "SSLError" else AwsError
            raise kind(why.message) from error
        return EndpointAnswer(
            status=int(answer.status_code),
            date=_date(answer.headers.get("date")),
            certificate=_certificate(answer.raw.tls),
        )


@asynccontextmanager
async def open_probe(
    target: str, settings: TargetSettings, *, connect_timeout: float, read_timeout: float
) -> AsyncIterator[EndpointProbe]:
    """The endpoint of a target, not asked yet; no credentials are looked for.

    Raises SettingsError for a profile, an endpoint or a CA bundle that can't be used.
    """
    session = open_session(settings.profile, model_loader(), settings.region)
    session.register_component("credential_provider", CredentialProvider(None))
    config = AioConfig(
        connect_timeout=connect_timeout,
        read_timeout=read_timeout,
        http_session_cls=OneAttemptSession,
    )
    with explained(target):
        probe = EndpointProbe(session, settings)
        client = None
        if probe.region:
            session.set_config_variable("region", probe.region)
            opening = session.create_client(
                SERVICE,
                region_name=probe.region,
                endpoint_url=settings.endpoint_url,
                config=config,
            )
            try:
                client = await opening.__aenter__()
            except OSError as error:  # of a CA bundle
                why = ca_bundle_fault(session) or why_unsent(error).message
                raise SettingsError(f"target {target}: {why}") from error
            probe.connect_with(client)
    try:
        yield probe
    finally:
        if client is not None:
            with anyio.CancelScope(shield=True):
                await client.__aexit__(None, None, None)


def _is_unreadable(error: BaseException) -> bool:
    """Whether something came that is no answer of HTTP, or too long for one of AWS."""
    inner = error.kwargs.get("error") if isinstance(error, sdk.BotoCoreError) else None
    is_proxy = isinstance(inner, aiohttp.ClientHttpProxyError)
    return isinstance(inner, UnreadableAnswerError | aiohttp.ClientResponseError) and not is_proxy


def _endpoint_origin(session: AioSession, settings: TargetSettings) -> str:
    """Why that endpoint, in the order in which the SDK looks."""
    if settings.endpoint_url:
        return GIVEN
    if not session.get_config_variable("ignore_configured_endpoint_urls"):
        profile = session.get_scoped_config()
        sections = session.full_config.get("services", {})
        service = sections.get(str(profile.get("services")), {}).get(_SECTION, {})
        for name in _VARIABLES:
            if os.environ.get(name):
                return name
        if isinstance(service, dict) and service.get("endpoint_url"):
            return f"the services section of profile {printable(session.profile or 'default')}"
        if profile.get("endpoint_url"):
            return f"profile {printable(session.profile or 'default')}"
    names = (("use_fips_endpoint", "FIPS"), ("use_dualstack_endpoint", "dual-stack"))
    kinds = [kind for name, kind in names if session.get_config_variable(name)]
    return " ".join(["AWS's own", *kinds])


def leads_elsewhere(settings: TargetSettings) -> bool:
    """Whether the profile of a target has another endpoint than AWS's for it, or for STS."""
    session = Session(profile=settings.profile)
    try:
        profile = session.get_scoped_config()
    except sdk.BotoCoreError:  # whoever opens the target is told
        return False
    services = session.full_config.get("services", {}).get(str(profile.get("services")), {})
    own = [services.get(name) for name in (_SECTION, "sts")]
    named = [each.get("endpoint_url") for each in (profile, *own) if isinstance(each, dict)]
    return any(named)


def _date(text: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(text or "")
    except (ValueError, TypeError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _certificate(tls: Any) -> Certificate | None:
    if tls is None:
        return None
    shown = tls.getpeercert() or {}
    issuer = dict(part for parts in shown.get("issuer", ()) for part in parts)
    names = [issuer[name] for name in ("organizationName", "commonName") if name in issuer]
    expires = ssl.cert_time_to_seconds(shown["notAfter"])
    return Certificate(
        issuer=printable(", ".join(names)) or "nobody named",
        expires=datetime.fromtimestamp(expires, UTC),
    )
