"""Lets a caller in or not: known keys, sessions of assumed roles and their expiry, signatures."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from batcher.emulator.credentials import CallerIdentity, Credential, account_of, read_credential
from batcher.emulator.errors import ServiceError
from batcher.emulator.requests import HttpRequest
from batcher.emulator.signature_v4 import check_signature


@dataclass(frozen=True, kw_only=True, slots=True)
class RoleSession:
    """Credentials of an assumed role; ``expires_at`` is in epoch seconds, ``tags`` by key."""

    access_key: str
    secret: str
    token: str
    account: str
    arn: str
    user_id: str
    expires_at: float
    tags: Mapping[str, str] = field(default_factory=dict)


class Authenticator:
    """Lets every signed request in, or, when keys are given, what those and sessions signed.

    ``account``: of every key; by default each has one that follows from it.
    """

    def __init__(
        self,
        keys: Mapping[str, str] | None,
        wall_clock: Callable[[], float],
        account: str | None = None,
    ) -> None:
        self._account = account
        self._keys = None if keys is None else dict(keys)
        self._sessions: dict[str, RoleSession] = {}
        self._wall_clock = wall_clock

    def add(self, session: RoleSession) -> None:
        self._sessions[session.access_key] = session

    def authenticate(self, received: HttpRequest, service: str) -> CallerIdentity:
        """Who sent a request to the service (its signing name); ServiceError when refused."""
        credential = read_credential(received)
        session = self._sessions.get(credential.access_key)
        if session is not None:
            self._check_token(session, received)
        if self._keys is not None:
            secret = session.secret if session else self._keys.get(credential.access_key)
            if secret is None:
                raise _unrecognized()
            check_signature(received, credential, secret, service, self._wall_clock())
        return _of_session(session, credential) if session else self._of_key(credential)

    def _of_key(self, credential: Credential) -> CallerIdentity:
        account = self._account or account_of(credential.access_key)
        return CallerIdentity(
            account=account,
            region=credential.region,
            arn=f"arn:aws:iam::{account}:user/emulator",
            user_id=f"AIDA{account}",
        )

    def _check_token(self, session: RoleSession, received: HttpRequest) -> None:
        if received.headers.get("X-Amz-Security-Token") != session.token:
            raise _unrecognized()
        if self._wall_clock() >= session.expires_at:
            raise ServiceError(
                "ExpiredTokenException", "The security token included in the request is expired"
            )


def _unrecognized() -> ServiceError:
    return ServiceError(
        "UnrecognizedClientException", "The security token included in the request is invalid."
    )


def _of_session(session: RoleSession, credential: Credential) -> CallerIdentity:
    return CallerIdentity(
        account=session.account,
        region=credential.region,
        arn=session.arn,
        user_id=session.user_id,
        tags=session.tags,
    )
