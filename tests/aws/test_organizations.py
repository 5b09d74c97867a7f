"""The accounts below a unit: all pages, all depths, those in use."""

import asyncio
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from batcher.aws.organizations import ATTEMPTS, list_accounts
from batcher.config import resolve
from batcher.emulator import Emulator, Quota
from batcher.errors import AwsError, CredentialsError
from tests.emulator.organization import (
    DEEP,
    EMPTY,
    INNER,
    MANAGEMENT,
    PROD,
    ROOT,
    SHOPS,
    TOP,
    write_organization,
)


async def listed(url: str, unit: str, attempts: int = ATTEMPTS, **more: Any) -> list[str]:
    settings = resolve({"endpoint_url": url, **more})
    rows = await asyncio.to_thread(partial(list_accounts, settings, unit, attempts=attempts))
    assert all(row.columns["name"] for row in rows)
    return [row.account for row in rows]


@pytest.mark.parametrize(
    ("unit", "found"),
    [
        (PROD, [*SHOPS, DEEP]),
        (INNER, [DEEP]),
        (ROOT, [*SHOPS, TOP, DEEP]),
        ("o-exampleorg1", [*SHOPS, TOP, DEEP]),
    ],
)
async def test_all_accounts_in_use_below_a_unit_are_listed_whatever_the_depth_and_the_pages(
    stand_in_credentials: None, tmp_path: Path, unit: str, found: list[str]
) -> None:
    file = write_organization(tmp_path)
    quotas = {"ListAccountsForParent": Quota(rate=5, burst=1)} if unit == PROD else {}
    emulator = Emulator(organization=file, quotas=quotas)
    async with emulator as url:
        assert await listed(url, unit) == found
    counts = emulator.counts()
    assert sum(counts.get("ListAccountsForParent", {}).values()) <= 12, "throttled it slows down"


@pytest.mark.parametrize(
    ("unit", "more", "said"),
    [
        (ROOT, {"management": MANAGEMENT}, "AccessDeniedException. Give a --profile of the man"),
        (EMPTY, {}, "there is no active account below it"),
        ("ou-ab12-99999999", {}, "ParentNotFoundException. Look at --organization"),
        ("o-anotherorg1", {}, "the credentials are of organization o-exampleorg1"),
    ],
)
async def test_what_can_not_be_listed_is_told_with_what_to_do(
    stand_in_credentials: None, tmp_path: Path, unit: str, more: dict[str, Any], said: str
) -> None:
    async with Emulator(organization=write_organization(tmp_path, **more)) as url:
        with pytest.raises(AwsError, match=said):
            await listed(url, unit)


async def test_an_account_without_an_organization_and_credentials_that_are_none_are_told(
    stand_in_credentials: None, tmp_path: Path
) -> None:
    async with Emulator() as url:
        with pytest.raises(AwsError, match=r"AWSOrganizationsNotInUse.*management account"):
            await listed(url, ROOT)
        with pytest.raises(CredentialsError, match=r"none.*Give a --profile"):
            await listed(url, ROOT, profile="none")
    file = write_organization(tmp_path)
    async with Emulator(organization=file, keys={"another": "secret"}) as url:
        with pytest.raises(CredentialsError, match="Renew the credentials"):
            await listed(url, ROOT)


async def test_an_endpoint_that_is_not_there_is_told_with_the_organization(
    stand_in_credentials: None, tmp_path: Path
) -> None:
    async with Emulator(organization=write_organization(tmp_path)) as url:
        pass  # its port is free now
    with pytest.raises(AwsError, match=f"organization {ROOT}: can't be listed: Could not connect"):
        await listed(url, ROOT, attempts=1)
