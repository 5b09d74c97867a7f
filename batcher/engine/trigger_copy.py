"""What a trigger that was created lacks to fire: said, and copied where that is asked for.

A trigger fires only where an integration names it. Of the copy of a domain, the tags and the
integration come from the trigger that it is a copy of; the integration last, so that nothing fires
before all is there, and that a later session sees by it what is done. What is there is never
replaced.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import Any

import anyio
from msgspec import UNSET, Struct
from msgspec.structs import replace
from structlog.typing import FilteringBoundLogger

from batcher.engine.list_pages import AttachedIntegrations
from batcher.engine.reconciler import Settler
from batcher.engine.retry_state import RetryState
from batcher.engine.retrying import Retrying
from batcher.error_codes import COPY_INCOMPLETE
from batcher.foreign_text import printable
from batcher.operations import GET_TRIGGER, LIST_INTEGRATIONS, PUT_INTEGRATION, TAG_RESOURCE
from batcher.ports import Clock
from batcher.records import Error, Result, Update
from batcher.target_identity import TargetIdentity
from batcher.triggers.integration import copied_integration, copied_tags
from batcher.updates.domain_map import DomainMap


class TriggerCopy:
    """A Settler that tells of each trigger that was created, and completes it.

    ``completion``: what does that; None: nobody asked for it.
    """

    def __init__(
        self, settler: Settler, log: FilteringBoundLogger, completion: "Completion | None" = None
    ) -> None:
        self._settler = settler
        self._log = log
        self._completion = completion

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if result is not None and self._completion is not None:
            result = await self._completion.complete(update, result)
        if result is not None and result.created is not UNSET:
            names = {"target": update.target, "domain": update.domain, "trigger": update.trigger}
            self._log.info("trigger.created", id=update.id, **names, integration=result.created)
        return result


class Requests(Struct, frozen=True, kw_only=True, eq=False):
    """The requests that a copy takes, each at a pace of its own.

    ``arn``: of a resource of the account, such as ``domains/acme``; None where that is not known.
    ``members``: those that PutIntegration takes.
    """

    integrations: AttachedIntegrations
    reading: Retrying
    tagging: Retrying
    putting: Retrying
    arn: Callable[[str], str | None]
    members: frozenset[str]


class _Incomplete(Exception):  # it ends a copy, and is told in a result
    """What the copy lacks, and why."""


class Completion:
    """Gives triggers of one target, one at a time, what those that they are copies of have.

    ``place``: of the target. One that is there as asked, and named by no integration, is completed
    as well: an earlier session may have created it.
    """

    def __init__(self, requests: Requests, place: TargetIdentity, clock: Clock) -> None:
        self._requests = requests
        self._place = place
        self._clock = clock
        self._turn = anyio.Lock()

    async def complete(self, update: Update, result: Result) -> Result | None:
        """The result with what came of it; None where draining came first.

        Raises CredentialsError.
        """
        created = result.created is not UNSET
        if not (created or result.status == "unchanged") or update.domain_map is None:
            return result
        if not (sources := _sources(update.domain_map, update.domain)):
            return result
        async with self._turn:
            copy = _Copy(self._requests, self._place, update, must_finish=created)
            try:
                if len(sources) > 1:
                    raise _Incomplete(f"it may be a copy of one in {' or '.join(sources)}")
                if not await copy.make(sources[0]):
                    return None
            except _Incomplete as lacks:
                result = _incomplete(result, str(lacks))
            return copy.told(result, self._clock.wall())


def _incomplete(result: Result, why: str) -> Result:
    said = (
        f"the trigger is there, and its tags or its integration could not be copied: {why}."
        " Once that is mended, the same updates in another run directory (--out) copy the rest"
    )
    if result.error is not None:  # it differs from what was asked
        error = replace(result.error, message=f"{result.error.message}; {said}")
        return replace(result, error=error)
    error = Error(code=COPY_INCOMPLETE, message=said)
    return replace(result, status="partial", error=error)


class _Copy:
    """One trigger on its way to be complete. ``states``: of what was sent for it."""

    def __init__(
        self, requests: Requests, place: TargetIdentity, update: Update, *, must_finish: bool
    ) -> None:
        self._requests = requests
        self._place = place
        self._update = update
        self._must_finish = must_finish
        self._is_attached = False
        self._sent: list[RetryState] = []

    async def make(self, source: str) -> bool:
        """Copy what is missing; False where draining came first. Raises _Incomplete."""
        theirs = await self._integrations(self._update.domain)
        if theirs is None:
            return False
        self._must_finish = True
        if self._naming(theirs):
            self._is_attached = True
            return True
        ours = self._naming(await self._integrations(source) or ())
        await self._copy_tags(source)
        taken = {each["Uri"]: each for each in theirs}
        for each in ours:
            request = copied_integration(each, taken, self._place, self._requests.members)
            if isinstance(request, str):
                raise _Incomplete(request)
            names = {"DomainName": self._update.domain}
            put = await self._send(self._requests.putting, {**request, **names})
            _answer(f"the integration {each['Uri']}", PUT_INTEGRATION, put)
            self._is_attached = True
        return True

    def told(self, result: Result, now: str) -> Result:
        """The result with what was sent, and whether an integration names the trigger."""
        if self._sent:
            result = replace(
                result,
                status="succeeded" if result.status == "unchanged" else result.status,
                attempts=result.attempts + sum(each.attempts for each in self._sent),
                throttles=result.throttles + sum(each.throttles for each in self._sent),
                seconds=sum((each.seconds for each in self._sent), result.seconds).rounded(),
                finished_at=now,
            )
        if self._is_attached and (self._sent or result.created is not UNSET):
            result = replace(result, created="with_integration")
        return result

    async def _copy_tags(self, source: str) -> None:
        update = self._update
        has = await self._live(source)
        tags = copied_tags(has.get("Tags", {}), (await self._live(update.domain)).get("Tags", {}))
        if not tags:
            return
        resource = f"domains/{update.domain}/event-triggers/{update.trigger}"
        if (arn := self._requests.arn(resource)) is None:
            raise _Incomplete("its tags: the account is not known")
        request = {"resourceArn": arn, "tags": tags}
        _answer("its tags", TAG_RESOURCE, await self._send(self._requests.tagging, request))

    async def _live(self, domain: str) -> Mapping[str, Any]:
        names = {"DomainName": domain, "EventTriggerName": self._update.trigger}
        state = await self._requests.reading.run_attempts(self._update.id, names, must_finish=True)
        assert state is not None
        return _answer(f"the tags of {domain}/{self._update.trigger}", GET_TRIGGER, state)

    async def _integrations(self, domain: str) -> list[dict[str, Any]] | None:
        found = await self._requests.integrations.all_of(domain, must_finish=self._must_finish)
        if isinstance(found, Error):
            raise _refused(f"the integrations of {domain}", LIST_INTEGRATIONS, found)
        return found

    def _naming(self, integrations: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        name = self._update.trigger
        return [each for each in integrations if name in each.get("EventTriggerNames", ())]

    async def _send(self, retrying: Retrying, members: Mapping[str, Any]) -> RetryState:
        state = await retrying.run_attempts(self._update.id, members, must_finish=True)
        assert state is not None
        self._sent.append(state)
        return state


def _answer(what: str, operation: str, state: RetryState) -> Mapping[str, Any]:
    """What AWS answered. Raises _Incomplete where it refused it, or did not answer."""
    if state.error is not None:
        raise _refused(what, operation, state.error)
    return state.last.answer or {}


def _refused(what: str, operation: str, error: Error) -> _Incomplete:
    """Why, with the action that a policy has to allow."""
    return _Incomplete(printable(f"{what} (profile:{operation}): {error.code}: {error.message}"))


@cache
def _sources(domain_map: str, domain: str) -> list[str]:
    return DomainMap(domain_map).sources(domain)
