"""The job ``export`` without a terminal: triggers as updates, and what can not be read is told."""

from typing import Any

import pytest

from batcher.errors import AwsError
from batcher.jobs.export import Export, Unread, export_triggers
from batcher.triggers.diff import same
from tests.conftest import trigger
from tests.jobs.conftest import SettingsFor, seeded

ALL = None


async def test_all_domains_are_exported_by_domain_and_name_as_updates_without_a_target(
    settings_for: SettingsFor,
) -> None:
    lines: list[dict[str, Any]] = []
    emulator = seeded(12)
    emulator.seed([trigger(0, "globex")])
    async with emulator as url:
        found = await export_triggers(settings_for(url), ALL, lines.append, pytest.fail)
    assert found == Export(triggers=13, domains=2, unread=0)
    names = [(line["DomainName"], line["EventTriggerName"]) for line in lines]
    assert names == sorted(names)
    assert all(
        same(line, emulator.trigger(*name) or {}) for line, name in zip(lines, names, strict=True)
    )
    assert not {"id", "target"} & {member for line in lines for member in line}


async def test_a_domain_named_twice_is_exported_once_and_one_that_is_not_there_is_told(
    settings_for: SettingsFor,
) -> None:
    lines: list[dict[str, Any]] = []
    unread: list[Unread] = []
    async with seeded(2) as url:
        found = await export_triggers(
            settings_for(url), ["acme", "nope", "acme"], lines.append, unread.append
        )
    assert found == Export(triggers=2, domains=1, unread=1)
    assert len(lines) == 2
    assert [(each.domain, each.trigger, each.error.code) for each in unread] == [
        ("nope", None, "ResourceNotFoundException")
    ]


async def test_a_trigger_that_can_not_be_read_is_told_and_the_others_are_exported(
    settings_for: SettingsFor,
) -> None:
    lines: list[dict[str, Any]] = []
    unread: list[Unread] = []
    emulator = seeded(3)
    emulator.script("GetEventTrigger", ["internal"])
    async with emulator as url:
        settings = settings_for(url, max_attempts=1, concurrency=1)
        found = await export_triggers(settings, ["acme"], lines.append, unread.append)
    assert (found, len(lines)) == (Export(triggers=2, domains=1, unread=1), 2)
    assert [(each.trigger, each.vanished) for each in unread] == [("t0", False)]


async def test_where_the_domains_can_not_be_listed_the_reason_is_raised(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded()
    emulator.script("ListDomains", ["access-denied"])
    async with emulator as url:
        with pytest.raises(AwsError, match="the domains can't be listed: AccessDeniedException"):
            await export_triggers(settings_for(url), ALL, pytest.fail, pytest.fail)


async def test_where_every_call_is_refused_the_error_says_what_has_to_be_allowed(
    settings_for: SettingsFor,
) -> None:
    domains = [f"d{number}" for number in range(30)]
    async with seeded(faults={"access-denied": 1.0}) as url:
        with pytest.raises(AwsError, match=r"every call was refused: .*profile:ListEventTriggers"):
            await export_triggers(settings_for(url), domains, pytest.fail, lambda _: None)
