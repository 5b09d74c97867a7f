"""The log of an emulator: every call, counts by outcome, and every mutation carried out.

All three grow with the calls, in memory, and are never thinned.
"""

from collections import Counter
from typing import NamedTuple

from batcher.emulator.credentials import CallerIdentity
from batcher.emulator.model import Json


class LoggedCall(NamedTuple):
    """One call: monotonic time of its token decision in seconds, and what it was answered.

    ``outcome`` is ``ok``, the code of the error answered, or the fault's kind when it had no code.
    """

    time: float
    account: str
    operation: str
    outcome: str


class CallLog:
    def __init__(self) -> None:
        self._calls: list[LoggedCall] = []
        self._applied: list[Json] = []
        self._counts: dict[str, Counter[str]] = {}

    def add_call(self, call: LoggedCall) -> None:
        self._calls.append(call)
        self._counts.setdefault(call.operation, Counter())[call.outcome] += 1

    def add_mutation(
        self, time: float, caller: CallerIdentity, operation: str, request: Json, request_id: str
    ) -> None:
        """Log a mutation that was carried out; ``request`` must not be changed later."""
        self._applied.append(
            {
                "seq": len(self._applied) + 1,
                "time": time,
                "account": caller.account,
                "region": caller.region,
                "operation": operation,
                "DomainName": request.get("DomainName"),
                "EventTriggerName": request.get("EventTriggerName"),
                "request": request,
                "request_id": request_id,
                **({"session_tags": dict(caller.tags)} if caller.tags else {}),
            }
        )

    def calls(self) -> list[LoggedCall]:
        return list(self._calls)

    def applied(self) -> list[Json]:
        return list(self._applied)

    def counts(self) -> dict[str, dict[str, int]]:
        return {operation: dict(outcomes) for operation, outcomes in self._counts.items()}
