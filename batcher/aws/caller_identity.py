"""Whose credentials are: STS's GetCallerIdentity. No answer is an answer, never an error.

But for a question that could not be asked, as this host has no memory or threads left.
"""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession
from botocore.exceptions import ClientError
from msgspec import Struct

from batcher.aws.answers import refuse_redirects
from batcher.aws.endpoints import aws_service_host
from batcher.aws.unsent import host_limit
from batcher.errors import RedirectError

_ACCOUNT = re.compile(r"[0-9]{12}")
_ARN = re.compile(r"arn:[\w-]+:(?:iam|sts)::[0-9]{12}:[\x21-\x7e]{1,2048}")
# what STS says of credentials that are good nowhere; a signature may be refused for a wrong clock
_USELESS = frozenset({"ExpiredToken", "ExpiredTokenException", "InvalidClientTokenId"})
_REDIRECTIONS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")


class StsIdentity(Struct, frozen=True, kw_only=True):
    """Whose credentials are, as STS says. ``arn``: None where it says none."""

    account: str
    arn: str | None = None


class UselessCredentials(Struct, frozen=True, kw_only=True):
    """Credentials that STS does not take, such as those that are over. ``code``: of its error."""

    code: str


async def caller_identity(
    session: AioSession, credentials: Any, *, region: str, endpoint_url: str, config: AioConfig
) -> StsIdentity | UselessCredentials | None:
    """Whose frozen credentials are; None where STS does not tell it.

    STS is AWS's, or where the environment has it; for another endpoint than AWS's it is there.
    Raises RedirectError; and MemoryError or RuntimeError where this host lets nobody ask.
    """
    try:
        async with session.create_client(
            "sts",
            region_name=region,
            endpoint_url=_sts_endpoint(endpoint_url),
            config=config,
            aws_access_key_id=credentials.access_key,
            aws_secret_access_key=credentials.secret_key,
            aws_session_token=credentials.token,
        ) as sts:
            refuse_redirects(sts)
            answer = await sts.get_caller_identity()
            account, arn = answer.get("Account"), answer.get("Arn")
    except RedirectError:
        raise
    except Exception as error:  # also what botocore chokes on, where something else answers
        if (limit := host_limit(error)) is not None:  # an account that STS might tell
            raise limit from error
        return _useless(error)
    if not isinstance(account, str) or not _ACCOUNT.fullmatch(account):
        return None
    return StsIdentity(account=account, arn=arn if _ARN.fullmatch(str(arn)) else None)


def _useless(error: Exception) -> UselessCredentials | None:
    """What STS says of the credentials themselves; None: nothing."""
    code = error.response.get("Error", {}).get("Code") if isinstance(error, ClientError) else None
    return UselessCredentials(code=code) if code in _USELESS else None


def _sts_endpoint(endpoint_url: str) -> str | None:
    redirected = any(os.environ.get(name) for name in _REDIRECTIONS)
    if redirected or aws_service_host(urlsplit(endpoint_url).hostname or "") is not None:
        return None
    return endpoint_url
