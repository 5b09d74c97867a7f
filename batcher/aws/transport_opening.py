"""Which way the requests of a target leave: ours, or the SDK's where ours can't do what is set."""

from functools import partial

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.loaders import Loader

from batcher.aws.credentials import CheckedCredentials, CredentialProvider, open_session
from batcher.aws.endpoints import plain_endpoint
from batcher.aws.lean_caller import LeanCaller
from batcher.aws.lean_connections import LeanConnections, WireKey
from batcher.aws.one_attempt import client_config
from batcher.aws.request_template import NotTemplatedError
from batcher.aws.sdk_events import OWN_SERVICES
from batcher.aws.sdk_transport import SdkTransport, open_sdk_transport
from batcher.aws.server_clock import ServerClock
from batcher.aws.transport import ResolvedPlace, Transport
from batcher.config import TargetSettings
from batcher.errors import SettingsError
from batcher.host_limits import requests_at_once
from batcher.logs import logger

OPERATIONS_AT_ONCE = 4  # each with slots of its own: looking, changing, creating and listing


class TransportOpening:
    """Opens the transports of one target, one after the other.

    ``connections``: those that targets share; None: the SDK's way. ``timeouts``: to connect, and of
    each read, in seconds. ``why_sdk``: what connections can't do, until it is said.
    ``endpoint_url``: where the target is, and stays, whatever its profile says later; None until it
    is first opened.
    """

    def __init__(
        self,
        name: str,
        settings: TargetSettings,
        *,
        loader: Loader,
        timeouts: tuple[float, float],
        server_clock: ServerClock,
        connections: LeanConnections | None,
        endpoint_url: str | None = None,
    ) -> None:
        self.endpoint_url = endpoint_url
        self.why_sdk: str | None = None
        self._name = name
        self._settings = settings
        self._loader = loader
        self._timeouts = timeouts
        self._server_clock = server_clock
        self._connections = connections
        self._has_said = False

    @property
    def slots(self) -> int:
        """Requests of one operation that may be under way at once."""
        asked = self._settings.concurrency
        return requests_at_once(1) if asked == "auto" else asked

    async def open(
        self, session: AioSession, region: str, credentials: CheckedCredentials
    ) -> Transport:
        """The way there. Raises SettingsError where ours was asked for and can't be.

        And what botocore has against the settings. ``session``: one with these, for looking up.
        """
        open_sdk = partial(self._open_sdk, region, credentials)
        if self._connections is None:
            return await open_sdk()
        key = WireKey(self._settings.profile, region, self._settings.endpoint_url)
        try:
            wire = await self._connections.wire(key, self._config(), session)
        except NotTemplatedError as error:
            if self._connections.by_hand:
                raise SettingsError(
                    f"target {self._name}: --transport lean can't do this: {error}. Leave it out."
                ) from error
            self.why_sdk = str(error)
            return await open_sdk()
        return LeanCaller(wire, credentials, self._server_clock, open_sdk)

    def say_sdk(self) -> None:
        """Say why it is the SDK's way, once; called when there is a log to say it in."""
        if not self._has_said:
            logger().warning("transport.sdk", target=self._name, cause=self.why_sdk)
        self._has_said, self.why_sdk = True, None

    async def _open_sdk(self, region: str, credentials: CheckedCredentials) -> SdkTransport:
        there = self._settings.endpoint_url
        transport = await self._open_sdk_at(there, region, credentials)
        if self._is_there(transport.place):
            return transport
        await transport.aclose()
        return await self._open_sdk_at(self.endpoint_url, region, credentials)

    def _is_there(self, place: ResolvedPlace) -> bool:
        first, region = self.endpoint_url, place.region
        return first is None or plain_endpoint(place.endpoint_url, region) == plain_endpoint(
            first, region
        )

    async def _open_sdk_at(
        self, endpoint_url: str | None, region: str, credentials: CheckedCredentials
    ) -> SdkTransport:
        settings = self._settings
        session = open_session(
            settings.profile, self._loader, settings.region, self._server_clock, OWN_SERVICES
        )
        session.register_component("credential_provider", CredentialProvider(credentials))
        return await open_sdk_transport(
            session, region=region, endpoint_url=endpoint_url, config=self._config()
        )

    def _config(self) -> AioConfig:
        return client_config(
            self._timeouts,
            connections=OPERATIONS_AT_ONCE * self.slots,
            attempts=1,  # the engine's is the only retry layer
            # every update was checked against the same model, and stricter
            parameter_validation=False,
        )
