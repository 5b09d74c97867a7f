"""Which place a connected target is: an account and Region, whatever the endpoint of AWS's."""

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from batcher.config import resolve
from batcher.emulator import Emulator, account_of
from batcher.target_identity import TargetIdentity
from batcher.wiring.places import (
    could_be,
    expected_places,
    one_name_each,
    place_differences,
    trigger_place,
)
from batcher.wiring.targets import TargetConnector

ONE = {"region": "eu-west-1", "account": "1" * 12}
AWS = "https://profile.eu-west-1.amazonaws.com"
FIPS = {**ONE, "endpoint_url": "https://profile-fips.eu-west-1.amazonaws.com"}


@pytest.mark.parametrize(
    ("other", "is_one"),
    [
        (ONE, True),
        (FIPS, True),
        ({**ONE, "account": "2" * 12}, False),
        ({**ONE, "region": "us-east-1"}, False),
        ({**ONE, "endpoint_url": "http://127.0.0.1:1"}, False),
    ],
)
async def test_targets_are_one_place_unless_account_region_or_a_foreign_endpoint_differ(
    stand_in_credentials: None, other: dict[str, Any], *, is_one: bool
) -> None:
    connector = TargetConnector(resolve({"targets": {"one": ONE, "other": other}}))
    async with connector.target("one") as one, connector.target("other") as two:
        assert (trigger_place(one) == trigger_place(two)) is is_one


def test_names_of_one_place_have_one_name_where_its_account_is_known() -> None:
    place = TargetIdentity(region="eu-west-1", account="1" * 12, endpoint="http://h")
    unknown, other = replace(place, account=None), replace(place, account="2" * 12)
    slash, port = replace(place, endpoint="http://H/"), replace(place, endpoint="http://h:80")
    aws = replace(place, endpoint="https://profile.eu-west-1.amazonaws.com")
    fips = replace(place, endpoint=FIPS["endpoint_url"])
    places = {
        "a": place,
        "b": other,
        "c": slash,
        "d": unknown,
        "e": unknown,
        "f": other,
        "g": port,
        "h": aws,
        "i": fips,
        "j": replace(place, endpoint="http://h:81"),
    }
    assert one_name_each(places) == {"c": "a", "f": "b", "g": "a", "i": "h"}


@pytest.mark.parametrize(
    ("url", "other", "is_one"),
    [
        (AWS, "https://PROFILE.eu-west-1.amazonaws.com.:443/", True),
        (AWS, "https://profile.eu-west-1.api.aws", True),
        (AWS, "https://vpce-0a-0b.profile.eu-west-1.vpce.amazonaws.com", True),
        (AWS, "https://vpce-0a-0b.profile-fips.eu-west-1.vpce.amazonaws.com", True),
        (AWS, "http://ec2-192-0-2-1.eu-west-1.compute.amazonaws.com:8080", False),
        (AWS, "http://mock-1234.eu-west-1.elb.amazonaws.com", False),
        (AWS, "https://a1b2.execute-api.eu-west-1.amazonaws.com/prod", False),
        (AWS, "https://notprofile.eu-west-1.amazonaws.com", False),
        (AWS, "https://profile.us-east-1.amazonaws.com", False),
        ("https://a1.execute-api.eu-west-1.amazonaws.com/x", "https://b2.s3.amazonaws.com", False),
        ("http://mock-1.elb.amazonaws.com/", "http://MOCK-1.elb.amazonaws.com:80", True),
        ("http://localhost:1", "http://localhost.:1", True),
        ("http://[::1]:1", "http://[0:0:0:0:0:0:0:1]:1/", True),
        ("http://[::1]:1", "http://[::2]:1", False),
        ("http://h", "https://h", False),
        ("http://h/a", "http://h/b", False),
    ],
)
def test_who_has_a_host_with_a_name_of_awss_is_another_place(
    url: str, other: str, *, is_one: bool
) -> None:
    one = TargetIdentity(region="eu-west-1", account="1" * 12, endpoint=url)
    names = one_name_each({"one": one, "other": replace(one, endpoint=other)})
    assert names == ({"other": "one"} if is_one else {})


async def test_a_foreign_endpoint_is_one_place_however_it_is_written(
    stand_in_credentials: None,
) -> None:
    targets = {
        "one": {**ONE, "endpoint_url": "http://localhost:1"},
        "other": {**ONE, "endpoint_url": "http://LOCALHOST:1/"},
    }
    connector = TargetConnector(resolve({"targets": targets}))
    async with connector.target("one") as one, connector.target("other") as two:
        assert trigger_place(one) == trigger_place(two)


@pytest.mark.parametrize(
    ("table", "noted", "is_it"),
    [
        (ONE, None, True),
        (FIPS, None, True),
        ({"region": "eu-west-1", "role_arn": f"arn:aws:iam::{'1' * 12}:role/x"}, None, True),
        ({"region": "eu-west-1"}, "1" * 12, True),
        ({"region": "eu-west-1"}, "2" * 12, False),
        ({"region": "eu-west-1"}, None, False),
        ({**ONE, "region": "us-east-1"}, "1" * 12, False),
        ({**ONE, "endpoint_url": "http://127.0.0.1:1"}, None, False),
    ],
)
async def test_a_target_that_can_not_be_opened_is_a_place_by_settings_and_by_what_was_noted(
    stand_in_credentials: None, table: dict[str, Any], noted: str | None, *, is_it: bool
) -> None:
    connector = TargetConnector(
        resolve({"targets": {"one": ONE, "away": {**table, "profile": "none"}}})
    )
    before = noted and TargetIdentity(
        region="eu-west-1", account=noted, endpoint="https://profile.eu-west-1.amazonaws.com"
    )
    async with connector.target("one") as one:
        assert could_be(connector.target("away"), trigger_place(one), before or None) is is_it


@pytest.mark.parametrize("said_by", ["AWS_REGION", "AWS_DEFAULT_REGION", "its profile"])
@pytest.mark.parametrize(
    ("away", "is_it"),
    [
        ({"account": account_of("AKIDEXAMPLE")}, True),
        ({"role_arn": f"arn:aws:iam::{account_of('AKIDEXAMPLE')}:role/x"}, True),
        ({}, True),  # STS told another with the same credentials
        ({"account": "9" * 12}, False),
        ({"role_arn": f"arn:aws:iam::{'9' * 12}:role/x"}, False),
        ({"region": "us-east-1"}, False),
        ({"profile": "other"}, False),
    ],
    ids=str,
)
async def test_a_target_that_is_left_for_later_is_a_place_also_by_files_and_environment(
    stand_in_credentials: None,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    said_by: str,
    away: dict[str, Any],
    *,
    is_it: bool,
) -> None:
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    config = tmp_path / "config"
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    config.write_text("[profile other]\n[default]\n")
    if said_by == "its profile":
        config.write_text("[profile other]\nregion=ap-east-1\n[default]\nregion=ca-central-1\n")
    else:
        monkeypatch.setenv(said_by, "ca-central-1")
    async with Emulator() as url, AsyncExitStack() as stack:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        at = {"endpoint_url": url}
        targets = {"one": at, "away": {**at, **away}}
        connector = TargetConnector(resolve({"targets": targets, "without_target": "away"}))
        found = await connector.connect(targets, stack)
        place = trigger_place(found.targets["one"])
        assert place.region == "ca-central-1"
        assert could_be(found.unopened["away"], place, None) is is_it


async def test_of_a_profile_that_is_gone_the_region_is_that_of_the_environment(
    stand_in_credentials: None,
) -> None:
    targets = {"one": ONE, "away": {"profile": "none", "account": ONE["account"]}}
    connector = TargetConnector(resolve({"targets": targets}))
    async with connector.target("one") as one:
        away = connector.target("away")
        away.look_up()
        assert could_be(away, trigger_place(one), None)


def test_several_targets_are_expected_where_their_settings_put_them() -> None:
    role = {"region": "eu-west-1", "role_arn": f"arn:aws:iam::{'1' * 12}:role/x"}
    anywhere = {"profile": "x", "region": "eu-west-1"}
    targets = {"pinned": ONE, "role": role, "anywhere": anywhere}
    where = expected_places(resolve({"targets": targets}))
    assert where is not None
    assert list(map(where, targets)) == [("1" * 12, "eu-west-1"), ("1" * 12, "eu-west-1"), None]
    assert expected_places(resolve({"targets": {"pinned": ONE}})) is None
    assert expected_places(resolve({})) is None


KNOWN = TargetIdentity(region="eu-west-1", account="1" * 12, endpoint="http://h:1")
AT_AWS = replace(KNOWN, endpoint=AWS)
UNKNOWN = replace(KNOWN, account=None)
OTHER = replace(KNOWN, account="2" * 12)


@pytest.mark.parametrize(
    ("was", "now", "sends", "said"),
    [
        (KNOWN, KNOWN, True, []),
        (KNOWN, replace(KNOWN, endpoint="http://H:1/"), True, []),
        (AT_AWS, replace(AT_AWS, endpoint=FIPS["endpoint_url"]), True, []),
        (AT_AWS, replace(AT_AWS, endpoint="https://profile.eu-west-1.api.aws:443/"), True, []),
        (AT_AWS, KNOWN, True, ["endpoint of target eu was https://profile.eu-west-1.am"]),
        (UNKNOWN, KNOWN, True, []),  # nobody ever knew it
        (UNKNOWN, UNKNOWN, True, []),
        (KNOWN, UNKNOWN, False, []),
        (KNOWN, UNKNOWN, True, ["account of target eu was 111111111111, now STS does not tell"]),
        (KNOWN, OTHER, False, ["account of target eu was 111111111111, now 222222222222"]),
        (
            KNOWN,
            TargetIdentity(region="us-east-1", account="2", endpoint="http://h:2"),
            True,
            ["region of target eu was eu-west-1", "endpoint of target eu", "account of target eu"],
        ),
    ],
)
def test_each_difference_names_both_places(
    was: TargetIdentity, now: TargetIdentity, sends: bool, said: list[str]
) -> None:
    found = list(place_differences({"eu": was, "us": OTHER}, {"eu": now, "ap": OTHER}, sends=sends))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_an_account_that_was_never_known_has_to_be_named() -> None:
    was, now = {"eu": UNKNOWN, "us": UNKNOWN}, {"eu": KNOWN, "us": KNOWN}
    (said,) = place_differences(was, now, pinned=["us"])
    assert "account of target eu was never known" in said
    assert "--account 111111111111" in said
