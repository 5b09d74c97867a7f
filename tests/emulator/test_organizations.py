"""AWS Organizations as the emulator has it: what a client of the SDK lists of it."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.session import Session

from batcher.emulator import Emulator, Quota
from batcher.emulator.organizations import read_organization
from tests.emulator.organization import (
    GONE,
    INNER,
    MANAGEMENT,
    PROD,
    ROOT,
    SHOPS,
    write_organization,
)


def client_of(url: str) -> Any:
    return Session().create_client(
        "organizations",
        region_name="us-east-1",
        endpoint_url=url,
        aws_access_key_id="AKIDEXAMPLE",
        aws_secret_access_key="secret",
        config=Config(retries={"total_max_attempts": 1}),
    )


async def called(emulator: Emulator, work: Callable[[Any], Any]) -> Any:
    async with emulator as url:
        return await asyncio.to_thread(lambda: work(client_of(url)))


async def test_accounts_come_in_pages_of_at_most_20_with_their_state(tmp_path: Path) -> None:
    def work(client: Any) -> list[Any]:
        pages = client.get_paginator("list_accounts_for_parent").paginate(ParentId=PROD)
        return [page["Accounts"] for page in pages]

    pages = await called(Emulator(organization=write_organization(tmp_path)), work)
    assert [len(page) for page in pages] == [20, 20, 6]
    found = {each["Id"]: each["State"] for page in pages for each in page}
    assert found == dict.fromkeys(SHOPS, "ACTIVE") | {GONE: "SUSPENDED"}
    assert "Status" not in pages[0][0]


async def test_roots_and_units_lead_to_each_other(tmp_path: Path) -> None:
    def work(client: Any) -> list[str]:
        (root,) = client.list_roots()["Roots"]
        units = client.list_organizational_units_for_parent(ParentId=PROD)["OrganizationalUnits"]
        return [root["Id"], units[0]["Id"], client.describe_organization()["Organization"]["Id"]]

    emulator = Emulator(organization=write_organization(tmp_path))
    assert await called(emulator, work) == [ROOT, INNER, "o-exampleorg1"]


@pytest.mark.parametrize(
    ("more", "given", "code"),
    [
        ({"management": MANAGEMENT}, {"ParentId": ROOT}, "AccessDeniedException"),
        ({}, {"ParentId": "r-none"}, "ParentNotFoundException"),
        ({}, {"ParentId": "x"}, "InvalidInputException"),
        ({}, {"ParentId": ROOT, "NextToken": "9"}, "InvalidInputException"),
        ({}, {"ParentId": ROOT, "MaxResults": 21}, "InvalidInputException"),
    ],
)
async def test_a_listing_is_refused_as_aws_does(
    tmp_path: Path, more: dict[str, Any], given: dict[str, Any], code: str
) -> None:
    emulator = Emulator(organization=write_organization(tmp_path, **more))
    with pytest.raises(ClientError, match=code):
        await called(emulator, lambda client: client.list_accounts_for_parent(**given))
    assert emulator.counts() == {"ListAccountsForParent": {code: 1}}


async def test_a_listing_has_a_quota_of_its_own(tmp_path: Path) -> None:
    def work(client: Any) -> None:
        for _ in range(3):
            client.list_roots()

    quotas = {"ListRoots": Quota(rate=0.01, burst=2)}
    with pytest.raises(ClientError, match="TooManyRequestsException"):
        await called(Emulator(organization=write_organization(tmp_path), quotas=quotas), work)


@pytest.mark.parametrize("content", ["[]", "{", '{"roots": [{}]}', '{"roots": 3}'])
def test_a_file_that_is_none_is_refused(tmp_path: Path, content: str) -> None:
    path = tmp_path / "organization.json"
    path.write_text(content)
    with pytest.raises(ValueError, match="is no organization"):
        read_organization(path)
