"""Live triggers of one target, read at reading's own pace: for the jobs that only look.

An answer that is an error is a value; what ends a job is raised.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeAlias

from batcher.accounting.tally import Tally, stop_reason
from batcher.aws.client import AwsTarget
from batcher.engine.list_pages import list_pages
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.errors import AwsError, CredentialsError
from batcher.operations import GET_TRIGGER, LIST_DOMAINS, LIST_TRIGGERS
from batcher.records import Error, Update
from batcher.triggers.diff import last_updated
from batcher.wiring.lanes import Lanes

AHEAD = 256  # triggers of a target read ahead of the one that is told next, at most
AHEAD_IN_ALL = 4096  # of all targets together, which takes some 40 MB
AHEAD_AT_LEAST = 8  # of each, however many there are

TriggerNames: TypeAlias = dict[str, str]
"""The members that say which trigger is meant: DomainName and EventTriggerName, in this order."""

LiveTrigger: TypeAlias = Mapping[str, Any] | Error
"""What GetEventTrigger answered, or the error that is left after all retries."""


class TriggerReader:
    """Reads triggers and the lists of them.

    ``permissions``: what to advise when every call is refused; then each method raises AwsError.
    All of them raise CredentialsError. ``ahead``: how many triggers of the target are read ahead of
    the one that is told next, where so many ``targets`` are read side by side.
    """

    def __init__(self, target: AwsTarget, lanes: Lanes, permissions: str, targets: int = 1) -> None:
        self.ahead = max(AHEAD_AT_LEAST, min(AHEAD, AHEAD_IN_ALL // targets))
        self._target = target
        self._lanes = lanes
        self._permissions = permissions
        self._tally = Tally()
        self._retrying: dict[str, Retrying] = {}  # by operation: each has a pace of its own

    async def read(self, update: Update) -> LiveTrigger:
        """The live trigger that an update names."""
        with self._named():
            return self._answer(await self._reading(GET_TRIGGER).run_attempts_for(update))

    async def read_named(self, names: TriggerNames, id: str | None = None) -> LiveTrigger:
        """The live trigger of those names. ``id``: what logs call it; default: by its names."""
        id = id or "/".join(names.values())
        with self._named():
            return self._answer(await self._reading(GET_TRIGGER).run_attempts(id, names))

    async def domains(self) -> list[str] | Error:
        """The names of all domains, sorted; or why they can't be listed."""
        found = await self._list(LIST_DOMAINS, {})
        return found if isinstance(found, Error) else sorted({each["DomainName"] for each in found})

    async def triggers(self, domain: str) -> list[str] | Error:
        """The names of all triggers of a domain, sorted; or why they can't be listed."""
        found = await self.last_updated(domain)
        return found if isinstance(found, Error) else sorted(found)

    async def last_updated(self, domain: str) -> dict[str, float | None] | Error:
        """Of each trigger of a domain when it was changed last, or why they can't be listed.

        Epoch seconds of AWS's clock; None where the list does not say.
        """
        found = await self._list(LIST_TRIGGERS, {"DomainName": domain})
        if isinstance(found, Error):
            return found
        return {each["EventTriggerName"]: last_updated(each) for each in found}

    async def _list(
        self, operation: str, request: dict[str, Any]
    ) -> list[Mapping[str, Any]] | Error:
        id = " ".join([operation, *request.values()])
        first_page = request | {"MaxResults": self._target.page_size(operation)}
        found: list[Mapping[str, Any]] = []
        with self._named():
            async for state in list_pages(self._reading(operation), id, first_page):
                answer = self._answer(state)
                if isinstance(answer, Error):
                    return answer
                found += answer.get("Items", ())
        return found

    @contextmanager
    def _named(self) -> Iterator[None]:
        """What is wrong with credentials is told with the target that they are of."""
        try:
            yield
        except CredentialsError as error:
            head = f"target {self._target.name}: "
            if not str(error).startswith(head):
                error.args = (f"{head}{error}", *error.args[1:])
            raise

    def _reading(self, operation: str) -> Retrying:
        if operation not in self._retrying:
            self._retrying[operation] = self._lanes.reading(self._target, operation, self._tally)
        return self._retrying[operation]

    def _answer(self, state: RetryState | None) -> LiveTrigger:
        if reason := stop_reason(self._tally, None):
            raise AwsError(f"target {self._target.name}: {reason}. {self._permissions}")
        assert state is not None  # nobody drains these pacers
        return state.error or state.last.answer or {}
