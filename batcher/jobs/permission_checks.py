"""Whether AWS takes a target's credentials, and allows what is needed: as far as reads can show it.

ListDomains, ListEventTriggers and GetEventTrigger are sent, once each, and nothing else.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.client import AwsTarget
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.jobs.diagnosis import ALLOW, Told
from batcher.operations import GET_TRIGGER, LIST_DOMAINS, LIST_TRIGGERS
from batcher.records import Attempt

SIGNED = "signed request"
PERMISSIONS = "permissions"
_PREFIX = "profile:"
_READS = (LIST_DOMAINS, LIST_TRIGGERS, GET_TRIGGER)


class Sample(Struct, frozen=True, kw_only=True):
    """What may be looked at to test a permission; None: nobody named one."""

    domain: str | None = None
    trigger: str | None = None


async def check_permissions(
    target: AwsTarget, needed: Iterable[str], sample: Sample, told: Told
) -> None:
    """Test those actions (``profile:GetEventTrigger``) of an open target, as far as possible."""
    tester = _Tester(target, [each.removeprefix(_PREFIX) for each in needed], told)
    if not await tester.is_taken():
        return
    trigger = sample.trigger
    if sample.domain is not None:
        page = await tester.read(LIST_TRIGGERS, {"DomainName": sample.domain, "MaxResults": 1})
        if trigger is None and page:
            trigger = page[0].get("EventTriggerName")
        if trigger is not None:
            names = {"DomainName": sample.domain, "EventTriggerName": trigger}
            await tester.read(GET_TRIGGER, names)
    tester.conclude(sample)


class _Tester:
    def __init__(self, target: AwsTarget, needed: list[str], told: Told) -> None:
        self._target = target
        self._told = told
        self._left = needed

    async def is_taken(self) -> bool:
        """Whether AWS takes a request as signed; also tests ListDomains, where it is needed."""
        attempt = await self._target.call(LIST_DOMAINS, {"MaxResults": 1})
        match judge(attempt):
            case Verdict.ACCEPTED | Verdict.DENIED | Verdict.REJECTED:
                self._told.ok(SIGNED, "AWS takes the credentials.")
            case Verdict.THROTTLED:
                self._told.untested(SIGNED, "AWS throttles reads at present. Run it again.")
            case Verdict.TRANSIENT | Verdict.LOST:
                advice = "Run it again: it may be over."
                self._told.fault(SIGNED, f"no answer of AWS to it: {_said(attempt)}.", advice)
                return False
            case Verdict.CREDENTIALS | Verdict.UNSENT | Verdict.REDIRECTED:
                advice = "Renew the credentials, or give another --profile."
                refused = attempt.reached == "answered"  # what never left says itself what to do
                self._told.fault(SIGNED, f"{_said(attempt)}.", advice if refused else "")
                return False
        if LIST_DOMAINS in self._left:
            self._tell(LIST_DOMAINS, attempt)
        return True

    async def read(self, operation: str, members: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Send a read, also one that is needed for its entries alone; returns these."""
        if operation != LIST_TRIGGERS and operation not in self._left:
            return []
        attempt = await self._target.call(operation, members)
        if operation in self._left:
            self._tell(operation, attempt)
        return list((attempt.answer or {}).get("Items", ()))

    def _tell(self, operation: str, attempt: Attempt) -> None:
        action, told = f"{_PREFIX}{operation}", self._told
        self._left.remove(operation)
        match judge(attempt):
            case Verdict.ACCEPTED:
                told.ok(action, "allowed, as tested.")
            case Verdict.DENIED:
                told.fault(action, f"AWS refuses it ({_said(attempt)}).", ALLOW, (action,))
            case _ if attempt.code == RESOURCE_NOT_FOUND:
                advice = "Check --domain and --trigger, account and Region."
                told.warn(action, "what is named is not there, or not to be seen.", advice)
            case Verdict.REJECTED:
                told.warn(action, f"{_said(attempt)}.", "Check --domain and --trigger.")
            case _:
                told.untested(action, f"{_said(attempt)}.")

    def conclude(self, sample: Sample) -> None:
        """Tell what was not tested, and why."""
        reads = [each for each in self._left if each in _READS]
        others = [each for each in self._left if each not in _READS]
        why = []
        if reads:
            name = "--domain" if sample.domain is None else "--trigger"
            why.append(f"{', '.join(reads)}: give {name}, of which one is looked at")
        if others:
            why.append(f"{', '.join(others)}: not without doing it")
        if why:
            self._told.untested(PERMISSIONS, f"{'; '.join(why)}.")
        else:
            self._told.ok(PERMISSIONS, "all that are needed were tested.")


def _said(attempt: Attempt) -> str:
    return ": ".join(filter(None, (attempt.code, attempt.message.rstrip("."))))
