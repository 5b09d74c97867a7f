"""A client of STS that all who need it share, at a pace that leaves STS room for everybody else.

Open while anybody uses it. STS's quota is one of the account that asks, and every tool in it drinks
from that.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from math import inf
from typing import Any

import anyio
import botocore.exceptions as sdk

from batcher.accounting.verdicts import BY_CODE, Verdict
from batcher.aws.answers import refuse_redirects
from batcher.aws.credentials import ASKED_AT_MOST, in_time
from batcher.backoff import Backoff
from batcher.ports import Clock

RATE = 100.0  # requests per second: thousands of roles in a minute, and no more than that needs
AT_ONCE = 32  # requests under way, and connections
THROTTLES_AT_MOST = 8  # of one request
PAUSE, LONGEST_PAUSE = 0.5, 20.0  # seconds, of all requests after a throttle
SLOWEST = 0.2  # requests per second
SLOWER, FASTER = 0.5, 1.02  # what becomes of the pace by a throttle, and by each answer


class StsPace:
    """When requests to STS may leave; of all clients that ask there, one after the other too."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.slots = anyio.Semaphore(AT_ONCE)
        self._turns = anyio.Lock()
        self._rate = RATE
        self._next = 0.0  # when the next one may leave
        self._slowed_at = -inf  # by the throttle of a request that left before
        self._pauses = Backoff(PAUSE, LONGEST_PAUSE)

    def slow_down(self, left_at: float) -> None:
        """Once for all requests that had left when it was throttled first."""
        if left_at < self._slowed_at:
            return
        now = self._clock.now()
        self._rate = max(SLOWEST, self._rate * SLOWER)
        self._slowed_at, self._next = now, now + self._pauses.next_pause()

    def speed_up(self) -> None:
        """After an answer."""
        self._pauses.reset()
        self._rate = min(RATE, self._rate * FASTER)

    async def turn(self) -> float:
        """Wait for one's turn, which a throttle puts off meanwhile; returns when that is."""
        async with self._turns:
            while (now := self._clock.now()) < self._next:
                await self._clock.sleep(self._next - now)
            self._next = now + 1 / self._rate
        return now


class StsClient:
    """``create``: a new client that is not open yet, as AioSession.create_client returns it.

    ``pace``: that of all who ask there.
    """

    def __init__(self, create: Callable[[], Any], pace: StsPace) -> None:
        self._create = create
        self.pace = pace
        self._client: Any = None
        self._users = 0
        self._door = anyio.Lock()

    async def assume_role(self, **members: Any) -> dict[str, Any]:
        """AssumeRole's answer; a throttle holds every request back, and is tried again after it.

        Raises what the SDK does, and RedirectError.
        """
        throttles = 0
        async with self.pace.slots, self._opened() as client:
            while True:
                left_at = await self.pace.turn()
                try:
                    with in_time(ASKED_AT_MOST):
                        answer: dict[str, Any] = await client.assume_role(**members)
                except sdk.ClientError as error:
                    throttles += 1
                    if throttles > THROTTLES_AT_MOST or not _is_throttle(error):
                        raise
                    self.pace.slow_down(left_at)
                else:
                    self.pace.speed_up()
                    return answer

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Any]:
        """The client; whoever leaves last closes its connections."""
        async with self._door:
            if not self._users:
                await self._open()
            self._users += 1
        try:
            yield self._client
        finally:
            with anyio.CancelScope(shield=True):
                async with self._door:
                    self._users -= 1
                    if not self._users:
                        await self._client.__aexit__(None, None, None)

    async def _open(self) -> None:
        """A client is made once, and opened again and again: to make one takes 30 ms."""
        if self._client is not None:
            await self._client.__aenter__()
            return
        self._client = await self._create().__aenter__()
        refuse_redirects(self._client)


def _is_throttle(error: sdk.ClientError) -> bool:
    code = error.response.get("Error", {}).get("Code")
    return BY_CODE.get(str(code)) is Verdict.THROTTLED
