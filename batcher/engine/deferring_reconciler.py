"""Refusals that may be about the role and not about the update: held until others tell.

AWS answers AccessDenied for both. Where the action is allowed to another update of the target, the
refusal is about this one. So an update that is refused while nothing was allowed yet waits for what
becomes of others, holding none of them up, and is then tried once more. Only where they don't tell,
either, is the target in trouble.
"""

from collections import Counter
from collections.abc import Callable

import anyio

from batcher.accounting.denials import DENIED_IN_A_ROW
from batcher.accounting.verdicts import is_denied
from batcher.engine.lane import Lane
from batcher.records import Result, Update

WAIT_FOR_OTHERS = 5.0  # seconds that a refused update waits to see what becomes of others
TRIES = 8  # after so many, each some pause apart, an update that was first in line is failed


class DeferringReconciler:
    """A Settler that gives no result where it says nothing of the update, so that it comes again.

    It takes the place of the lane's settler. ``tries``: how often updates were refused so, by line;
    outlives the lane. ``on_trouble`` is told why the target can't be used. ``held``: how many
    updates wait at the moment.
    """

    def __init__(
        self, lane: Lane, on_trouble: Callable[[str], None], tries: Counter[int] | None = None
    ) -> None:
        self._settler = lane.settler
        self._lane = lane
        self._denials = lane.tally.denials
        self._on_trouble = on_trouble
        self._tries = Counter[int]() if tries is None else tries
        self._held: dict[int, Result] = {}
        self._moved = anyio.Event()
        self._over = False
        lane.settler = self
        lane.on_close.append(self._end)

    @property
    def held(self) -> int:
        return len(self._held)

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if self._held:
            self._tell()
        if result is None or not is_denied(result):
            return result
        if self._is_of_update(update):
            return result
        if not await self._others_tell(update, result):
            return None
        # it may have been allowed meanwhile, by whoever allowed the others
        return await self._settler.settle(update)

    async def _others_tell(self, update: Update, result: Result) -> bool:
        """Whether the refusal is about the update, as others or its own tries tell."""
        self._held[update.line] = result
        self._lane.add_worker()  # in place of the one that waits here
        try:
            if len(self._held) < DENIED_IN_A_ROW:
                with anyio.move_on_after(WAIT_FOR_OTHERS):
                    while not (self._over or self._is_of_update(update)):
                        await self._moved.wait()
            if self._is_of_update(update):
                return True
            if not self._over:
                return self._give_up(update)
            return False
        finally:
            del self._held[update.line]

    def _is_of_update(self, update: Update) -> bool:
        return self._denials.refused(update.domain) is None

    def _give_up(self, update: Update) -> bool:
        """End the lane, unless the first in line was tried often enough: that one is failed."""
        first = next(iter(self._held))
        self._tries[first] += 1
        if first == update.line and self._tries[first] >= TRIES:
            del self._tries[first]
            return True
        error, action = self._held[update.line].error, self._denials.refused(update.domain)
        said = f"{error.code}: {error.message}" if error is not None else ""
        self._on_trouble(f"AWS refuses {action}, and has allowed it to no update so far ({said})")
        return False

    def _end(self) -> None:
        self._over = True
        self._tell()

    def _tell(self) -> None:
        self._moved.set()
        self._moved = anyio.Event()
