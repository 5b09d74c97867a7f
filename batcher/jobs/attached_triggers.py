"""Which triggers the integrations of domains name: no other trigger ever fires. Only lists."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from batcher.accounting.tally import Tally
from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.engine.list_pages import AttachedIntegrations
from batcher.error_codes import TARGET_UNUSABLE
from batcher.jobs.connection import Connection, connected
from batcher.operations import LIST_INTEGRATIONS
from batcher.records import Error
from batcher.task_groups import open_task_group

Attached: TypeAlias = dict[tuple[str, str], frozenset[str] | Error]
"""By target and domain: the names of triggers, or why they could not be listed."""


async def attached_triggers(settings: Settings, domains: Mapping[str, Iterable[str]]) -> Attached:
    """List the integrations of domains, by target: those of a target one after the other.

    Raises SettingsError, CredentialsError, and AwsError when no target can be used.
    """
    found: Attached = {}
    async with connected(settings, domains) as connection:
        for name, error in connection.unusable.items():
            reason = Error(code=TARGET_UNUSABLE, message=str(error))
            found |= {(name, domain): reason for domain in domains[name]}
        try:
            async with open_task_group() as tasks:
                for name, target in connection.targets.items():
                    tasks.start_soon(_list, connection, target, sorted(domains[name]), found)
        finally:
            connection.pacers.remember()
    return found


async def _list(
    connection: Connection, target: AwsTarget, domains: Iterable[str], found: Attached
) -> None:
    listing = connection.lanes.reading(target, LIST_INTEGRATIONS, Tally())
    integrations = AttachedIntegrations(listing, target.page_size(LIST_INTEGRATIONS))
    for domain in domains:
        listed = await integrations.all_of(domain, must_finish=True)
        if isinstance(listed, Error):
            found[target.name, domain] = listed
        else:
            names = (each.get("EventTriggerNames") or () for each in listed or ())
            found[target.name, domain] = frozenset(name for of_one in names for name in of_one)
