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

# of a list; AWS's quotas are fifty triggers a domain and a hundred domains, adjustable
PAGES_AT_MOST = 1_000
ITEMS_AT_MOST = 100_000


async def list_pages(
    listing: Retrying, name: str, members: Mapping[str, Any], *, must_finish: bool = False
) -> AsyncIterator[RetryState | None]:
    """What came of asking for each page of a list, in order.

    ``name``: of the list, for logs; ``members`` of the request for its first page. An error, or
    None for draining, is the last. ``must_finish``: also while draining. A list that goes round, or
    on and on, ends in an error. Raises CredentialsError.
    """
    following: dict[str, Any] = {}
    so_far = _SoFar()
    while True:
        state = await listing.run_attempts(name, {**members, **following}, must_finish=must_finish)
        token = _answer(state).get("NextToken")
        if state is not None and (odd := so_far.add(_answer(state), token)):
            said = f"no answer to what was asked: {odd}"
            state.last = Attempt(reached="sent", seconds=0.0, code=UNREADABLE_ANSWER, message=said)
            token = None
        yield state
        if not token:
            return
        following = {"NextToken": token}


class _SoFar:
    """What came of a list: tokens, by their hash, and entries."""

    def __init__(self) -> None:
        self._tokens: set[int] = set()
        self._items = 0

    def add(self, answer: Mapping[str, Any], token: str | None) -> str | None:
        """Add a page; returns what is odd about the list by now, or None."""
        self._items += len(answer.get("Items") or ())
        if self._items > ITEMS_AT_MOST:
            return f"the list has more than {ITEMS_AT_MOST:,} entries"
        if not token:
            return None
        if (hash_of_token := hashed(token)) in self._tokens:
            return "the list gives the token of a page again"
        self._tokens.add(hash_of_token)
        if len(self._tokens) >= PAGES_AT_MOST:
            return f"the list has no end: {PAGES_AT_MOST:,} pages, and a token for another"
        return None


class AttachedIntegrations:
    """Which integrations an event trigger is attached to, as ListIntegrations says."""

    def __init__(self, listing: Retrying, page_size: int) -> None:
        self._listing = listing
        self._page_size = page_size

    async def of(self, update: Update, *, must_finish: bool) -> list[str] | Error | None:
        """Their URIs, now; an Error where AWS does not say, None for draining.

        Raises CredentialsError.
        """
        found = await self.all_of(update.domain, must_finish=must_finish)
        if found is None or isinstance(found, Error):
            return found
        return [
            item["Uri"] for item in found if update.trigger in item.get("EventTriggerNames", ())
        ]

    async def all_of(
        self, domain: str, *, must_finish: bool
    ) -> list[dict[str, Any]] | Error | None:
        """All of a domain, whichever trigger they name, as AWS shows them; else as ``of``."""
        name = f"{LIST_INTEGRATIONS} {domain}"
        page = {"DomainName": domain, "MaxResults": self._page_size, "IncludeHidden": True}
        found = list[dict[str, Any]]()
        async for state in list_pages(self._listing, name, page, must_finish=must_finish):
            if state is None or state.error is not None:
                return None if state is None else state.error
            found += _answer(state).get("Items", ())
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
