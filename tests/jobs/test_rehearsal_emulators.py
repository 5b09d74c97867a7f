"""The emulators of a rehearsal: one for each account and Region."""

import pytest

from batcher.errors import SettingsError
from batcher.jobs.rehearsal_emulators import RehearsalEmulators
from batcher.jobs.rehearsed_targets import OPERATIONS, RehearsedTarget
from batcher.jobs.trigger_keys import TriggerKey
from tests.conftest import trigger
from tests.jobs.rehearsed import FAST


def target(name: str, account: str | None, region: str = "eu-west-1") -> RehearsedTarget:
    quotas = dict.fromkeys(OPERATIONS, FAST)
    return RehearsedTarget(name=name, account=account, region=region, quotas=quotas)


def key(name: str, number: int = 0) -> TriggerKey:
    return TriggerKey(name, "acme", f"t{number}")


async def test_targets_of_one_account_and_region_share_one_and_others_do_not() -> None:
    targets = [target("a", "1" * 12), target("b", "1" * 12), target("c", None), target("d", None)]
    emulators = RehearsalEmulators(
        {each.name: each for each in targets}, speed=1, faults={}, clear_omitted=False
    )
    assert emulators.seed(key("a"), trigger(0))
    async with emulators as places:
        urls = {name: place.endpoint for name, place in places.items()}
        assert urls["a"] == urls["b"]
        assert len(set(urls.values())) == 3
        assert places["a"].account == "1" * 12
    assert emulators.trigger(key("b")) == trigger(0)
    assert emulators.trigger(key("c")) is None


async def test_what_is_no_trigger_by_the_model_is_not_seeded_and_not_quoted() -> None:
    emulators = RehearsalEmulators(
        {"a": target("a", None)}, speed=1, faults={}, clear_omitted=False
    )
    secret = {**trigger(0), "Description": "SECRET" * 1000}
    assert not emulators.seed(key("a"), secret)
    assert emulators.trigger(key("a")) is None


def test_a_fault_that_there_is_not_is_named() -> None:
    with pytest.raises(SettingsError, match="--fault: unknown fault 'nope'"):
        RehearsalEmulators(
            {"a": target("a", None)}, speed=1, faults={"nope": 0.1}, clear_omitted=False
        )
