"""A clock that is off is found by the Date of a refusal, told, and corrected for."""

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.server_clock import ServerClock
from batcher.clock import SystemClock
from batcher.operations import UPDATE_TRIGGER
from tests.aws.test_client import target
from tests.conftest import change
from tests.local_sts import LocalSts, role_profile

pytestmark = pytest.mark.usefixtures("stand_in_credentials", "transport")

TOLERATED = timedelta(minutes=5)
SECOND = timedelta(seconds=1)


class ElsewhenServer:
    """A Customer Profiles whose clock is ahead of ours by so much, and that looks at the time."""

    def __init__(
        self, ahead: timedelta, code: str, *, dated: bool = True, tolerated: timedelta = TOLERATED
    ) -> None:
        self.ahead = ahead
        self.refused = self.accepted = 0
        self._code = code
        self._dated = dated
        self._tolerated = tolerated

    async def __aenter__(self) -> str:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._answer)
        self._runner = web.AppRunner(app)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        return f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def __aexit__(self, *exception: object) -> None:
        await self._runner.cleanup()

    async def _answer(self, request: web.Request) -> web.Response:
        now = datetime.now(UTC) + self.ahead
        signed = datetime.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%S%z")
        headers = {"Date": format_datetime(now, usegmt=True) if self._dated else "?"}
        if abs(signed - now) > self._tolerated:
            self.refused += 1
            headers["x-amzn-ErrorType"] = self._code
            return web.json_response({"Message": "no"}, status=403, headers=headers)
        self.accepted += 1
        return web.json_response(change(1), headers=headers)


@pytest.mark.parametrize("ahead", [20 * 60 * SECOND, -3600 * SECOND, timedelta(days=9000)])
@pytest.mark.parametrize("code", ["InvalidSignatureException", "RequestExpired"])
async def test_after_one_refusal_it_is_told_and_requests_have_the_servers_time(
    ahead: timedelta, code: str
) -> None:
    server = ElsewhenServer(ahead, code)
    async with server as url, target(url, region="eu-west-1") as eu:
        first = await eu.call(UPDATE_TRIGGER, change(1))
        assert judge(first) is Verdict.CREDENTIALS
        way = "behind" if ahead > 0 * SECOND else "ahead of"
        told = re.search(rf"clock of this machine is (\d+) s {way} AWS's", first.message)
        assert told is not None
        assert int(told[1]) == pytest.approx(abs(ahead.total_seconds()), abs=30)
        assert await eu.refresh()
        assert (await eu.call(UPDATE_TRIGGER, change(1))).code is None
    assert (server.refused, server.accepted) == (1, 1)


async def test_a_ready_client_is_corrected_too(connect: Any) -> None:
    server = ElsewhenServer(20 * 60 * SECOND, "RequestTimeTooSkewed")
    async with server as url, target(None, await connect(url)) as own:
        await own.call(UPDATE_TRIGGER, change(1))
        assert await own.refresh()
        assert (await own.call(UPDATE_TRIGGER, change(1))).code is None


@pytest.mark.parametrize(
    ("ahead", "code", "dated"),
    [
        (timedelta(seconds=30), "InvalidSignatureException", True),  # our clock is right
        (timedelta(minutes=20), "InvalidSignatureException", False),  # it does not say
        (timedelta(minutes=20), "ThrottlingException", True),  # nothing about the signature
    ],
)
async def test_nothing_is_corrected_by_what_does_not_tell(
    ahead: timedelta, code: str, dated: bool
) -> None:
    server = ElsewhenServer(ahead, code, dated=dated, tolerated=10 * SECOND)
    async with server as url, target(url, region="eu-west-1") as eu:
        for _ in range(2):
            assert "clock" not in (await eu.call(UPDATE_TRIGGER, change(1))).message
    assert (server.refused, server.accepted) == (2, 0)


async def test_sts_is_asked_again_with_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with LocalSts() as sts, ElsewhenServer(0 * SECOND, "no") as url:
        sts.ahead = timedelta(minutes=30)
        role_profile(tmp_path, monkeypatch, sts)
        async with target(url, profile="prod", region="eu-west-1") as eu:
            assert (await eu.call(UPDATE_TRIGGER, change(1))).reached == "answered"
    assert len(sts.asked) >= 2


@pytest.mark.parametrize(("offset", "told"), [(1200.4, "1200 s behind"), (-90, "90 s ahead of")])
def test_what_is_told_names_the_way_and_what_to_do(offset: float, told: str) -> None:
    clock = ServerClock(SystemClock())
    clock.offset = offset
    assert f"{told} AWS's" in clock.told
    assert "timedatectl" in clock.told
