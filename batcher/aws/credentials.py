"""Sessions of botocore, what is wrong with the credentials that they find, and the check of each.

Those of a role are in ``role_credentials``.
"""

import os
from collections.abc import Awaitable, Callable, Collection, Iterator
from contextlib import contextmanager
from typing import Any

import anyio
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from aiobotocore.credentials import AioCredentials, AioRefreshableCredentials
from aiobotocore.session import AioSession
from botocore.credentials import ReadOnlyCredentials
from botocore.loaders import Loader
from botocore.session import Session

from batcher.aws.credential_process import end_with_its_session
from batcher.aws.departure import UnsafeCredentialsError
from batcher.aws.mfa import ask_for_mfa_once
from batcher.aws.one_attempt import OneAttemptSession
from batcher.aws.sdk_errors import ShownText, error_text
from batcher.aws.sdk_events import emitter_of, without_aliases
from batcher.aws.server_clock import ServerClock
from batcher.config.target_settings import REGION_VARIABLES
from batcher.errors import AwsError, BatcherError, CredentialsError, RedirectError, SettingsError
from batcher.foreign_text import printable

ASKED_AT_MOST = 180.0  # seconds; a program that gives credentials may take 120 of them
# what botocore raises when it has nothing to sign with
NO_CREDENTIALS_ERRORS = (
    sdk.NoCredentialsError,
    sdk.PartialCredentialsError,
    sdk.CredentialRetrievalError,
    sdk.TokenRetrievalError,
    sdk.UnauthorizedSSOTokenError,
    sdk.SSOError,
    sdk.LoginError,
    sdk.RefreshWithMFAUnsupportedError,
)


def open_session(
    profile: str | None,
    loader: Loader,
    region: str | None = None,
    server_clock: ServerClock | None = None,
    services: Collection[str] | None = None,
) -> AioSession:
    """A session that reads profiles, environment and token caches anew, but not the models.

    Its clients, also those that it fetches credentials with, send no request anywhere twice.
    ``region``: the given one; who gives credentials is asked there, too. ``server_clock``: what
    its clients sign by. ``services``: those that its clients are of, which are OWN_SERVICES; None:
    any.
    """
    session = _session(profile, services)
    session.set_default_client_config(AioConfig(http_session_cls=OneAttemptSession))
    session.register_component("data_loader", loader)
    if region is not None:
        session.set_config_variable("region", region)
    if server_clock is not None:
        server_clock.watch(session.get_component("event_emitter"))
    ask_for_mfa_once(session)
    end_with_its_session(session)
    return session


def _session(profile: str | None, services: Collection[str] | None) -> AioSession:
    if services is None:
        return AioSession(profile=profile)
    emitter = emitter_of(services)
    session = AioSession(profile=profile, event_hooks=emitter, include_builtin_handlers=False)
    session.register_component("event_emitter", without_aliases(emitter))
    return session


@contextmanager
def in_time(seconds: float | None) -> Iterator[None]:
    """Raise CredentialRetrievalError where whoever gives credentials takes longer than that.

    None: there is no limit.
    """
    with anyio.move_on_after(seconds) as scope:
        yield
    if scope.cancelled_caught:
        said = ShownText(f"there was no answer within {seconds:g} s.")
        raise sdk.CredentialRetrievalError(provider="whoever gives them", error_msg=said)


def region_of(session: AioSession | Session, given: str | None) -> str | None:
    """The Region to use: the given one, AWS_REGION, AWS_DEFAULT_REGION, or the profile's."""
    return given or region_of_environment() or session.get_config_variable("region")


def region_of_environment() -> str | None:
    """The Region that counts whatever a profile says; None: the environment has none."""
    return next(filter(None, map(os.environ.get, REGION_VARIABLES)), None)


def region_origin(session: AioSession | Session) -> str:
    """What ``region_of`` has the Region of where none was given, in words."""
    found = filter(os.environ.get, REGION_VARIABLES)
    return next(found, f"profile {printable(session.profile or 'default')}")


@contextmanager
def explained(target: str) -> Iterator[None]:
    """Raise what botocore has against settings or credentials as errors of ours."""
    try:
        yield
    except NO_CREDENTIALS_ERRORS as error:
        raise CredentialsError(
            f"target {target}: {error_text(error)} Renew them, or give another --profile."
        ) from error
    except sdk.ProfileNotFound as error:
        raise SettingsError(
            f"target {target}: {error_text(error)}. See aws configure list-profiles."
        ) from error
    except (sdk.BotoCoreError, ValueError) as error:
        raise SettingsError(f"target {target}: {error_text(error)}") from error
    except RedirectError as error:
        raise AwsError(f"target {target}: {error}") from error


def _hold_safe(frozen: Any) -> None:
    """Raise UnsafeCredentialsError where a header can't hold them."""
    for part in ("access_key", "secret_key", "token"):
        value = getattr(frozen, part) or ""
        if not (value.isascii() and value.isprintable()):
            raise UnsafeCredentialsError(part)


def _needs_renewal(credentials: Any) -> bool:
    """Whether credentials may have to be waited for: some say so, and most never have to."""
    if (refresh_needed := getattr(credentials, "refresh_needed", None)) is not None:
        return bool(refresh_needed())
    return type(credentials) is not AioCredentials


def _at_hand(credentials: Any) -> Any | None:
    """What credentials that need no renewal are frozen to; None: they have to be awaited."""
    if type(credentials) is AioCredentials:
        return ReadOnlyCredentials(
            credentials.access_key,
            credentials.secret_key,
            credentials.token,
            credentials.account_id,
        )
    # botocore's, and those of a role of ours: what they have got last
    return getattr(credentials, "_frozen_credentials", None)


def _of_credentials(error: Exception) -> Exception:
    """What botocore chokes on in a renewal, such as a token that is no text, as an error of that.

    As it is, it would be taken for one of the request.
    """
    odd = isinstance(error, ValueError | TypeError | AttributeError | LookupError)
    if not odd or isinstance(error, sdk.BotoCoreError | BatcherError):
        return error
    said = ShownText(f"what they are made from is odd ({type(error).__name__}).")
    found: Exception = sdk.CredentialRetrievalError(provider="whoever gives them", error_msg=said)
    return found


class CheckedCredentials:
    """Credentials of botocore's that are checked, as they are frozen, before each signature.

    ``check`` raises where they must not be signed with; ``has_passed``: whether it would let them
    through without asking anybody, by default never. A renewal that fails, fails for all who
    wait for it: one after the other would ask for it again. ``asked_at_most``: seconds that one of
    botocore's may take; that of a role of ours waits for its turn at STS.
    """

    asked_at_most = ASKED_AT_MOST

    def __init__(
        self,
        credentials: Any,
        check: Callable[[Any], Awaitable[None]],
        has_passed: Callable[[Any], bool] = lambda _: False,
    ) -> None:
        self._credentials = credentials
        self._check = check
        self._has_passed = has_passed
        self._waiting: set[anyio.CancelScope] = set()
        self._failure: Exception | None = None
        self._known: Any = None  # the last ones that were let through

    def __getattr__(self, name: str) -> Any:
        return getattr(self._credentials, name)

    async def get_frozen_credentials(self) -> Any:
        if _needs_renewal(self._credentials):
            frozen = await self._renewed()
        else:
            frozen = await self._credentials.get_frozen_credentials()
        if frozen != self._known:
            _hold_safe(frozen)
        await self._check(frozen)
        self._known = frozen
        return frozen

    def known(self) -> Any | None:
        """The ones of before, checked again; None: there may be others, or they don't pass."""
        known = self._known
        if known is None or _needs_renewal(self._credentials):
            return None
        if _at_hand(self._credentials) != known or not self._has_passed(known):
            return None
        return known

    async def _renewed(self) -> Any:
        with anyio.CancelScope() as scope:
            self._waiting.add(scope)
            is_botocores = isinstance(self._credentials, AioRefreshableCredentials)
            try:
                with in_time(self.asked_at_most if is_botocores else None):
                    return await self._credentials.get_frozen_credentials()
            except Exception as error:
                failure = self._failure = _of_credentials(error)
                for waiting in self._waiting - {scope}:
                    waiting.cancel()
                if failure is error:
                    raise
                raise failure from error
            finally:
                self._waiting.discard(scope)
        raise self._failure or AssertionError("only a failure cancels")


class CredentialProvider:
    """botocore's way of being handed credentials."""

    def __init__(self, credentials: Any) -> None:
        self._credentials = credentials

    async def load_credentials(self) -> Any:
        return self._credentials
