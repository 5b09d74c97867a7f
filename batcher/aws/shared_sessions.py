"""What targets have in common: a session of botocore with its own credentials, and STS.

Of each profile, Region and endpoint there is one, read anew when a target could not use it.
"""

from typing import Any, NamedTuple

import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.loaders import Loader

from batcher.aws.caller_identity import StsIdentity, UselessCredentials, caller_identity
from batcher.aws.credentials import ASKED_AT_MOST, in_time, open_session, region_of
from batcher.aws.mfa import one_at_a_time, wants_mfa
from batcher.aws.one_attempt import client_config
from batcher.aws.sdk_errors import ShownText, error_text
from batcher.aws.sdk_events import OWN_SERVICES
from batcher.aws.server_clock import ServerClock
from batcher.aws.sts_client import AT_ONCE, StsClient, StsPace
from batcher.config import TargetSettings
from batcher.errors import BatcherError, CredentialsError
from batcher.ports import Clock

STS_ATTEMPTS = 4
READ_AT_MOST = 60.0  # seconds ago that files and environment were read for a target that is opened


class SessionKey(NamedTuple):
    """What sessions differ in, as settings give it; None: what environment and profile say."""

    profile: str | None
    region: str | None
    endpoint_url: str | None


class SharedSession:
    """A session that many targets use. ``number``: how many there were before, of all keys.

    ``server_clock``: AWS's clock at that endpoint. ``timeouts``: to connect, and of each read.
    ``sts_pace``: what the sessions of that key have kept to, and this one does. ``asked_at_most``:
    seconds that whoever gives credentials may take.
    """

    def __init__(
        self,
        key: SessionKey,
        number: int,
        *,
        loader: Loader,
        clock: Clock,
        timeouts: tuple[float, float],
        server_clock: ServerClock,
        sts_pace: StsPace,
        asked_at_most: float = ASKED_AT_MOST,
    ) -> None:
        self.number = number
        self.read_at = clock.now()
        self.server_clock = server_clock
        self.session: AioSession = open_session(
            key.profile, loader, key.region, server_clock, OWN_SERVICES
        )
        self.region = region_of(self.session, key.region)
        if self.region:  # who gives credentials is asked there
            self.session.set_config_variable("region", self.region)
        self._timeouts = timeouts
        self._asked_at_most = asked_at_most
        self._asking = anyio.Lock()
        self._asked: Exception | None = None
        self._own: Any = None
        self._known = False
        self._identities: dict[str, StsIdentity] = {}
        self._useless: dict[str, str] = {}  # codes of STS, by access key id
        self.sts = StsClient(self._sts_client, sts_pace)

    @property
    def account(self) -> str | None:
        """The account of its own credentials, as far as STS was asked already."""
        found = {each.account for each in self._identities.values()}
        return found.pop() if len(found) == 1 else None

    async def own_credentials(self) -> Any:
        """The session's own credentials; None where it has none.

        Asked for once: what that raises, as botocore does, is raised for all who want them.
        """
        async with self._asking:
            if self._asked is not None:
                raise self._asked
            if not self._known:
                try:
                    async with one_at_a_time(self.session):
                        # a person who types a code may take as long as that takes
                        at_most = None if wants_mfa(self.session) else self._asked_at_most
                        with in_time(at_most):
                            self._own = await _own_credentials(self.session)
                            await first_access_key(self._own)
                except Exception as error:
                    self._asked = error
                    raise
                self._known = True
        return self._own

    async def identity(
        self, credentials: Any, *, endpoint_url: str, attempts: int
    ) -> StsIdentity | None:
        """Whose frozen credentials are; asked once for each access key that STS tells it of.

        Raises RedirectError.
        """
        key = credentials.access_key
        if key not in self._identities:
            found = None
            with anyio.move_on_after(self._asked_at_most):
                found = await caller_identity(
                    self.session,
                    credentials,
                    region=self.region or "",
                    endpoint_url=endpoint_url,
                    config=self._config(attempts),
                )
            self._useless.pop(key, None)  # a new key may be known to STS after a few seconds only
            if isinstance(found, UselessCredentials):
                self._useless[key] = found.code
            if not isinstance(found, StsIdentity):
                return None
            self._identities[key] = found
        return self._identities[key]

    def why_useless(self, access_key: str) -> str | None:
        """The code with which STS refused credentials when asked last whose they are, or None."""
        return self._useless.get(access_key)

    def _sts_client(self) -> Any:
        return self.session.create_client(
            "sts", region_name=self.region, config=self._config(STS_ATTEMPTS)
        )

    def _config(self, attempts: int) -> AioConfig:
        return client_config(self._timeouts, connections=AT_ONCE, attempts=attempts)


async def _own_credentials(session: AioSession) -> Any:
    """What botocore finds. Whatever it chokes on there is raised as an error of its own."""
    try:
        return await session.get_credentials()
    except (sdk.BotoCoreError, BatcherError, ValueError):
        raise
    except Exception as error:  # such as of a container's token, whose file is gone
        raise sdk.CredentialRetrievalError(
            provider="the profile", error_msg=ShownText(f"{error_text(error)}.")
        ) from error


async def first_access_key(credentials: Any) -> str | None:
    """The access key id, as far as there is one yet. Raises CredentialsError without a terminal."""
    try:
        return str((await credentials.get_frozen_credentials()).access_key)
    except CredentialsError:
        raise
    except Exception:  # whoever gives them may fail: the first request says how
        return None


class SharedSessions:
    """The sessions of one process, or of one piece of its work. More as in SharedSession."""

    def __init__(
        self,
        loader: Loader,
        clock: Clock,
        timeouts: tuple[float, float],
        asked_at_most: float = ASKED_AT_MOST,
    ) -> None:
        self._loader = loader
        self._clock = clock
        self._timeouts = timeouts
        self._asked_at_most = asked_at_most
        self._count = 0
        self._sessions: dict[SessionKey, SharedSession] = {}
        self._clocks: dict[str | None, ServerClock] = {}
        # how fast STS lets roles be assumed is not read anew
        self._paces: dict[SessionKey, StsPace] = {}
        self._useless: dict[str, int] = {}  # numbers of sessions, by target

    def session(
        self, target: str, settings: TargetSettings, *, opening: bool = False
    ) -> SharedSession:
        """The session for a target: the present one, unless that was of no use to it.

        ``opening``: nor that of long ago, as keys may have been changed meanwhile. Raises what
        botocore does for a profile that is not there.
        """
        key = SessionKey(settings.profile, settings.region, settings.endpoint_url)
        found = self._sessions.get(key)
        if (
            found is None
            or found.number <= self._useless.get(target, 0)
            or (opening and self._clock.now() - found.read_at > READ_AT_MOST)
        ):
            found = self._sessions[key] = self._new(key)
        return found

    def mark_useless(self, target: str, session: SharedSession) -> None:
        """Have that target get a newer session the next time: its credentials may be newer, too."""
        self._useless[target] = session.number

    def server_clock(self, endpoint_url: str | None) -> ServerClock:
        """AWS's clock, which is one for all, as an endpoint of settings has it."""
        return self._clocks.setdefault(endpoint_url, ServerClock(self._clock))

    def _new(self, key: SessionKey) -> SharedSession:
        self._count += 1
        return SharedSession(
            key,
            self._count,
            loader=self._loader,
            clock=self._clock,
            timeouts=self._timeouts,
            server_clock=self.server_clock(key.endpoint_url),
            sts_pace=self._paces.setdefault(key, StsPace(self._clock)),
            asked_at_most=self._asked_at_most,
        )
