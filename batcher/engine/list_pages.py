"""Lists of AWS, read page by page; and what one says of triggers, without a look at each."""

from array import array
from bisect import bisect_left
from collections.abc import AsyncIterator, Mapping
from typing import Any

import anyio

from batcher.compact import hashed
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.error_codes import UNREADABLE_ANSWER
from batcher.operations import LIST_INTEGRATIONS, LIST_TRIGGERS, members_for
from batcher.records import Attempt, Error, Update
from batcher.triggers.diff import last_updated


async def list_pages(
    listing: Retrying, name: str, members: Mapping[str, Any], *, must_finish: bool = False
) -> AsyncIterator[RetryState | None]:
    """What came of asking for each page of a list, in order.

    ``name``: of the list, for logs; ``members`` of the request for its first page. An error, or
    None for draining, is the last. ``must_finish``: also while draining. Raises CredentialsError.
    """
    following: dict[str, Any] | None = {}
    seen: set[str] = set()
    while following is not None:
        state = await listing.run_attempts(name, {**members, **following}, must_finish=must_finish)
        token = _answer(state).get("NextToken")
        if state is not None and token in seen:
            said = "no answer to what was asked: the list gives the token of a page again"
            state.last = Attempt(reached="sent", seconds=0.0, code=UNREADABLE_ANSWER, message=said)
            token = None
        seen.add(token or "")
        yield state
        following = {"NextToken": token} if token else None


class AttachedIntegrations:
    """Which integrations an event trigger is attached to, as ListIntegrations says."""

    def __init__(self, listing: Retrying, page_size: int) -> None:
        self._listing = listing
        self._page_size = page_size

    async def of(self, update: Update, *, must_finish: bool) -> list[str] | Error | None:
        """Their URIs, now; an Error where AWS does not say, None for draining.

        Raises CredentialsError.
        """
        name = f"{LIST_INTEGRATIONS} {update.domain}"
        members = members_for(LIST_INTEGRATIONS, update.request)
        page = {"MaxResults": self._page_size, "IncludeHidden": True}
        found = list[str]()
        async for state in list_pages(
            self._listing, name, {**members, **page}, must_finish=must_finish
        ):
            if state is None or state.error is not None:
                return None if state is None else state.error
            items = _answer(state).get("Items", ())
            found += [
                item["Uri"] for item in items if update.trigger in item.get("EventTriggerNames", ())
            ]
        return found


class LastUpdatedTimes:
    """When triggers were changed last, as ListEventTriggers says.

    Each domain is listed once, when its first trigger is asked about. Holds 16 bytes a trigger.
    """

    def __init__(self, listing: Retrying, page_size: int) -> None:
        self._listing = listing
        self._page_size = page_size
        self._domains: dict[str, _Domain] = {}

    async def last_updated(self, update: Update) -> float | None:
        """When the trigger of an update was changed last, in epoch seconds of AWS's clock.

        None where the list does not say. Raises CredentialsError.
        """
        domain = self._domains.get(update.domain)
        if domain is None:
            domain = self._domains[update.domain] = _Domain()
            try:
                await self._read(update, domain)
            finally:
                domain.listed.set()  # whoever waits does without when this fails
        await domain.listed.wait()
        return domain.moment(update.trigger)

    async def _read(self, update: Update, domain: "_Domain") -> None:
        name = f"{LIST_TRIGGERS} {update.domain}"
        members = {**members_for(LIST_TRIGGERS, update.request), "MaxResults": self._page_size}
        found: list[tuple[int, float]] = []
        async for state in list_pages(self._listing, name, members):
            for item in _answer(state).get("Items", ()):
                if (moment := last_updated(item)) is not None:
                    found.append((hashed(item["EventTriggerName"]), moment))
        domain.keep(found)


class _Domain:
    """The times of one domain, by the hash of a trigger's name."""

    def __init__(self) -> None:
        self.listed = anyio.Event()
        self._names = array("Q")
        self._moments = array("d")

    def keep(self, found: list[tuple[int, float]]) -> None:
        for name, moment in sorted(found):
            self._names.append(name)
            self._moments.append(moment)

    def moment(self, trigger: str) -> float | None:
        name = hashed(trigger)
        at = bisect_left(self._names, name)
        return self._moments[at] if at < len(self._names) and self._names[at] == name else None


def _answer(state: RetryState | None) -> dict[str, Any]:
    return (state and state.last.answer) or {}
