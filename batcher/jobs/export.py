"""The job ``export``: the live triggers of domains, as updates that would bring them about.

Sends no update.
"""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.config import Settings
from batcher.engine.ordered_map import ordered_map
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import AwsError
from batcher.jobs.connection import OnConnected, connected
from batcher.jobs.trigger_reader import LiveTrigger, TriggerNames, TriggerReader
from batcher.records import Error
from batcher.triggers.diff import based_on, image
from batcher.updates.selection import Selector
from batcher.wiring.line_readers import installed_update_model

PERMISSIONS = (
    "These credentials have to be allowed to profile:ListDomains, profile:ListEventTriggers and"
    " profile:GetEventTrigger."
)


class Unread(Struct, frozen=True, kw_only=True):
    """A domain that could not be read (``trigger`` None), or a trigger of it.

    ``vanished``: it was there a moment before, when it was listed.
    """

    domain: str
    trigger: str | None
    error: Error
    vanished: bool = False


class Export(Struct, frozen=True, kw_only=True):
    """How many triggers were exported, of how many domains, and how many of either not read.

    ``left_out``: triggers of these domains that were not selected.
    """

    triggers: int
    domains: int
    unread: int
    left_out: int = 0


OnLine: TypeAlias = Callable[[dict[str, Any]], None]
OnUnread: TypeAlias = Callable[[Unread], None]


async def export_triggers(
    settings: Settings,
    domains: Iterable[str] | None,
    on_line: OnLine,
    on_unread: OnUnread,
    on_connected: OnConnected | None = None,
    *,
    selector: Selector | None = None,
    with_base: bool = False,
) -> Export:
    """Read every trigger of those domains of the settings' target; None: of all its domains.

    ``on_line`` is told of each as an update line that names no target, by domain and name;
    ``on_unread`` of what can't be read; ``selector``: only triggers that it takes; ``with_base``:
    each line says which state it is based on, with AWS's time of it. Raises AwsError when the
    domains can't be listed or every call is refused, CredentialsError, SettingsError.
    """
    async with connected(settings, [settings.one_target()]) as connection:
        if on_connected is not None:
            on_connected(connection.targets)
        (target,) = connection.targets.values()
        reader = TriggerReader(target, connection.lanes, PERMISSIONS, len(connection.targets))
        exporter = _Exporter(target.name, reader, on_unread, selector, with_base=with_base)
        try:
            if domains is None:
                domains = await exporter.all_domains()
            return await exporter.export(sorted(set(domains)), on_line)
        finally:
            connection.pacers.remember()


class _Exporter:
    def __init__(
        self,
        target: str,
        reader: TriggerReader,
        on_unread: OnUnread,
        selector: Selector | None,
        *,
        with_base: bool,
    ) -> None:
        self._target = target
        self._reader = reader
        self._on_unread = on_unread
        self._selector = selector
        self._with_base = with_base
        self._listed = self._triggers = self._unread = self._left_out = 0

    async def all_domains(self) -> list[str]:
        found = await self._reader.domains()
        if isinstance(found, Error):
            why = f"{found.code}: {found.message}"
            raise AwsError(f"target {self._target}: the domains can't be listed: {why}")
        return found

    async def export(self, domains: list[str], on_line: OnLine) -> Export:
        def tell(names: TriggerNames, live: LiveTrigger) -> None:
            if isinstance(live, Error):
                vanished = live.code == RESOURCE_NOT_FOUND
                self._skip(names["DomainName"], names["EventTriggerName"], live, vanished=vanished)
            else:
                on_line(self._line(names, live))
                self._triggers += 1

        await ordered_map(
            self._names(domains), self._reader.read_named, tell, ahead=self._reader.ahead
        )
        return Export(
            triggers=self._triggers,
            domains=self._listed,
            unread=self._unread,
            left_out=self._left_out,
        )

    def _line(self, names: TriggerNames, live: Mapping[str, Any]) -> dict[str, Any]:
        writable = installed_update_model().writable
        base = {"based_on": based_on(live, writable)} if self._with_base else {}
        return base | names | image(live, writable)

    async def _names(self, domains: list[str]) -> AsyncIterator[TriggerNames]:
        """The names of each trigger; those of one domain are held, for their order."""
        for domain in domains:
            names = await self._reader.triggers(domain)
            if isinstance(names, Error):
                self._skip(domain, None, names)
                continue
            self._listed += 1
            for name in names:
                if self._selector is None or self._selector.takes(domain, name):
                    yield {"DomainName": domain, "EventTriggerName": name}
                else:
                    self._left_out += 1

    def _skip(
        self, domain: str, trigger: str | None, error: Error, *, vanished: bool = False
    ) -> None:
        self._unread += not vanished
        self._on_unread(Unread(domain=domain, trigger=trigger, error=error, vanished=vanished))
