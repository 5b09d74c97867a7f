"""The active accounts of an organization, or of a part of one, as AWS Organizations lists them.

Asked once, before anything else is; throttled it slows down, and goes on. Errors of botocore stop
here.
"""

import os
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import botocore.exceptions as sdk
from botocore.config import Config
from botocore.session import Session

from batcher.accounting.verdicts import BY_CODE, Verdict, known_code
from batcher.aws.answers import refuse_redirects
from batcher.aws.credentials import NO_CREDENTIALS_ERRORS, region_of
from batcher.aws.endpoints import aws_service_host
from batcher.aws.mfa import ask_for_mfa_once
from batcher.aws.sdk_errors import error_text
from batcher.config import Settings
from batcher.config.account_list import AccountRow
from batcher.errors import AwsError, BatcherError, CredentialsError, RedirectError

ATTEMPTS = 6  # of each call; throttled, all that come after it go slower, too
GLOBAL = "us-east-1"  # where its endpoint is, whatever the Region
_REDIRECTIONS = ("AWS_ENDPOINT_URL_ORGANIZATIONS", "AWS_ENDPOINT_URL")
_ADVICE = {
    "AccessDeniedException": (
        "Give a --profile of the management account, or of a delegated administrator, that may call"
        " organizations:ListAccounts, ListAccountsForParent and ListOrganizationalUnitsForParent."
    ),
    "AWSOrganizationsNotInUseException": "Give a --profile of its management account.",
    "ParentNotFoundException": "Look at --organization: there is no such unit or root.",
}


def list_accounts(settings: Settings, unit: str, *, attempts: int = ATTEMPTS) -> list[AccountRow]:
    """The active accounts below an organization (``o-…``), a root (``r-…``) or a unit (``ou-…``).

    With their ``name`` and ``email``, in the order of their numbers. The credentials are those of
    the profile. ``attempts`` of each call. Raises CredentialsError, AwsError.
    """
    try:
        client = _client(settings, attempts)
        try:
            found = _of_organization(client, unit) if unit.startswith("o-") else None
            accounts = list(_below(client, unit) if found is None else found)
        finally:
            client.close()
    except sdk.ClientError as error:
        raise _refused(unit, error) from error
    except (*NO_CREDENTIALS_ERRORS, sdk.ProfileNotFound) as error:
        raise CredentialsError(
            f"organization {unit}: {error_text(error)}. Give a --profile that may list it."
        ) from error
    except (sdk.BotoCoreError, RedirectError, ValueError) as error:
        raise AwsError(f"organization {unit}: can't be listed: {error_text(error)}.") from error
    rows = [_row(unit, each) for each in accounts if _is_active(unit, each)]
    if not rows:
        raise AwsError(f"organization {unit}: there is no active account below it.")
    return sorted(rows, key=lambda row: row.account)


def _client(settings: Settings, attempts: int) -> Any:
    session = Session(profile=settings.profile)
    ask_for_mfa_once(session)
    client = session.create_client(
        "organizations",
        region_name=region_of(session, settings.region) or GLOBAL,
        endpoint_url=_endpoint(settings.endpoint_url),
        config=Config(
            connect_timeout=settings.connect_timeout or None,
            read_timeout=settings.read_timeout or None,
            retries={"mode": "adaptive", "total_max_attempts": attempts},
        ),
    )
    refuse_redirects(client)
    return client


def _endpoint(endpoint_url: str | None) -> str | None:
    """Where Organizations is: AWS's own, or where the environment or the settings have it."""
    if endpoint_url is None or any(os.environ.get(name) for name in _REDIRECTIONS):
        return None
    is_own = aws_service_host(urlsplit(endpoint_url).hostname or "") is not None
    return None if is_own else endpoint_url


def _of_organization(client: Any, unit: str) -> Iterator[Any]:
    own = client.describe_organization()["Organization"]["Id"]
    if own != unit:
        raise AwsError(
            f"organization {unit}: the credentials are of organization {own}. Give a --profile of"
            " the one that is meant."
        )
    return _pages(client, "list_accounts", "Accounts")


def _below(client: Any, parent: str) -> Iterator[Any]:
    """The accounts below a root or unit, of whatever depth."""
    parents = [parent]
    while parents:
        at = {"ParentId": parents.pop()}
        yield from _pages(client, "list_accounts_for_parent", "Accounts", **at)
        units = _pages(client, "list_organizational_units_for_parent", "OrganizationalUnits", **at)
        parents += [each["Id"] for each in units]


def _pages(client: Any, operation: str, member: str, **given: str) -> Iterator[Any]:
    """All of a list; a page may be empty, and another one come after it."""
    for page in client.get_paginator(operation).paginate(**given):
        yield from page[member]


def _is_active(unit: str, account: Any) -> bool:
    """Whether it is in use. AWS has given a State only since September 2026, before a Status."""
    if (state := account.get("State") or account.get("Status")) is None:
        raise AwsError(f"organization {unit}: of account {account['Id']} no State is told.")
    return bool(state == "ACTIVE")


def _row(unit: str, account: Any) -> AccountRow:
    columns = {name.lower(): account[name] for name in ("Name", "Email") if account.get(name)}
    return AccountRow(account=account["Id"], origin=f"organization {unit}", columns=columns)


def _refused(unit: str, error: sdk.ClientError) -> BatcherError:
    given = error.response.get("Error", {}).get("Code")
    code = known_code(given, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode"))
    if BY_CODE.get(code) is Verdict.CREDENTIALS:
        advice = "Renew the credentials, or give another --profile."
        return CredentialsError(f"organization {unit}: {error_text(error)}. {advice}")
    advice = _ADVICE.get(given or "", "Run the same command again.")
    return AwsError(f"organization {unit}: {given or error_text(error)}. {advice}")
