"""One call decided: who calls, whether a token is left, which fault strikes, how it ends.

Does no I/O and never waits; the gateway does both.
"""

from collections.abc import Callable
from dataclasses import dataclass

from batcher.emulator.authenticator import Authenticator
from batcher.emulator.buckets import Quotas
from batcher.emulator.call_log import CallLog, LoggedCall
from batcher.emulator.credentials import CallerIdentity
from batcher.emulator.errors import ServiceError
from batcher.emulator.faults import FAULTS, Ending, Fault, Faults
from batcher.emulator.model import Operation, ServiceModel
from batcher.emulator.operations import Operations
from batcher.emulator.replies import Reply, refusal, success, unavailable_html, untyped_throttle
from batcher.emulator.requests import HttpRequest, read_members
from batcher.emulator.store import Store

SIGNING_NAME = "profile"


@dataclass(frozen=True, kw_only=True, slots=True)
class Arrival:
    """A request whose operation and caller are known."""

    received: HttpRequest
    request_id: str
    operation: Operation
    labels: dict[str, str]
    caller: CallerIdentity


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    """What the client is to see: the reply, and how the call ends on the wire."""

    reply: Reply
    ending: Ending = Ending.ANSWER


@dataclass(eq=False, repr=False, kw_only=True)
class Service:
    """Customer Profiles over a store; ``on_change`` is called after each mutation."""

    model: ServiceModel
    store: Store
    operations: Operations
    authenticator: Authenticator
    quotas: Quotas
    faults: Faults
    call_log: CallLog
    clock: Callable[[], float]
    wall_clock: Callable[[], float]
    on_change: Callable[[], None]

    def receive(self, received: HttpRequest, request_id: str) -> Arrival | Reply:
        """Finds operation and caller, or the reply that refuses."""
        name = "-"
        try:
            operation, labels = self.model.route(received.method, received.path)
            name = operation.name
            caller = self.authenticator.authenticate(received, SIGNING_NAME)
        except ServiceError as error:
            self.call_log.add_call(LoggedCall(self.clock(), "", name, error.code))
            return self._refusal(error, request_id)
        return Arrival(
            received=received,
            request_id=request_id,
            operation=operation,
            labels=labels,
            caller=caller,
        )

    def decide(self, arrival: Arrival) -> Response:
        """Takes the token, finds the fault, and carries out what is to be carried out, at once."""
        now = self.clock()
        fault = self._fault(arrival, now)
        if fault is None or fault.applies:
            reply, outcome = self._carry_out(arrival, now)
        else:
            reply, outcome = self._faulted(fault, arrival.request_id), fault.code or fault.kind
        if fault and fault.ending in (Ending.RESET, Ending.HANG):
            outcome = fault.kind
        self.call_log.add_call(
            LoggedCall(now, arrival.caller.account, arrival.operation.name, outcome)
        )
        return Response(reply=reply, ending=fault.ending if fault else Ending.ANSWER)

    def _fault(self, arrival: Arrival, now: float) -> Fault | None:
        """An exhausted bucket refuses just as the fault ``throttle`` does."""
        name, caller = arrival.operation.name, arrival.caller
        if fault := self.faults.before_token(name):
            return fault
        if not self.quotas.take(caller.account, caller.region, name, now):
            return FAULTS["throttle"]
        return self.faults.after_token(name)

    def _carry_out(self, arrival: Arrival, now: float) -> tuple[Reply, str]:
        """The reply, and the outcome for the call log."""
        operation, caller = arrival.operation, arrival.caller
        wall_time = round(self.wall_clock(), 3)
        try:
            request = read_members(operation, arrival.labels, arrival.received)
            operation.check(request)
            place = self.store.place(caller.account, caller.region, wall_time)
            answer = self.operations.carry_out(operation, place, request, wall_time)
        except ServiceError as error:
            return self._refusal(error, arrival.request_id), error.code
        if operation.mutates:
            self.call_log.add_mutation(now, caller, operation.name, request, arrival.request_id)
            self.on_change()
        return success(answer, arrival.request_id), "ok"

    def _faulted(self, fault: Fault, request_id: str) -> Reply:
        if fault.code:
            return self._refusal(ServiceError(fault.code, fault.message), request_id)
        if fault.ending is Ending.UNTYPED:
            return untyped_throttle(request_id)
        return unavailable_html(request_id)  # resets and hangs send no reply at all

    def _refusal(self, error: ServiceError, request_id: str) -> Reply:
        return refusal(error, self.model.statuses[error.code], request_id)
