"""Patience for a worker that never ends: a result that says nothing about its update is none,
its turn comes again.
"""

from collections.abc import Callable

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import not_yet
from batcher.engine.settling import Settler
from batcher.records import Result, Update


class Patient:
    """A Settler that waits for better times; ``on_trouble`` is told why.

    ``tally``: of the target.
    """

    def __init__(self, settler: Settler, tally: Tally, on_trouble: Callable[[str], None]) -> None:
        self._settler = settler
        self._tally = tally
        self._on_trouble = on_trouble

    async def settle(self, update: Update) -> Result | None:
        result = await self._settler.settle(update)
        if (
            result is None
            or (why := not_yet(result, ever_accepted=self._tally.ever_accepted)) is None
        ):
            return result
        self._on_trouble(why)
        return None
