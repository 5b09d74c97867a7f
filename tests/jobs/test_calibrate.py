"""The job ``calibrate`` without a terminal: measured, or why not; and the trigger is as it was."""

import pytest

from batcher.aws.client import AwsTarget
from batcher.errors import AwsError, SettingsError
from batcher.jobs.calibrate import calibrate_quota
from tests.conftest import trigger
from tests.jobs.conftest import SettingsFor, seeded


async def test_rate_and_burst_are_measured_with_the_triggers_own_state(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(rate=50, burst=10)
    async with emulator as url:
        found = await calibrate_quota(settings_for(url), "acme", "t1", calls=200)
        after = emulator.trigger("acme", "t1") or {}
    assert found is not None
    assert found.calls == sum(emulator.counts()["UpdateEventTrigger"].values()) <= 200
    assert found.throttles == emulator.counts()["UpdateEventTrigger"]["ThrottlingException"]
    assert found.rate <= 50 * 1.05
    assert not found.remembered  # the settings say so
    assert {name: after[name] for name in trigger(1)} == trigger(1)


async def test_too_few_calls_measure_nothing_and_are_not_exceeded(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(rate=100, burst=100)
    async with emulator as url:
        found = await calibrate_quota(settings_for(url), "acme", "t1", calls=10)
    assert found is not None
    assert (found.measured, found.calls, found.throttles) == (False, 10, 0)
    assert emulator.counts()["UpdateEventTrigger"] == {"ok": 10}


async def test_who_says_no_has_seen_the_target_and_nothing_is_read_or_sent(
    settings_for: SettingsFor,
) -> None:
    asked: list[tuple[str, str]] = []

    async def may_start(target: AwsTarget) -> bool:
        asked.append((target.name, target.region))
        return False

    emulator = seeded()
    async with emulator as url:
        settings = settings_for(url)
        assert await calibrate_quota(settings, "acme", "t1", calls=10, may_start=may_start) is None
    assert (asked, emulator.calls()) == ([("default", "eu-west-1")], [])


@pytest.mark.parametrize(
    ("name", "fault", "said"),
    [
        ("none", None, "trigger none of domain acme: can't be read \\(ResourceNotFoundException"),
        ("t1", "access-denied", "AWS refuses the update: AccessDeniedException.*Nothing was"),
    ],
)
async def test_what_can_not_be_measured_is_an_error(
    settings_for: SettingsFor, name: str, fault: str | None, said: str
) -> None:
    emulator = seeded()
    emulator.script("UpdateEventTrigger", [fault] * 20)
    async with emulator as url:
        with pytest.raises(AwsError, match=said):
            await calibrate_quota(settings_for(url), "acme", name, calls=10)
    assert emulator.applied() == []


async def test_what_is_above_a_ceiling_is_not_measured(settings_for: SettingsFor) -> None:
    settings = settings_for("http://127.0.0.1:1", rate=5)
    with pytest.raises(SettingsError, match="its rate is a ceiling"):
        await calibrate_quota(settings, "acme", "t1", calls=10)
