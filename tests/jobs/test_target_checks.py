"""What is told of the way to a target, and of whose its credentials are."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import anyio
import pytest

from batcher.config import resolve
from batcher.emulator import Emulator, account_of
from batcher.errors import WrongAccountError
from batcher.jobs.diagnosis import Check, CheckGroup, Told, run_checks
from batcher.jobs.target_checks import (
    PLACE_CHECKS,
    check_credentials,
    check_place,
)
from batcher.wiring.targets import TargetConnector
from tests.jobs.conftest import SettingsFor
from tests.local_sts import ROLE, LocalSts, role_profile
from tests.odd_server import http, odd_server


async def checked(url: str, within: float = 5.0, **more: str) -> dict[str, Check]:
    settings = resolve({"endpoint_url": url, "region": "eu-west-1", **more})

    async def find(told: Told) -> None:
        await check_place("default", settings, told, region_given_by="--region")

    group = CheckGroup(subject="target default", names=PLACE_CHECKS, find=find)
    return {check.name: check for check in await run_checks([group], within=within)}


@pytest.mark.parametrize(
    ("ahead", "verdict", "seen"),
    [
        (timedelta(), "ok", "s ahead of|s behind"),
        (timedelta(seconds=-90), "warning", "9[0-3] s ahead of"),
        (timedelta(minutes=20), "warning", "then AWS's time is signed with"),
        (timedelta(hours=-2), "warning", "7,20[0-3] s ahead of"),
    ],
)
async def test_the_clock_is_held_against_the_date_of_the_answer(
    ahead: timedelta, verdict: str, seen: str
) -> None:
    def answer(_: object) -> bytes:
        there = datetime.now(UTC) + ahead
        return http(403, "{}", Date=format_datetime(there, usegmt=True))

    async with odd_server(answer) as odd:
        found = await checked(odd.url)
    assert found.keys() == set(PLACE_CHECKS)
    assert found["clock"].verdict == verdict
    assert re.search(seen, found["clock"].seen)
    assert found["Region"].seen == "eu-west-1 (--region)."
    assert (found["endpoint"].verdict, found["certificate"].verdict) == ("ok", "untested")


async def test_what_answers_is_told_whatever_it_is() -> None:
    async with odd_server(lambda _: http(302, Location="http://elsewhere.example/")) as odd:
        found = await checked(odd.url)
        assert len(odd.requests) == 1
    assert (found["endpoint"].verdict, found["clock"].verdict) == ("fault", "untested")
    assert "redirect (status 302)" in found["endpoint"].seen
    found = await checked("http://127.0.0.1:1")
    assert "no connection to http://127.0.0.1:1" in found["endpoint"].seen
    assert found["clock"].verdict == "untested"


async def test_one_that_never_answers_is_a_fault_in_time() -> None:
    async def silence():
        await anyio.sleep_forever()
        yield b""

    async with anyio.create_task_group() as tasks, odd_server(lambda _: silence()) as odd:
        found = await checked(odd.url, within=0.2)
        tasks.cancel_scope.cancel()
    assert found["endpoint"].seen == "no answer within 0.2 s."
    assert (found["proxy"].verdict, found["clock"].seen) == ("ok", "see endpoint.")


async def test_without_a_region_nothing_more_is_looked_at(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    found = await checked("http://127.0.0.1:1", region=None)
    assert (found["Region"].verdict, found["endpoint"].seen) == ("fault", "see Region.")


async def told_of(settings) -> list[Check]:
    told = Told("target default")
    async with TargetConnector(settings).target("default") as target:
        await check_credentials(target, told)
    return told.checks


async def test_whose_the_credentials_are_is_told_and_no_key(settings_for: SettingsFor) -> None:
    async with Emulator() as url:
        (check,) = await told_of(settings_for(url))
        account = account_of("AKIDEXAMPLE")
        assert check.verdict == "ok"
        assert check.seen.startswith(f"account {account}, arn:aws:iam::{account}:")
        assert check.seen.endswith(", by env.")
        with pytest.raises(WrongAccountError, match="999999999999"):
            await told_of(settings_for(url, account="9" * 12))
    (check,) = await told_of(settings_for("http://127.0.0.1:1"))
    assert (check.verdict, "does not tell" in check.seen) == ("warning", True)
    assert "AKID" not in str(check)


async def test_a_role_is_told_by_its_name(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", sts.url)
        (check,) = await told_of(settings_for("http://127.0.0.1:1", role_arn=ROLE))
    assert check.seen == f"account 444455556666, {ROLE}, by assume-role."


async def test_a_profile_whose_role_is_refused_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts:
        role_profile(tmp_path, monkeypatch, sts)
        sts.refusal = ("AccessDenied", 403)
        settings = resolve(
            {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-1", "profile": "prod"}
        )
        (check,) = await told_of(settings)
    assert check.verdict == "warning"
