"""A limiter for several pacers: one of them waits for a token, the others for their turn."""

import heapq
from itertools import count

import anyio

from batcher.accounting.verdicts import Verdict
from batcher.ports import Limiter


class InTurns:
    """A Limiter over another one, which has one waiter at a time.

    The most urgent has the next turn; of two that are as urgent, who came first.
    """

    def __init__(self, limiter: Limiter) -> None:
        self._limiter = limiter
        self._taken = False
        self._waiting: list[tuple[int, int, anyio.Event]] = []  # a heap
        self._order = count()

    def __repr__(self) -> str:
        return f"<InTurns {self._limiter!r}, {len(self._waiting)} waiting>"

    @property
    def rate(self) -> float | None:
        return self._limiter.rate

    @property
    def own_rate(self) -> float | None:
        return self._limiter.own_rate

    @property
    def at_quota(self) -> bool:
        return self._limiter.at_quota

    async def acquire(self, urgency: int = 0) -> object:
        await self._turn(urgency)
        try:
            return await self._limiter.acquire(urgency)
        finally:
            self._pass_on()

    def observe(self, ticket: object, verdict: Verdict, retry_after: float | None) -> None:
        self._limiter.observe(ticket, verdict, retry_after)

    async def _turn(self, urgency: int) -> None:
        if not self._taken:
            self._taken = True
            return
        place = (-urgency, next(self._order), anyio.Event())
        heapq.heappush(self._waiting, place)
        try:
            await place[2].wait()
        except BaseException:
            if place in self._waiting:
                self._waiting.remove(place)
                heapq.heapify(self._waiting)
            else:  # it was handed the turn and can't use it
                self._pass_on()
            raise

    def _pass_on(self) -> None:
        if self._waiting:
            heapq.heappop(self._waiting)[2].set()
        else:
            self._taken = False
