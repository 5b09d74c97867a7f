"""Who may send next: one slot and one token for every attempt, before it is signed.

The most urgent first, also before who came earlier and waits for a token. Turns, slots and the
order of the waiting are here; how long the next token takes, a limiter knows.
"""

import heapq
from collections.abc import Callable
from itertools import count
from typing import Protocol

import anyio
from msgspec import Struct

from batcher.accounting.time_breakdown import TimeBreakdown
from batcher.accounting.verdicts import REJECTED, UNSENT, Verdict
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.slots import Slots
from batcher.ports import Clock, Limiter, PromptLimiter
from batcher.records import Attempt
from batcher.wake_up import WakeUp

# a retry goes ahead of a first attempt: an update that was begun is finished first
RETRY, FIRST = 0, 1
TOLD_AFTER = 1.0  # seconds without a slot, though a token was there


class Draining(Exception):
    """The pacer gives out no more turns; the update that asked was not sent."""


class Permit(Struct, gc=False):
    """The right to send one request now.

    ``queued`` and ``token`` are the seconds waited for turn and slot, and token; ``paused`` those
    in which the process was told to send nothing.
    """

    ticket: object
    queued: float
    token: float
    paused: float = 0.0


class OutageGate(Protocol):
    """What holds all requests of a target back for as long as that is away."""

    @property
    def is_open_to_me(self) -> bool:
        """Whether the request that asks may be sent."""
        ...

    async def admit(self) -> None:
        """Return when the request that asks may be sent. Raises Draining, and OutageError."""
        ...


class Pacer:
    """Gives out permits of one (target, operation), at most ``slots`` of them in use at once.

    ``time_breakdown``: of the lane, which its pacers share; default: one of its own. ``gate``: what
    the process was told about its pace meanwhile; default: nothing ever.
    """

    def __init__(
        self,
        limiter: Limiter,
        slots: int,
        clock: Clock,
        time_breakdown: TimeBreakdown | None = None,
        gate: PaceGate | None = None,
    ) -> None:
        self.limiter = limiter
        self.slots = slots
        self._slots = Slots(slots)
        self.time_breakdown = time_breakdown or TimeBreakdown()
        self.in_flight = 0
        self.slot_seconds = 0.0  # in which a token was there, and no slot
        self.on_full: Callable[[], None] | None = None  # told once, when that was a second
        self.on_empty: Callable[[], None] | None = None  # told when nobody waits to send
        self.outage_gate: OutageGate | None = None
        self._held = 0  # at that gate
        self.clock = clock
        self._gate = gate or PaceGate(PaceControl(clock))
        self._waiting: list[_Waiter] = []
        self._order = count()
        self._taken = False
        self._head: _Waiter | None = None  # whose turn it is, while it waits for slot and token
        self._full_since = 0.0  # the first in line waits for nothing but a slot, if nobody's turn
        self._draining = False

    def __repr__(self) -> str:
        rate = self.limiter.rate
        pace = "?" if rate is None else f"{rate:.3g}/s"
        return f"<Pacer {pace}, {self.in_flight}/{self.slots} in flight, {self.waiting} waiting>"

    @property
    def waiting(self) -> int:
        """How many wait for their turn, or for their target."""
        return len(self._waiting) + self._held

    @property
    def limiter(self) -> Limiter:
        """What its tokens come from."""
        return self._limiter

    @limiter.setter
    def limiter(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._prompt = limiter if isinstance(limiter, PromptLimiter) else None

    @property
    def is_waited_for(self) -> bool:
        """Whether anybody waits for the target, for a turn, or in it for slot and token."""
        return self._taken or bool(self._waiting) or self._held > 0

    @property
    def has_line(self) -> bool:
        """Whether somebody waits for slot and token, and another behind him."""
        return self._taken and bool(self._waiting)

    def bound(self, without: str | None = None) -> float | None:
        """Requests per second at most, as the process was told by all but one; None: any."""
        return self._gate.bound(without)

    async def enter(self, *, begun: bool, must_finish: bool, urgency: int = 0) -> Permit:
        """Wait for a turn, a slot and a token.

        ``urgency`` (0-9): the higher goes ahead, also of who waits for a token by then; ``begun``:
        a retry, which goes ahead of others as urgent. ``must_finish``: also while draining. Raises
        Draining, and OutageError.
        """
        arrived = self.clock.now()
        is_next = not (self._taken or self._waiting)
        if is_next and (ticket := self._take(arrived, must_finish=must_finish)) is not None:
            return Permit(ticket, 0.0, 0.0)
        rank = RETRY if begun else FIRST
        waiter = _Waiter(urgency, rank, next(self._order), must_finish=must_finish)
        paused_before = self._gate.control.paused_seconds(arrived)
        while True:
            if self.outage_gate is not None and not self.outage_gate.is_open_to_me:
                await self._hold(self.outage_gate)
            await self._turn(waiter)
            if (ticket := waiter.ticket) is not None:
                paused = self._gate.control.paused_seconds(waiter.left) - paused_before
                return Permit(ticket, max(0.0, waiter.left - arrived - paused), 0.0, paused)
            try:
                found = await self._as_head(waiter)
            finally:
                self._pass_on()
            if found is not None:
                ticket, token, left = found
                paused = self._gate.control.paused_seconds(left) - paused_before
                queued = max(0.0, left - arrived - token - paused)
                return Permit(ticket, queued, token, paused)
            if self._draining and not must_finish:
                raise Draining

    def _take(self, now: float, *, must_finish: bool) -> object | None:
        """A ticket, and its slot, where there is nothing to wait for."""
        if self._prompt is None or not self._slots.free:
            return None
        may_go = must_finish or not self._draining
        is_there = self.outage_gate is None or self.outage_gate.is_open_to_me
        if not (may_go and is_there and self._gate.control.is_silent):
            return None
        if (ticket := self._prompt.take()) is not None:
            self._slots.take()
            self.in_flight += 1
            self.time_breakdown.enter("calling", now)
        return ticket

    async def _hold(self, gate: OutageGate) -> None:
        """Wait while the target is away: not in line, where who probes would have to wait, too."""
        self._held += 1
        self._tell_empty()
        try:
            await gate.admit()
        finally:
            self._held -= 1

    async def _as_head(self, waiter: "_Waiter") -> tuple[object, float, float] | None:
        """What ``_slot_and_token`` returns; None where something came first.

        Draining, somebody more urgent, or that the target is away.
        """
        control, self._head = self._gate.control, waiter
        try:
            while self._may_go(waiter):
                with anyio.CancelScope() as waiter.scope:
                    control.begin_wait(waiter.scope)
                    ticket, token, left = await self._slot_and_token(waiter)
                    if not control.pauses:
                        self.in_flight += 1
                        self._gate.passed(left)
                        self.time_breakdown.enter("calling", left)
                        return ticket, token, left
                    self._slots.give_back()
                    self.limiter.observe(ticket, UNSENT, None)
                control.end_wait(waiter.scope)  # a pause began, too, or ended
            return None
        finally:
            if waiter.scope is not None:
                control.end_wait(waiter.scope)
            self._head = None

    async def _slot_and_token(self, waiter: "_Waiter") -> tuple[object, float, float]:
        """A ticket, the seconds that were waited for it, and the time."""
        held = await self._gate.wait(self.time_breakdown)
        called = self.clock.now()
        await self._slots.wait_for_one()
        turn = self.clock.now()
        ticket = await self._token(turn, waiter.urgency)
        left = self.clock.now()
        self._note_full(waiter.without_slot + turn - called, left - turn)
        waiter.without_slot = 0.0
        return ticket, held + left - turn, left

    def lets_go(self, *, must_finish: bool) -> bool:
        """Whether who has a permit may still send: nobody paused or drained it meanwhile."""
        return not self._gate.control.pauses and (must_finish or not self._draining)

    def leave(self, permit: Permit, verdict: Verdict, attempt: Attempt | None) -> None:
        """Give the slot back, and tell limiter and time breakdown what came of the request.

        ``attempt``: None where none was made, or it did not come back.
        """
        self.in_flight -= 1
        self._slots.give_back()
        now = self.clock.now()
        self.time_breakdown.leave("calling", now)
        retry_after = None
        if attempt is not None:
            retry_after = attempt.retry_after
            self._note_reach(attempt, verdict, now)
        self._limiter.observe(permit.ticket, verdict, retry_after)
        if self._waiting:
            self._serve(now)

    def unpaused(self) -> float:
        """Monotonic seconds that stand still while the process is told to send nothing."""
        return self._gate.control.unpaused()

    def _note_reach(self, attempt: Attempt, verdict: Verdict, now: float) -> None:
        """Tell the time breakdown whether requests leave this machine, by one that came back."""
        if attempt.reached == "answered":
            self.time_breakdown.answered(now)
        elif attempt.reached == "unsent" and verdict is not REJECTED:
            self.time_breakdown.not_sent(attempt.seconds, now)

    def drain(self) -> None:
        """Turn away everybody who need not finish, the one at the head included."""
        self._draining = True
        if self._head is not None and not self._head.must_finish:
            self._cancel_head(self._head)
        for waiter in self._waiting:
            if not waiter.must_finish:
                waiter.refused = True
                waiter.called.call()
        self._waiting = [waiter for waiter in self._waiting if not waiter.refused]
        heapq.heapify(self._waiting)

    async def back_off(self, seconds: float) -> None:
        """Wait after a fault, as the lane's time breakdown is told."""
        self.time_breakdown.enter("backoff", self.clock.now())
        try:
            await self.clock.sleep(seconds)
        finally:
            self.time_breakdown.leave("backoff", self.clock.now())

    def _note_full(self, slot: float, token: float) -> None:
        """Note for how many seconds the head waited for a slot, and then for a token."""
        held = max(0.0, slot - token)
        if self.on_full is not None and self.slot_seconds < TOLD_AFTER <= self.slot_seconds + held:
            self.on_full()
        self.slot_seconds += held

    async def _token(self, turn: float, urgency: int) -> object:
        chosen = not self.limiter.at_quota
        self.time_breakdown.enter("token", turn, chosen=chosen)
        try:
            return await self.limiter.acquire(urgency)
        except BaseException:
            self._slots.give_back()
            raise
        finally:
            self.time_breakdown.leave("token", self.clock.now(), chosen=chosen)

    async def _turn(self, waiter: "_Waiter") -> None:
        if self._draining and not waiter.must_finish:
            raise Draining
        if not self._taken and not self._waiting:
            if not self._lacks_slots_only:
                self._taken = True
                return
            self._full_since = self.clock.now()
        waiter.called = WakeUp()
        heapq.heappush(self._waiting, waiter)
        if self._head is not None and self._is_overtaken(self._head):
            self._cancel_head(self._head)
        try:
            await waiter.called
        except BaseException:
            if waiter in self._waiting:
                self._waiting.remove(waiter)
                heapq.heapify(self._waiting)
            elif waiter.ticket is not None:
                self.leave(Permit(waiter.ticket, 0.0, 0.0), UNSENT, None)
            elif not waiter.refused:  # it was handed the turn and can't use it
                self._pass_on()
            raise
        if waiter.refused:
            raise Draining

    def _may_go(self, head: "_Waiter") -> bool:
        """Whether whose turn it is goes on to wait for slot and token."""
        if self.outage_gate is not None and not self.outage_gate.is_open_to_me:
            return False
        return not self._is_overtaken(head) and (head.must_finish or not self._draining)

    def _cancel_head(self, head: "_Waiter") -> None:
        if head.scope is not None:
            head.scope.cancel()

    def _is_overtaken(self, head: "_Waiter") -> bool:
        """Whether somebody waits who is more urgent than whose turn it is."""
        return bool(self._waiting) and self._waiting[0].urgency > head.urgency

    def _pass_on(self) -> None:
        """Hand the turn to the first in line, so that nobody who comes later slips in between."""
        self._taken = False
        self._full_since = now = self.clock.now()
        self._serve(now)

    def _serve(self, now: float) -> None:
        """Give those in front what is there, and the turn to the first who waits for more.

        Who waits for a slot only is served when one comes free: woken once, with all it takes.
        """
        while self._waiting and not self._taken and not self._lacks_slots_only:
            waiter = heapq.heappop(self._waiting)
            waiter.ticket, waiter.left = self._take(now, must_finish=waiter.must_finish), now
            if waiter.ticket is None:
                self._taken, waiter.without_slot = True, now - self._full_since
            else:
                self._note_full(now - self._full_since, 0.0)
                self._full_since = now
            waiter.called.call()
        if not self._taken and not self._waiting:
            self._tell_empty()

    @property
    def _lacks_slots_only(self) -> bool:
        """Whether a slot is lacking, and whoever is next can be told at once what else is."""
        return self._prompt is not None and not self._slots.free and self._gate.control.is_silent

    def _tell_empty(self) -> None:
        if self.on_empty is not None:
            self.on_empty()


class _Waiter:
    """A place in the line, ordered by urgency, rank, then by arrival."""

    __slots__ = (
        "called",
        "key",
        "left",
        "must_finish",
        "refused",
        "scope",
        "ticket",
        "urgency",
        "without_slot",
    )

    def __init__(self, urgency: int, rank: int, order: int, *, must_finish: bool) -> None:
        self.key = (-urgency, rank, order)
        self.urgency = urgency
        self.must_finish = must_finish
        self.refused = False
        self.called: WakeUp
        self.scope: anyio.CancelScope | None = None
        self.ticket: object | None = None  # served at ``left``, and has its slot
        self.left = self.without_slot = 0.0  # seconds that it was the first, and no slot was there

    def __lt__(self, other: "_Waiter") -> bool:
        return self.key < other.key
