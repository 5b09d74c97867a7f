"""One bucket in Redis, as calls: ask for a token, tend the books, leave.

What the calls do is in ``redis_scripts``.

Raises redis-py's errors and OSError, which the callers know as "Redis is away".
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from batcher.limiters.redis_scripts import ASK, LEAVE, TEND
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Pace
from batcher.quota.replay import Event, Report

NO_EPOCH = ""


class Reservation(Struct, frozen=True, kw_only=True):
    """A place in time to send one request.

    ``at``: in Redis's time; ``wait``: seconds until then, from when it was told.
    """

    epoch: str
    number: int
    cut: int
    at: str
    wait: float
    rate: float


class News(Struct, frozen=True, kw_only=True):
    """What a worker tells with every call: reports, and the newest cut that a throttled request
    was reserved after, else -1.
    """

    epoch: str = NO_EPOCH
    throttled: int = -1
    reports: Sequence[Report] = ()

    def arguments(self) -> list[Any]:
        return [self.epoch, self.throttled, _encode(self.reports) if self.reports else b""]


class Publication(Struct, frozen=True, kw_only=True):
    """What a leader has everybody keep to. ``cut``: the newest one that he has seen."""

    cut: int
    plan: Pace
    learned: EstimatedQuota


class Beat(Struct, frozen=True, kw_only=True):
    """How things stand.

    ``newest``: of the log as far as it was read; ``idle``: seconds since the last request was due.
    """

    epoch: str
    now: float
    workers: int
    leading: bool
    newest: str
    events: list[Event]
    opens_in: float
    learned: EstimatedQuota | None
    idle: float
    rate: float | None  # None: none is published; 0: nothing is held back


_encode = msgspec.json.Encoder().encode
_event = msgspec.json.Decoder(Event)
_learned = msgspec.json.Decoder(EstimatedQuota)


class RedisBucket:
    """The bucket of that name, for the worker ``me``."""

    def __init__(self, redis: Redis, name: str, me: str) -> None:
        self.name = name
        self.me = me
        self._keys = [
            f"batcher:{{{name}}}:{part}" for part in ("state", "log", "workers", "leader")
        ]
        self._ask = redis.register_script(ASK)
        self._tend = redis.register_script(TEND)
        self._leave = redis.register_script(LEAVE)

    async def ask(
        self,
        news: News,
        *,
        otherwise: float,
        ceiling: float | None,
        capacity: float,
        held: Reservation | None,
    ) -> Reservation:
        """Reserve the next token, or look again at what is held.

        Number 0: nothing is handed out now; ask again after ``wait``.

        ``otherwise``: the rate while none is published, 0 for no limit; ``capacity``: tokens that
        the ceiling has at most.
        """
        holding = (
            [held.number, held.cut, held.at]
            if held is not None and held.epoch == news.epoch
            else [0, 0, 0]
        )
        arguments = [*news.arguments(), otherwise, ceiling or 0, capacity, *holding]
        epoch, number, cut, at, wait, rate = await self._ask(keys=self._keys, args=arguments)
        return Reservation(
            epoch=epoch.decode(),
            number=number,
            cut=cut,
            at=at.decode(),
            wait=max(0.0, float(wait)),
            rate=float(rate),
        )

    async def tend(self, news: News, *, away: bool, read: str, publish: Publication | None) -> Beat:
        """Say that one is alive, try to lead, and where that is so publish, and get the events of
        the log after ``read``.

        ``read`` empty: get where the log ends instead. ``away``: one has worked alone, and wants to
        come back.
        """
        said: list[Any] = ["", "", "", ""]
        if publish is not None:
            said = [
                publish.cut,
                publish.plan.rate or 0,
                f"{publish.plan.resume:.6f}",
                _encode(publish.learned),
            ]
        arguments = [*news.arguments(), self.me, int(away), read, *said]
        (
            epoch,
            now,
            workers,
            leading,
            newest,
            events,
            _,
            opens_in,
            learned,
            idle,
            rate,
        ) = await self._tend(keys=self._keys, args=arguments)
        return Beat(
            epoch=epoch.decode(),
            now=float(now),
            workers=workers,
            leading=bool(leading),
            newest=newest.decode() or read,
            events=[_event.decode(event) for event in events],
            opens_in=float(opens_in),
            learned=_learned.decode(learned) if learned else None,
            idle=float(idle),
            rate=None if float(rate) < 0 else float(rate),
        )

    async def leave(self, news: News) -> None:
        """Be counted no more, and lead no more."""
        await self._leave(keys=self._keys, args=[*news.arguments(), self.me])
