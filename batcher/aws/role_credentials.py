"""What a target signs with: its session's own credentials, or those of a role, kept fresh here.

Roles are assumed when their target is opened. Their sessions are renewed in the middle of work,
each at another time: what began together does not come back together.
"""

import random
import re
from collections.abc import Awaitable, Callable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

import anyio
import botocore.exceptions as sdk
from aiobotocore.credentials import AioCredentials
from botocore.credentials import ReadOnlyCredentials

from batcher.aws.known_regions import role_fault
from batcher.aws.sdk_errors import ShownText, error_text
from batcher.aws.server_clock import ServerClock
from batcher.aws.shared_sessions import SharedSession
from batcher.aws.sts_client import StsClient
from batcher.aws.unsent import why_unsent
from batcher.config import TargetSettings
from batcher.errors import CredentialsError, NotSentError, WrongAccountError
from batcher.logs import logger

# parts of a role session's life that are left when it is renewed, and when that has to succeed;
# the first is longer by up to SPREAD of it: botocore's fixed 15 minutes are all of a short session
RENEW_AT, RENEW_BY = 0.25, 0.05
SPREAD = 1.0
_ACCOUNT = re.compile(r"arn:[^:]*:(?:iam|sts)::([0-9]{12}):")
TRY_AGAIN = 0.02  # of its life, after which a renewal that failed is tried again
LOOKED_AT_AGAIN = 10.0  # seconds: for so long nobody asks how much is left, where that is enough


async def signing_credentials(
    shared: SharedSession,
    target: str,
    settings: TargetSettings,
    *,
    tags: Mapping[str, str],
) -> Any:
    """The credentials that a target's requests are signed with: the session's, or the role's.

    ``tags``: of the role's session. Raises CredentialsError; NotSentError where nobody could be
    asked.
    """
    if (own := await shared.own_credentials()) is None:
        raise CredentialsError(
            f"target {target}: no AWS credentials found. Give --profile, or set AWS_PROFILE or"
            " AWS_ACCESS_KEY_ID."
        )
    if settings.role_arn is None:
        return own
    fetch = _role_fetcher(shared.sts, settings, settings.role_arn, tags)
    try:
        return RoleCredentials(await fetch(), fetch, shared.server_clock)
    except sdk.CredentialRetrievalError as error:
        if isinstance(away := error.__cause__, sdk.ConnectionError | sdk.HTTPClientError):
            raise NotSentError(
                f"target {target}: no credentials of {settings.role_arn}, as STS can't be asked:"
                f" {why_unsent(away).message}"
            ) from error
        if fault := role_fault(settings.role_arn, shared.region or ""):
            raise CredentialsError(f"target {target}: {error_text(error)} {fault}.") from error
        tagged = " For reason and labels both have to allow sts:TagSession." if tags else ""
        raise CredentialsError(
            f"target {target}: {error_text(error)} Check role_arn, external_id, and whom the role's"
            f" trust policy lets in.{tagged}"
        ) from error


class RoleCredentials(AioCredentials):  # type: ignore[misc] # no stubs
    """Credentials, as botocore wants them, that are renewed with ``fetch`` by parts of their life.

    ``first``: those to begin with: access_key, secret_key, token, and expiry_time in ISO 8601.
    ``clock``: AWS's, as it is that one which their end is told by.
    ``spread``: from 0 to 1, how much earlier than the others they are renewed.
    """

    def __init__(
        self,
        first: dict[str, Any],
        fetch: Callable[[], Awaitable[dict[str, Any]]],
        clock: ServerClock,
        spread: float | None = None,
    ) -> None:
        spread = random.random() if spread is None else spread
        super().__init__(first["access_key"], first["secret_key"], method="assume-role")
        self._fetch = fetch
        self._clock = clock
        self._earlier = 1 + SPREAD * spread
        self._take(first)
        # in monotonic seconds: a renewal that failed, and until when none is needed
        self._tried_at = self._good_until = float("-inf")

    @cached_property
    def _lock(self) -> anyio.Lock:
        return anyio.Lock()

    async def get_frozen_credentials(self) -> ReadOnlyCredentials:
        """Credentials that are good for a while. Raises what ``fetch`` does where none are."""
        if not self.refresh_needed():
            return self._frozen_credentials
        must = self._left() <= self._renew_by
        async with self._lock:
            if not must:
                await self._try_to_renew()
            elif self._left() <= self._renew_by:  # nobody else has renewed them meanwhile
                await self._renew()
        return self._frozen_credentials

    def refresh_needed(self) -> bool:
        """Whether who asks for them now waits for new ones."""
        if (now := self._clock.now()) < self._good_until:
            return False
        left = self._left()
        if left > self._renew_at:
            self._good_until = now + min(left - self._renew_at, LOOKED_AT_AGAIN)
            return False
        return left <= self._renew_by or (not self._lock.locked() and self._may_try(now))

    def _may_try(self, now: float) -> bool:
        return now >= self._tried_at + self._try_again

    async def _try_to_renew(self) -> None:
        """Renew them, or leave it at what there is for a while: that is good for longer."""
        try:
            await self._renew()
        except Exception as error:
            self._tried_at = self._clock.now()
            logger().warning("role.not_renewed", reason=error_text(error))

    async def _renew(self) -> None:
        found = await self._fetch()
        if self._left_of(found) <= 0:  # what there was may be good for longer
            raise sdk.CredentialRetrievalError(
                provider=self.method, error_msg=ShownText("the new session is over already.")
            )
        self._take(found)

    def _take(self, found: Mapping[str, Any]) -> None:
        """Sign with these from now on; one session may live longer or shorter than the other."""
        self._frozen_credentials = ReadOnlyCredentials(
            found["access_key"], found["secret_key"], found["token"], None
        )
        self._expires = datetime.fromisoformat(found["expiry_time"])
        life = self._left()
        self._renew_at = RENEW_AT * self._earlier * life
        self._renew_by = RENEW_BY * life
        self._try_again = TRY_AGAIN * life

    def _left(self) -> float:
        """Seconds of their life that are left."""
        return self._until(self._expires)

    def _left_of(self, found: Mapping[str, Any]) -> float:
        return self._until(datetime.fromisoformat(found["expiry_time"]))

    def _until(self, end: datetime) -> float:
        return (end - self._clock.wall()).total_seconds()


def _role_fetcher(
    sts: StsClient, settings: TargetSettings, role_arn: str, tags: Mapping[str, str]
) -> Callable[[], Awaitable[dict[str, Any]]]:
    """What assumes the role, and raises CredentialRetrievalError where it can't."""
    more: dict[str, Any] = {"ExternalId": settings.external_id} if settings.external_id else {}
    if tags:  # which take a permission that nothing else does
        more["Tags"] = [{"Key": key, "Value": value} for key, value in tags.items()]

    async def fetch() -> dict[str, Any]:
        try:
            answer = await sts.assume_role(
                RoleArn=role_arn, RoleSessionName=settings.role_session_name, **more
            )
            _refuse_another_account(role_arn, answer)
            return _metadata(answer["Credentials"])
        except CredentialsError:
            raise
        except Exception as error:  # also what botocore chokes on, where something else answers
            raise sdk.CredentialRetrievalError(
                provider=role_arn, error_msg=ShownText(error_text(error))
            ) from error

    return fetch


def _refuse_another_account(role_arn: str, answer: Mapping[str, Any]) -> None:
    """Raise WrongAccountError where STS says that a session is of another account than its role."""
    told = answer.get("AssumedRoleUser", {}).get("Arn", "")
    account, found = (_ACCOUNT.match(arn) for arn in (role_arn, told))
    if account is not None and found is not None and account[1] != found[1]:
        raise WrongAccountError(
            f"{role_arn}: STS gave a session of account {found[1]}. Nothing was sent with it. Look"
            " at what answers as STS."
        )


def _metadata(credentials: Mapping[str, Any]) -> dict[str, Any]:
    """An answer of AssumeRole as RoleCredentials take it."""
    return {
        "access_key": credentials["AccessKeyId"],
        "secret_key": credentials["SecretAccessKey"],
        "token": credentials["SessionToken"],
        "expiry_time": credentials["Expiration"].isoformat(),
    }
