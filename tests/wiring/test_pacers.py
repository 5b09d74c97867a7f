"""Pacers of a target's operations: what they start from, what of it is written down."""

import json
from collections.abc import AsyncIterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest

from batcher.accounting.verdicts import Verdict
from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings, resolve
from batcher.config.value_kinds import Share
from batcher.emulator import Emulator
from batcher.engine.pacing import Pacer
from batcher.errors import SettingsError
from batcher.logs import logger
from batcher.operations import CREATE_TRIGGER, GET_TRIGGER, UPDATE_TRIGGER
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.probe import SaturationProbe
from batcher.storage.quota_file import QuotaFile
from batcher.storage.state_directory import state_directory
from batcher.testing import OpenLimiter
from batcher.wiring.pacers import Pacers, QuotaPace, open_pacers
from batcher.wiring.targets import TargetConnector
from tests.conftest import remember_quota


@pytest.fixture
async def target(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> AsyncIterator[AwsTarget]:
    """A target at 20/s, with a state directory of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    async with Emulator() as url:
        given = {"endpoint_url": url, "region": "eu-west-1", "rate": 20, "burst": 3}
        async with TargetConnector(resolve(given)).target("default") as opened:
            yield opened


def pacers(**given: Any) -> Pacers:
    return Pacers(resolve(given), clock=SystemClock(), warn=lambda text: pytest.fail(text))


def remember(tmp_path: Path, target: AwsTarget, operation: str, rate: float) -> None:
    remember_quota(tmp_path, operation, rate, account=target.quota_owner)


def of_account(target: AwsTarget, account: str, endpoint_url: str | None = None) -> Any:
    """As much of a target of another account, or at another endpoint, as its pacers ask for."""
    return SimpleNamespace(
        name=account,
        quota_owner=account,
        settings=target.settings,
        region=target.region,
        endpoint_url=endpoint_url or target.endpoint_url,
        slots=target.slots,
    )


class SureLimiter(OpenLimiter):
    """It knows its quota."""

    learned = EstimatedQuota(rate=7.0, burst=5.0, doubt=0.01)


async def send_one(pacer: Pacer) -> None:
    permit = await pacer.enter(begun=False, must_finish=False)
    pacer.leave(permit, Verdict.ACCEPTED, None)


@pytest.mark.parametrize(
    ("operation", "rate"), [(UPDATE_TRIGGER, 20.0), (CREATE_TRIGGER, 20.0), (GET_TRIGGER, None)]
)
async def test_changing_goes_at_the_rate_and_reading_at_its_own(
    target: AwsTarget, operation: str, rate: float | None
) -> None:
    made = pacers(remember=False)
    assert made.known_rate(target, operation) is None, "a ceiling is no quota"
    pacer = made.pacer(target, operation)
    assert (pacer.limiter.rate or 0) <= (rate or 1e6)
    assert made.learned(pacer).is_guess


@pytest.mark.parametrize(
    ("remembers", "found", "known"),
    [(True, 7.0, 7.0), (True, 50.0, 20.0), (True, None, None), (False, 7.0, None)],
)
async def test_what_can_be_sent_is_known_of_a_remembered_quota_and_a_ceiling_lowers_it(
    target: AwsTarget, tmp_path: Path, remembers: bool, found: float | None, known: float | None
) -> None:
    if found is not None:
        remember(tmp_path, target, UPDATE_TRIGGER, found)
    made = pacers(remember=remembers)
    assert made.known_rate(target, UPDATE_TRIGGER) == known
    assert (made.remembered(target, UPDATE_TRIGGER) is not None) is (
        remembers and found is not None
    )
    learned = made.learned(made.pacer(target, UPDATE_TRIGGER))
    assert (learned.rate == found) is (known == found and found is not None)


@pytest.mark.parametrize(
    ("ceiling", "found", "known"),
    [(None, None, None), (2.0, None, 2.0), (None, 5.0, 5.0), (2.0, 5.0, 2.0), (9.0, 5.0, 5.0)],
)
async def test_reads_go_no_faster_than_their_ceiling_whatever_is_remembered(
    target: AwsTarget, tmp_path: Path, ceiling: float | None, found: float | None, known: float
) -> None:
    if found is not None:
        remember(tmp_path, target, GET_TRIGGER, found)
    reading = msgspec.structs.replace(target.settings, read_rate=ceiling or "auto")
    target.settings = reading
    assert pacers().known_rate(target, GET_TRIGGER) == known


async def test_a_quota_that_was_only_guessed_is_not_known(
    target: AwsTarget, tmp_path: Path
) -> None:
    remember(tmp_path, target, UPDATE_TRIGGER, 7.0)
    file = tmp_path / "batcher" / "quotas.json"
    content = json.loads(file.read_text())
    content["quotas"][0]["doubt"] = 9.0
    file.write_text(json.dumps(content))
    made = pacers()
    assert (found := made.remembered(target, UPDATE_TRIGGER)) is not None
    assert found.is_guess
    assert made.known_rate(target, UPDATE_TRIGGER) is None


async def test_what_was_used_is_written_down_when_a_pacer_is_retired(
    target: AwsTarget, tmp_path: Path
) -> None:
    remember(tmp_path, target, UPDATE_TRIGGER, 7.0)
    made = pacers()
    before = made.remembered(target, UPDATE_TRIGGER)
    pacer = made.pacer(target, UPDATE_TRIGGER)
    await send_one(pacer)
    made.retire([pacer])
    after = made.remembered(target, UPDATE_TRIGGER)
    assert before is not None
    assert after is not None
    assert (after.rate, after.used_at >= before.used_at) == (7.0, True)
    with pytest.raises(KeyError):
        made.learned(pacer)


async def test_of_many_that_are_retired_a_few_writes_keep_what_each_has_learned(
    target: AwsTarget, tmp_path: Path
) -> None:
    targets = [of_account(target, f"{100_000_000_000 + number}") for number in range(100)]
    for each in targets:
        remember_quota(tmp_path, UPDATE_TRIGGER, 7.0, account=each.quota_owner)
    file = QuotaFile(state_directory({"XDG_STATE_HOME": str(tmp_path)}), pytest.fail)
    began, versions = SystemClock().wall(), set[int]()
    async with open_pacers(resolve({}), clock=SystemClock(), log=logger()) as made:
        for each in targets:
            made.retire([made.pacer(each, UPDATE_TRIGGER)])
            versions.add(file.path.stat().st_mtime_ns)
            known = made.remembered(each, UPDATE_TRIGGER)
            assert known is not None
            assert known.used_at >= began
        # one at once, and then two a second at most
        assert len(versions) < 20
    assert [each.used_at >= began for each in file.entries()] == [True] * 100


@pytest.mark.parametrize("other_is", ["used", "at rest", "gone"])
@pytest.mark.parametrize("by", ["remember", "retire"])
async def test_of_several_endpoints_that_go_by_one_account_nothing_is_taken_for_known(
    target: AwsTarget, by: str, other_is: str
) -> None:
    fleet: Any = SimpleNamespace(limiter=lambda *_, **__: SureLimiter())
    made = Pacers(resolve({}), clock=SystemClock(), warn=pytest.fail, fleet=fleet)
    elsewhere = of_account(target, target.quota_owner, "http://127.0.0.1:9")
    one, other = made.pacer(target, UPDATE_TRIGGER), made.pacer(elsewhere, UPDATE_TRIGGER)
    assert one.limiter is not other.limiter
    if other_is == "at rest":
        made.rest([other])
    elif other_is == "gone":
        made.retire([other])
    if by == "retire":
        made.retire([one])
    else:
        made.remember()
    found = made.remembered(target, UPDATE_TRIGGER)
    assert (found and found.rate) == (7.0 if other_is == "gone" else None)


async def test_a_measurement_starts_from_nothing_that_is_remembered(
    target: AwsTarget, tmp_path: Path
) -> None:
    remember(tmp_path, target, UPDATE_TRIGGER, 7.0)
    made = pacers()
    assert made.learned(made.measuring(target, UPDATE_TRIGGER, SaturationProbe())).is_guess


async def test_without_remembering_nothing_is_read_or_written(
    target: AwsTarget, tmp_path: Path
) -> None:
    made = pacers(remember=False)
    await send_one(made.pacer(target, UPDATE_TRIGGER))
    assert made.remember() is False
    assert not state_directory({"XDG_STATE_HOME": str(tmp_path)}).exists()


async def test_a_limiter_that_is_no_address_is_a_wrong_setting() -> None:
    settings = Settings(limiter="redis://host:port")
    with pytest.raises(SettingsError, match="--limiter"):
        async with open_pacers(settings, clock=SystemClock(), log=logger()):
            pass


async def test_targets_of_one_account_and_region_have_one_quota_and_it_is_remembered_as_one(
    target: AwsTarget, tmp_path: Path
) -> None:
    other = TargetConnector(resolve({"endpoint_url": target.endpoint_url, "region": "eu-west-1"}))
    remember(tmp_path, target, UPDATE_TRIGGER, 7.0)
    made = pacers()
    async with other.target("another name") as twin:
        one, two = made.pacer(target, UPDATE_TRIGGER), made.pacer(twin, UPDATE_TRIGGER)
        for pacer in (one, two, one, two):
            await send_one(pacer)
    assert one.limiter is two.limiter
    assert made.pace_of(one)().bucket == made.pace_of(two)().bucket is not None
    made.remember()
    (kept,) = json.loads((tmp_path / "batcher" / "quotas.json").read_text())["quotas"]
    assert (kept["account"], kept["rate"]) == (target.quota_owner, 7.0)
    found = made.remembered(target, UPDATE_TRIGGER)
    assert found is not None
    assert not found.is_guess
    made.retire([one])
    assert made.learned(two) is not None


@pytest.mark.parametrize(("doubt", "quota"), [(0.5, 50.0), (1, None)])
def test_a_quota_that_is_a_guess_is_not_told(doubt: float, quota: float | None) -> None:
    learned = SimpleNamespace(rate=50.0, doubt=doubt)
    limiter: Any = SimpleNamespace(rate=48.0, own_rate=24.0, learned=learned)
    assert QuotaPace.of(limiter, "1/us-east-1") == (48.0, 24.0, quota, "1/us-east-1", None)


@pytest.mark.parametrize(
    ("rate", "own", "bound", "found"),
    [
        (48.0, 48.0, 2.0, (2.0, 2.0, 2.0)),
        (48.0, 48.0, 50.0, (48.0, 48.0, None)),
        (None, None, 2.0, (2.0, 2.0, 2.0)),
        # 24/s of another process, and 2/s of this one
        (48.0, 24.0, 2.0, (26.0, 2.0, 2.0)),
        (48.0, 24.0, 30.0, (48.0, 24.0, None)),
    ],
)
def test_a_pace_is_no_more_than_this_process_was_told(
    rate: float | None, own: float | None, bound: float, found: tuple[float | None, ...]
) -> None:
    learned = SimpleNamespace(rate=50.0, doubt=0)
    limiter: Any = SimpleNamespace(rate=rate, own_rate=own, learned=learned)
    pace = QuotaPace.of(limiter, None, bound)
    assert (pace.rate, pace.own_rate, pace.bound) == found


async def test_the_pace_of_a_target_follows_what_its_process_is_told(target: AwsTarget) -> None:
    made = pacers(remember=False)
    pacer = made.pacer(target, UPDATE_TRIGGER)
    pace, own_rate = made.pace_of(pacer), made.own_rate_of(pacer)
    assert (pace().rate, pace().bound, own_rate()) == (20.0, None, 20.0)
    made.control.bound("ctl", rate=2.0)
    assert (pace().rate, pace().bound, own_rate()) == (2.0, 2.0, 2.0)
    made.control.bound("ctl", rate=30.0)
    assert (pace().rate, pace().bound, own_rate()) == (20.0, None, 20.0)


async def test_a_target_at_rest_has_its_quota_still_with_whoever_else_uses_it(
    target: AwsTarget,
) -> None:
    other = TargetConnector(resolve({"endpoint_url": target.endpoint_url, "region": "eu-west-1"}))
    made = pacers(remember=False)
    one = made.pacer(target, UPDATE_TRIGGER)
    resting, limiter = made.pace_of(one), one.limiter
    made.rest([one])
    assert (resting().rate, resting().bucket) == (20.0, None)
    async with other.target("another name") as twin:
        two = made.pacer(twin, UPDATE_TRIGGER)
    assert resting() == made.pace_of(two)(), "it is one pace, which counts once"
    assert resting().bucket is not None
    made.retire([two])
    assert resting().bucket is None
    assert made.pacer(target, UPDATE_TRIGGER).limiter is limiter, "what was learnt of it stays"


@pytest.mark.parametrize(("first", "second"), [(20, 5), (5, 20)])
async def test_of_two_rates_for_one_quota_the_lower_counts(
    target: AwsTarget, first: float, second: float
) -> None:
    made, slow = pacers(remember=False), target.settings
    target.settings = msgspec.structs.replace(slow, rate=first, share=Share("70%"))
    one = made.pacer(target, UPDATE_TRIGGER)
    target.settings = msgspec.structs.replace(slow, rate=second)
    two = made.pacer(target, UPDATE_TRIGGER)
    assert one.limiter.rate == two.limiter.rate == 5.0


async def test_at_a_burst_of_one_the_next_call_is_spaced_from_the_answer(target: AwsTarget) -> None:
    target.settings = msgspec.structs.replace(target.settings, rate=2.0, burst=1)
    clock, pacer = SystemClock(), pacers(remember=False).pacer(target, UPDATE_TRIGGER)
    permit = await pacer.enter(begun=False, must_finish=False)
    await clock.sleep(0.1)
    answered = clock.now()
    pacer.leave(permit, Verdict.ACCEPTED, None)
    await send_one(pacer)
    assert clock.now() - answered >= 0.5, "the token may have been taken just before the answer"
