"""A target: the account and Region that a run's requests go to, and what is asked of it.

The requests themselves leave through a transport. What that raises for a call becomes an Attempt in
``attempts``; for the opening of one, an error in ``credentials``. The SDK's own retries are off.
"""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from math import inf
from typing import Any

import anyio
import botocore.exceptions as sdk
from botocore.loaders import Loader
from msgspec.structs import replace

from batcher.aws.account_guard import AccountGuard
from batcher.aws.answers import check_asked
from batcher.aws.attempts import (
    attempt_of_answer,
    attempt_of_error,
    attempt_without_answer,
)
from batcher.aws.ca_bundle import ca_bundle_fault
from batcher.aws.credentials import (
    CheckedCredentials,
    explained,
    region_of_environment,
)
from batcher.aws.departure import Departure
from batcher.aws.lean_connections import LeanConnections
from batcher.aws.role_credentials import signing_credentials
from batcher.aws.sdk_transport import ready_transport
from batcher.aws.shared_sessions import (
    STS_ATTEMPTS,
    SharedSession,
    SharedSessions,
    first_access_key,
)
from batcher.aws.transport import ResolvedPlace, Transport
from batcher.aws.transport_opening import TransportOpening
from batcher.aws.unsent import why_unsent
from batcher.config import TargetSettings
from batcher.errors import (
    AwsError,
    CredentialsError,
    NotSentError,
    RedirectError,
    SettingsError,
    WrongAccountError,
)
from batcher.ports import Clock
from batcher.records import Attempt
from batcher.target_identity import TargetIdentity, account_of_role
from batcher.updates.aws_messages import AwsMessages


class AwsTarget:
    """A named target, which is the engine's Caller port. Use as an async context manager.

    ``client``: a ready aiobotocore client of the caller's own, which is neither refreshed nor
    closed here, and whose account is not asked for; it sends each request once from then on.
    ``guard``: of a target that was open before; ``session_tags``: of the role that it assumes;
    ``sessions``: what it has in common with other targets; ``connections``: those that it shares
    with them, None: an SDK client of its own.
    """

    def __init__(
        self,
        name: str,
        settings: TargetSettings,
        *,
        messages: AwsMessages,
        connect_timeout: float,
        read_timeout: float,
        loader: Loader,
        clock: Clock,
        client: Any | None = None,
        guard: AccountGuard | None = None,
        session_tags: Mapping[str, str] | None = None,
        sessions: SharedSessions | None = None,
        connections: LeanConnections | None = None,
    ) -> None:
        self.name = name
        self._session_tags = session_tags or {}
        self.settings = settings
        self._messages = messages
        self._timeouts = (connect_timeout, read_timeout)
        self._clock = clock
        self._client = client
        self._own = client is None
        self._caller: str | None = None  # the ARN that STS told last
        self._guard = guard or AccountGuard(name, settings.account)
        self._sessions = sessions or SharedSessions(loader, clock, self._timeouts)
        self._shared: SharedSession | None = None  # the one that it uses
        self._server_clock = self._sessions.server_clock(settings.endpoint_url)
        self._opening = TransportOpening(
            name,
            settings,
            loader=loader,
            timeouts=self._timeouts,
            server_clock=self._server_clock,
            connections=connections,
            endpoint_url=self._guard.endpoint_url,
        )
        self._credentials: Any = None  # unchecked; those that requests are signed with at present
        self._first_key: str | None = None  # the access key id at the beginning
        self._asked_key: str | None = None  # that of which STS was asked for the account
        # the present one last, and the one before: a request may be under way with it
        self._transports: list[Transport] = []

    async def __aenter__(self) -> "AwsTarget":
        if self._own:
            await self._connect(opening=True)
        else:
            transport = await ready_transport(self._client)
            self._server_clock.watch(transport.client.meta.events)
            self._credentials = transport.client._get_credentials()  # noqa: SLF001 # nowhere else
            self._transports.append(transport)
            self._first_key = await first_access_key(self._credentials)
        return self

    async def __aexit__(self, *exception: object) -> None:
        with anyio.CancelScope(shield=True):
            while self._transports:
                await self._transports.pop().aclose()

    @property
    def slots(self) -> int:
        """Requests of one operation that may be under way at once."""
        return self._opening.slots

    @property
    def region(self) -> str:
        return self._place.region

    @property
    def endpoint_url(self) -> str:
        return self._place.endpoint_url

    @property
    def account_id(self) -> str | None:
        """The AWS account, as far as it is known."""
        return self._guard.account

    @property
    def expected_account(self) -> str | None:
        """The account that it is, or would be if it could be opened, as far as that is known."""
        if self.account_id is not None or self.settings.role_arn is not None:
            return self.account_id or account_of_role(self.settings.role_arn)
        return self._shared.account if self._shared is not None else None

    @property
    def expected_region(self) -> str | None:
        """The Region, also of a target that could not be opened, as far as that is known."""
        own = self._shared.region if self._shared is not None else region_of_environment()
        return self.settings.region or own

    @property
    def caller_arn(self) -> str | None:
        """Who it signs for: the role it assumes, or whom STS told; None where that is not known."""
        return self.settings.role_arn or self._caller

    @property
    def partition(self) -> str:
        return self._place.partition

    @property
    def credentials_from(self) -> str | None:
        """What gave the credentials, in botocore's words; None where that is not known."""
        return getattr(self._credentials, "method", None)

    def arn(self, resource: str) -> str | None:
        """The ARN of a resource of Customer Profiles there; None where the account is unknown."""
        if self.account_id is None:
            return None
        return f"arn:{self.partition}:profile:{self.region}:{self.account_id}:{resource}"

    @property
    def identity(self) -> TargetIdentity:
        """The place that it is, as far as that is known."""
        url = self.endpoint_url
        return TargetIdentity(region=self.region, account=self.account_id, endpoint=url)

    @property
    def quota_owner(self) -> str:
        """Whose quota it uses: the account, or, unknown, what no other access key shares."""
        if self.account_id is not None:
            return self.account_id
        key = self._first_key or self.endpoint_url
        return f"key-{hashlib.sha256(key.encode()).hexdigest()[:16]}"

    def look_up(self) -> None:
        """Find out what files and environment say, of one that is not to be opened."""
        with suppress(sdk.BotoCoreError):  # whoever opens it is told
            self._shared = self._sessions.session(self.name, self.settings)

    async def call(self, operation: str, members: Mapping[str, Any]) -> Attempt:
        """Send one request of that operation, named as in the API.

        Whatever goes wrong is in the Attempt, and of its message what is known to be harmless.
        """
        if self._opening.why_sdk is not None:
            self._opening.say_sdk()
        began, departure = self._clock.now(), Departure(self._timeouts[1] or inf)
        offset = self._server_clock.offset
        try:
            answer = await self._transports[-1].send(operation, members, departure)
            check_asked(answer, members)
        except Exception as error:
            attempt = attempt_of_error(
                error,
                self._clock.now() - began,
                self._messages,
                datetime.fromisoformat(self._clock.wall()),
                operation=operation,
                left=departure.left,
            )
            if self._server_clock.offset != offset:
                attempt = replace(attempt, message=self._server_clock.told)
            return attempt
        seconds = self._clock.now() - began
        if departure.is_over:
            return attempt_without_answer(seconds, left=departure.left)
        return attempt_of_answer(answer, seconds)

    def members(self, operation: str) -> frozenset[str]:
        """The members of that operation's request."""
        return frozenset(self._input_shape(operation).members)

    def page_size(self, operation: str) -> int:
        """The most entries that the model lets one ask for on a page of that list."""
        return int(self._input_shape(operation).members["MaxResults"].metadata["max"])

    async def refresh(self) -> bool:
        """Open a new client with credentials read anew; False when that can't be."""
        if not self._own:
            return bool(self._server_clock.offset)  # they were good, but not for that time
        if self._shared is not None:
            self._sessions.mark_useless(self.name, self._shared)
        try:
            await self._connect()
        except (AwsError, SettingsError):  # a profile may go, or be broken, in mid-run
            return False
        return True

    async def check(self) -> None:
        """Connect, proxy and TLS included; nothing is sent. Raises AwsError where that can't be."""
        if not self._own:
            return
        try:
            await self._transports[-1].reach()
        except (sdk.BotoCoreError, OSError, RuntimeError, MemoryError) as error:
            raise NotSentError(f"target {self.name}: {self._why_unsent(error)}") from error

    def refuse_useless(self) -> None:
        """Raise CredentialsError where STS did not take the credentials of ``account`` at all."""
        if self._shared is None or self._asked_key is None:
            return
        if (code := self._shared.why_useless(self._asked_key)) is not None:
            raise CredentialsError(
                f"target {self.name}: AWS does not accept the credentials ({code}). Renew them (aws"
                " sso login, a new session token), and run the same command again."
            )

    async def account(self) -> str | None:
        """Find out the AWS account, which ``account_id`` is from then on: the role's, or by STS.

        None where STS does not tell it. Raises WrongAccountError where it is another than the
        account of the settings, or than it was before, and where these have one and STS tells none;
        CredentialsError where they have one and there are no credentials to ask with, or STS does
        not take them.
        """
        if self._own:
            try:
                frozen = await self._credentials.get_frozen_credentials()
            except Exception as error:
                if self.settings.account is None:  # the first request says what is wrong
                    return self.account_id
                why = why_unsent(error).message
                raise CredentialsError(f"target {self.name}: {why}") from error
            self._asked_key = frozen.access_key
            try:
                place = self.region, self.endpoint_url
                await self._guard.identify(frozen, self._ask_account, place)
            except RedirectError as error:
                raise AwsError(f"target {self.name}: STS: {error}") from error
            except WrongAccountError:
                self.refuse_useless()  # nobody's: they are to be renewed, and no account corrected
                raise
        elif self.settings.account is not None:
            raise SettingsError(
                f"target {self.name}: the account of a client of your own is not asked for. Leave"
                " account out."
            )
        return self.account_id

    def _why_unsent(self, error: BaseException) -> str:
        is_local = isinstance(error, OSError) or isinstance(error.__context__, OSError)
        fault = ca_bundle_fault(self._shared.session) if self._shared and is_local else None
        return fault or why_unsent(error).message

    async def _check_account(self, credentials: Any) -> None:
        await self._guard.check(credentials, self._ask_account)

    async def _ask_account(self, credentials: Any) -> str | None:
        if (account := account_of_role(self.settings.role_arn)) is not None:
            return account
        assert self._shared is not None
        # where it is known, no answer would end the work
        attempts = 1 if self.account_id is None else STS_ATTEMPTS
        found = await self._shared.identity(
            credentials, endpoint_url=self.endpoint_url, attempts=attempts
        )
        if found is None:
            return None
        self._caller = found.arn or self._caller
        return found.account

    async def _connect(self, *, opening: bool = False) -> None:
        with explained(self.name):
            shared, credentials = await self._sign_in(opening=opening)
            self._transports.append(
                await self._opening.open(shared.session, shared.region or "", credentials)
            )
        self._opening.endpoint_url = self._opening.endpoint_url or self.endpoint_url
        if len(self._transports) > 2:
            await self._transports.pop(0).aclose()

    async def _sign_in(self, *, opening: bool) -> tuple[SharedSession, CheckedCredentials]:
        """A session that has a Region, and what requests there are signed with."""
        shared = self._sessions.session(self.name, self.settings, opening=opening)
        if self._guard.region not in (None, shared.region):  # the profile names another one by now
            there = replace(self.settings, region=self._guard.region)
            shared = self._sessions.session(self.name, there, opening=opening)
        self._shared = shared
        if not shared.region:
            raise SettingsError(f"target {self.name}: no Region. Give --region, or set AWS_REGION.")
        try:
            self._credentials = await signing_credentials(
                shared, self.name, self.settings, tags=self._session_tags
            )
            self._first_key = self._first_key or await first_access_key(self._credentials)
        except Exception:
            self._sessions.mark_useless(self.name, shared)
            raise
        check, has_passed = self._check_account, self._guard.has_passed
        return shared, CheckedCredentials(self._credentials, check, has_passed)

    def _input_shape(self, operation: str) -> Any:
        return self._place.service.operation_model(operation).input_shape

    @property
    def _place(self) -> ResolvedPlace:
        return self._transports[-1].place
