from batcher.jobs.attached_triggers import attached_triggers
from batcher.records import Error
from tests.jobs.conftest import SettingsFor, seeded


async def test_the_names_that_integrations_of_each_domain_have_are_listed_once(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(1)
    emulator.seed(
        {"DomainName": "acme", "Uri": f"arn:aws:x:{name}", "EventTriggerNames": [name]}
        for name in ("t0", "t1")
    )
    async with emulator as url:
        found = await attached_triggers(settings_for(url), {"default": ["acme", "none"]})
    assert found["default", "acme"] == frozenset({"t0", "t1"})
    missing = found["default", "none"]
    assert missing == frozenset() or isinstance(missing, Error)
    assert len(emulator.calls()) == 2


async def test_a_target_that_can_not_be_used_is_a_value_beside_one_that_can(
    settings_for: SettingsFor,
) -> None:
    async with seeded(1) as url:
        settings = settings_for(url, targets={"away": {"endpoint_url": "http://127.0.0.1:1"}})
        domains = {"default": ["acme"], "away": ["acme"]}
        found = await attached_triggers(settings, domains)
    assert found["default", "acme"] == frozenset()
    assert isinstance(found["away", "acme"], Error)
