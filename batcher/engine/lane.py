"""A lane: one target's queue of updates, pacers, settler and tally.

Who takes updates through it, and keeps their results, is the runner.
"""

from collections.abc import Callable

from batcher.accounting.tally import Tally
from batcher.engine.breaker_gate import BreakerGate
from batcher.engine.keyed_queue import KeyedQueue
from batcher.engine.look_ahead import LookAhead
from batcher.engine.pacing import Pacer
from batcher.engine.reconciler import Settler
from batcher.engine.shared_updates import LaneUpdates
from batcher.ports import Source


class Lane:
    """One target at work.

    ``pacer`` is that of its updates; those of whatever else is sent to settle them join when
    something is to be sent, with ``reading``, that of looks at triggers, among them.
    ``on_close``: what is called when the lane takes no more. ``gate``: where its requests wait
    while the target is away. ``updates``: what is this target's of a source that several have;
    None: all of ``source`` is. ``ahead``: where its updates wait to be looked at;
    ``wait_to_look``: how many wait for what a look at another one finds out.
    ``add_worker`` sets one more on it, in place of one that waits for what others do; who runs the
    lane gives it. ``on_end`` is called when nothing of it is under way any more.
    """

    def __init__(
        self,
        *,
        target: str,
        source: Source,
        pacer: Pacer,
        settler: Settler,
        tally: Tally,
        on_close: Callable[[], None] | None = None,
        gate: BreakerGate | None = None,
        updates: LaneUpdates | None = None,
        ahead: LookAhead | None = None,
        wait_to_look: Callable[[], int] = lambda: 0,
    ) -> None:
        self.target = target
        self.updates = KeyedQueue(source) if updates is None else updates
        self.pacer = pacer
        self.settler = settler
        self.pacers: tuple[Pacer, ...] = (pacer,)
        self.reading: Pacer | None = None
        self.tally = tally
        self.on_close = [] if on_close is None else [on_close]
        self.gate = gate
        self.ahead = ahead
        self.wait_to_look = wait_to_look
        if gate is not None:
            gate.begin(pacer.time_breakdown)
            self.on_close.append(gate.drain)
        self.add_worker: Callable[[], None] = lambda: None
        self.on_end: Callable[[], None] = lambda: None
        self._on_empty: Callable[[], None] | None = None
        self._is_closed = False

    def on_empty(self, call: Callable[[], None]) -> None:
        """Have that called whenever nobody waits for a pacer any more."""
        self._on_empty = call
        for pacer in self.pacers:
            pacer.on_empty = call

    def join(self, pacer: Pacer) -> None:
        """Have one pacer more, of what is sent for the first time."""
        self.pacers = (*self.pacers, pacer)
        pacer.on_empty = self._on_empty
        if self._is_closed:
            pacer.drain()

    def close(self) -> None:
        """Take in nothing new, and turn away who waits for a first attempt."""
        self._is_closed = True
        self.updates.close()
        for pacer in self.pacers:
            pacer.drain()
        for call in self.on_close:
            call()

    def __repr__(self) -> str:
        return f"<Lane {self.target}: {self.tally.done} done, {self.pacer!r}>"
