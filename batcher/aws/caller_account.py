"""Whose credentials are: STS's GetCallerIdentity. No answer is an answer, never an error."""

import os
import re
from typing import Any
from urllib.parse import urlsplit

from aiobotocore.config import AioConfig
from aiobotocore.session import AioSession

from batcher.aws.endpoints import aws_service_host

_ACCOUNT = re.compile(r"\d{12}")
_REDIRECTIONS = ("AWS_ENDPOINT_URL_STS", "AWS_ENDPOINT_URL")


async def caller_account(
    session: AioSession, credentials: Any, *, region: str, endpoint_url: str, config: AioConfig
) -> str | None:
    """The account of frozen credentials; None where STS does not tell it.

    STS is AWS's, or where the environment has it; for another endpoint than AWS's it is there.
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
            account = (await sts.get_caller_identity()).get("Account")
    except Exception:  # also what botocore chokes on, where something else answers
        return None
    return account if isinstance(account, str) and _ACCOUNT.fullmatch(account) else None


def _sts_endpoint(endpoint_url: str) -> str | None:
    redirected = any(os.environ.get(name) for name in _REDIRECTIONS)
    if redirected or aws_service_host(urlsplit(endpoint_url).hostname or "") is not None:
        return None
    return endpoint_url
