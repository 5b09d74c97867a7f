"""What the emulator's user can see and change in it: here in process, in ``admin`` over HTTP."""

import copy
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from batcher.emulator.buckets import Quota, Quotas
from batcher.emulator.call_log import CallLog, LoggedCall
from batcher.emulator.faults import Faults, LatencyRange
from batcher.emulator.model import Json, ServiceModel
from batcher.emulator.seeds import check_seeds, parse_seeds
from batcher.emulator.store import Store


class Controls:
    """Handles on the parts of one emulator.

    Every method that changes something raises ValueError for a bad value.
    """

    def __init__(
        self,
        *,
        model: ServiceModel,
        store: Store,
        call_log: CallLog,
        quotas: Quotas,
        faults: Faults,
        latency: LatencyRange,
        clock: Callable[[], float],
        wall_clock: Callable[[], float],
        on_change: Callable[[], None],
    ) -> None:
        self._model = model
        self._store = store
        self._call_log = call_log
        self._quotas = quotas
        self._faults = faults
        self._latency = latency
        self._clock = clock
        self._wall_clock = wall_clock
        self._on_change = on_change

    def seed(
        self,
        triggers: Iterable[Mapping[str, Any]],
        account: str | None = None,
        region: str | None = None,
    ) -> int:
        """Put triggers (members of CreateEventTriggerRequest) in place; returns their number.

        Members of PutIntegrationRequest, which have a Uri, are an integration.

        Without account and region: in every place that is in use, and in each new one when it is
        first called.
        """
        return self._put(check_seeds(self._model, map(dict, triggers)), account, region)

    def seed_lines(
        self, lines: bytes, origin: str, account: str | None = None, region: str | None = None
    ) -> int:
        """``seed`` from JSON lines; errors name the origin and the line."""
        return self._put(parse_seeds(self._model, lines, origin), account, region)

    def seed_as_of(
        self,
        trigger: Mapping[str, Any],
        account: str,
        region: str,
        last_updated_at: float | None,
    ) -> None:
        """``seed`` one that was last changed then (epoch seconds); None: it tells no such time."""
        now = round(self._wall_clock(), 3)
        for checked in check_seeds(self._model, [dict(trigger)]):
            self._store.place(account, region, now).seed_as_of(checked, now, last_updated_at)
        self._on_change()

    def seed_domain(self, name: str, account: str, region: str) -> None:
        """Make a domain of that place; one that is there stays."""
        now = round(self._wall_clock(), 3)
        self._store.place(account, region, now).domain(name, now)
        self._on_change()

    def _put(self, triggers: Iterable[Json], account: str | None, region: str | None) -> int:
        checked = list(triggers)
        now = round(self._wall_clock(), 3)
        for trigger in checked:
            if account is not None and region is not None:
                self._store.place(account, region, now).seed(trigger, now)
            elif account is None and region is None:
                self._store.seed_everywhere(trigger, now)
            else:
                raise ValueError("give account and region together, or neither")
        self._on_change()
        return len(checked)

    def trigger(
        self, domain: str, name: str, account: str | None = None, region: str | None = None
    ) -> Json | None:
        """The record of a trigger, or None.

        ValueError when account or region is left out and several are in use.
        """
        return copy.deepcopy(self._store.find(domain, name, account, region))

    def counts(self) -> dict[str, dict[str, int]]:
        """How many calls had which outcome: ``{operation: {outcome: n}}``."""
        return self._call_log.counts()

    def calls(self) -> list[LoggedCall]:
        """Every call, oldest first: when its token was decided, account, operation, outcome."""
        return self._call_log.calls()

    def applied(self) -> list[Json]:
        """Every mutation that was carried out, in order.

        Members: seq, time (monotonic seconds), account, region, operation, DomainName,
        EventTriggerName, request (its members) and request_id; session_tags (value by key) of a
        role's session that has some.
        """
        return self._call_log.applied()

    def set_quota(
        self, operation: str | None, rate: float | None, burst: float | None = None
    ) -> None:
        """Change the quota of an operation, or of all (None), in mid-run; no rate: unlimited."""
        if operation is not None:
            self._model.operation(operation)
        self._quotas.change(operation, make_quota(rate, burst), self._clock())

    def set_faults(self, probabilities: Mapping[str, float]) -> None:
        """Replaces the probability of every fault: ``{kind: probability}``."""
        self._faults.change(probabilities)

    def script(self, operation: str, kinds: Iterable[str | None]) -> None:
        """The next calls of the operation get these faults, in order; None is none."""
        self._faults.script(self._model.operation(operation).name, kinds)

    def set_latency(self, low: float, high: float) -> None:
        """Changes the latency, in seconds."""
        self._latency.change(low, high)

    def state(self) -> Json:
        """Everything that is stored, as the state file has it."""
        return self._store.dump()

    def quotas(self) -> Json:
        """The quotas in force: ``default``, and ``operations`` that differ; null is unlimited."""
        return self._quotas.describe()

    def faults(self) -> Json:
        """The faults in force: ``probabilities``, and what is still ``scripted``."""
        return self._faults.describe()


def make_quota(rate: float | None, burst: float | None) -> Quota | None:
    """A quota, or None (unlimited) without a rate. ValueError for a burst alone."""
    if rate is None and burst is not None:
        raise ValueError("a burst needs a rate")
    return None if rate is None else Quota(rate=rate, burst=burst)
