"""The inventory: the live triggers of domains, listed and read at reading's own pace, as updates
that would bring them about.

Reads only, and says nothing to anybody; the command line writes what is told here.
"""

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack
from typing import Any

from msgspec import Struct

from batcher.accounting.tally import Tally, stop_reason
from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.list_pages import list_pages
from batcher.engine.ordered_map import ordered_map
from batcher.engine.retrying import RetryState
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import AwsError
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, LIST_DOMAINS, LIST_TRIGGERS
from batcher.records import Error, Update
from batcher.triggers.diff import image
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector

AHEAD = 256  # triggers read ahead of the one that is told next


class Unread(Struct, frozen=True, kw_only=True):
    """What could not be read: a domain, or a trigger of it.

    ``vanished``: it was there a moment before, when it was listed.
    """

    domain: str
    trigger: str | None
    error: Error
    vanished: bool = False


class Inventory:
    """The triggers of one target. Reads as: connect, domains, export."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._pacers: Pacers
        self._target: AwsTarget
        self._tally = Tally()

    async def connect(self, stack: AsyncExitStack) -> None:
        """Open the target's client. Raises AwsError, CredentialsError, SettingsError."""
        clock, log = SystemClock(), logger()
        self._pacers = await stack.enter_async_context(
            open_pacers(self._settings, clock=clock, log=log)
        )
        lanes = Lanes(self._settings, self._pacers, clock=clock, log=log)
        target = TargetConnector(self._settings).target(self._settings.target)
        self._target = await stack.enter_async_context(target)
        await self._target.check()
        await self._target.account()
        self._get, self._list, self._list_domains = (
            lanes.reading(self._target, operation, self._tally)
            for operation in (GET_TRIGGER, LIST_TRIGGERS, LIST_DOMAINS)
        )

    async def domains(self) -> list[str]:
        """The names of all domains of the account and Region.

        Raises AwsError when they can't be listed.
        """
        found = await self._pages(LIST_DOMAINS, {}, "DomainName")
        if isinstance(found, Error):
            raise AwsError(
                f"target {self._target.name}: the domains can't be listed: {found.code}:"
                f" {found.message}"
            )
        return found

    async def export(
        self,
        domains: list[str],
        tell: Callable[[dict[str, Any]], None],
        skip: Callable[[Unread], None],
    ) -> None:
        """Tell of every trigger of those domains, in their order, as an update line; to ``skip`` of
        what can't be read.

        Raises AwsError when every call is refused, CredentialsError.
        """

        def answered(asked: Update, found: Mapping[str, Any] | Error) -> None:
            if isinstance(found, Error):
                gone = found.code == RESOURCE_NOT_FOUND
                skip(Unread(domain=asked.domain, trigger=asked.trigger, error=found, vanished=gone))
            else:
                tell(asked.request | image(found))

        try:
            await ordered_map(self._names(domains, skip), self._look, answered, ahead=AHEAD)
        finally:
            self._pacers.remember()

    async def _names(
        self, domains: list[str], skip: Callable[[Unread], None]
    ) -> AsyncIterator[Update]:
        """A question for each trigger; the names of one domain are held, for their order."""
        number = 0
        for domain in domains:
            names = await self._pages(LIST_TRIGGERS, {"DomainName": domain}, "EventTriggerName")
            if isinstance(names, Error):
                skip(Unread(domain=domain, trigger=None, error=names))
                continue
            for name in names:
                number += 1
                yield self._question(
                    f"{domain}/{name}", {"DomainName": domain, "EventTriggerName": name}, number
                )

    async def _look(self, question: Update) -> Mapping[str, Any] | Error:
        return self._answer(await self._get.run_attempts(question))

    async def _pages(self, operation: str, request: dict[str, Any], name: str) -> list[str] | Error:
        """The names on all pages of a list, sorted; or why there are none."""
        found: set[str] = set()
        retrying = self._list if operation == LIST_TRIGGERS else self._list_domains
        size = {"MaxResults": self._target.page_size(operation)}
        async for effort in list_pages(
            retrying, self._question(" ".join([operation, *request.values()]), request | size, 0)
        ):
            answer = self._answer(effort)
            if isinstance(answer, Error):
                return answer
            found |= {item[name] for item in answer.get("Items", ())}
        return sorted(found)

    def _answer(self, effort: RetryState | None) -> Mapping[str, Any] | Error:
        if reason := stop_reason(self._tally, None):
            raise AwsError(
                f"target {self._target.name}: {reason}. These credentials have to be allowed to"
                " profile:ListDomains, profile:ListEventTriggers and profile:GetEventTrigger."
            )
        assert effort is not None  # nobody drains these pacers
        assert effort.last is not None
        return effort.error or effort.last.answer or {}

    def _question(self, name: str, request: dict[str, Any], number: int) -> Update:
        """What the engine carries: a request under a name for the logs."""
        return Update(id=name, line=number, target=self._target.name, request=request)
