"""One shared bucket as calls to Redis: reserve a token, send a heartbeat, leave.

What the calls do is in ``redis_scripts``. They raise redis-py's errors, OSError and DecodeError,
which callers take for "Redis is away".
"""

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec import Struct
from redis.asyncio import Redis

from batcher.limiters.redis_scripts import HEARTBEAT, LEAVE, MEMBERS, RESERVE
from batcher.limiters.reports import Reports
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.estimator import Pace
from batcher.quota.replay import Event
from batcher.records import FleetMember
from batcher.redis_client import Script


class Reservation(Struct, frozen=True, kw_only=True):
    """A place in time to send one request.

    ``at``: in Redis's time; ``wait``: seconds until then, from when it was told. ``number`` 0: no
    place is given now; ask again after ``wait``.
    """

    epoch: str
    number: int
    cut: int
    at: str
    wait: float
    rate: float


class Publication(Struct, frozen=True, kw_only=True):
    """What a leader has everybody keep to. ``cut``: the newest one that he has seen."""

    cut: int
    pace: Pace
    learned: EstimatedQuota

    def arguments(self) -> list[Any]:
        resume = f"{self.pace.resume:.6f}"
        return [self.cut, self.pace.rate or 0, resume, _encode(self.learned)]


class HeartbeatReply(Struct, frozen=True, kw_only=True):
    """The state of the bucket at a heartbeat.

    ``newest``: of the log as far as it was read; ``idle``: seconds since the last request was due;
    ``opens_in``: seconds until those who were away may come back; ``rate``: None: none is
    published, 0: nothing is held back; ``share``: the part of a ceiling that this member may take
    when it is alone; ``ceiling``: the lowest of all members, None where they have none; ``silent``:
    members that are dead, or can't reach Redis.
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
    rate: float | None
    share: float = 1.0
    ceiling: float | None = None
    silent: Sequence[str] = ()


_encode = msgspec.json.Encoder().encode
_event = msgspec.json.Decoder(Event)
_learned = msgspec.json.Decoder(EstimatedQuota)


class RedisBucket:
    """The bucket of that name, for the member ``me``."""

    def __init__(self, redis: Redis, name: str, me: str) -> None:
        self.name = name
        self.me = me
        parts = ("state", "log", "workers", "leader", "shares")
        self._keys = [f"batcher:{{{name}}}:{part}" for part in parts]
        self._reserve = Script(redis, RESERVE)
        self._heartbeat = Script(redis, HEARTBEAT)
        self._leave = Script(redis, LEAVE)
        self._members = Script(redis, MEMBERS)

    async def reserve(
        self,
        reports: Reports,
        *,
        unpublished_rate: float,
        ceiling: float | None,
        capacity: float,
        held: Reservation | None,
        urgency: int = 0,
    ) -> Reservation:
        """Reserve the next token, or look again at what is held.

        ``unpublished_rate``: the rate while none is published, 0 for no limit; ``capacity``: tokens
        that the ceiling has at most. A lower ceiling of another member counts. ``urgency``: the
        higher goes ahead.
        """
        holding: list[Any] = [0, 0, 0]
        if held is not None and held.epoch == reports.epoch:
            holding = [held.number, held.cut, held.at]
        arguments = [*reports.arguments(), unpublished_rate, ceiling or 0, capacity, *holding]
        arguments += [self.me, urgency]
        epoch, number, cut, at, wait, rate = await self._reserve(keys=self._keys, args=arguments)
        return Reservation(
            epoch=epoch.decode(),
            number=number,
            cut=cut,
            at=at.decode(),
            wait=max(0.0, float(wait)),
            rate=float(rate),
        )

    async def heartbeat(
        self,
        reports: Reports,
        *,
        away: bool,
        read: str,
        publish: Publication | None,
        ceiling: float | None = None,
        capacity: float = 1.0,
        share: float = 0.0,
        sent_rate: float = 0.0,
        dead: Sequence[str] = (),
    ) -> HeartbeatReply:
        """Show that one is alive, and try to lead; a leader publishes, and gets events of the log.

        They are those after ``read``; empty: none, but where the log ends. ``away``: the member has
        worked alone, and wants to come back. ``share``: of a ceiling, as it was told last;
        ``sent_rate``: requests a second that it has sent lately; ``dead``: silent members whose
        share nobody takes.
        """
        publication = ["", "", "", ""] if publish is None else publish.arguments()
        arguments = [*reports.arguments(), self.me, int(away), read, *publication]
        arguments += [ceiling or 0, capacity, share, f"{sent_rate:.6f}", *dead]
        reply = await self._heartbeat(keys=self._keys, args=arguments)
        epoch, now, workers, leading, newest, events, _, opens_in, learned, idle, rate, *more = (
            reply
        )
        share, lowest, silent = more
        return HeartbeatReply(
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
            share=float(share),
            ceiling=float(lowest) or None,
            silent=[name.decode() for name in silent],
        )

    async def members(self) -> list[FleetMember]:
        """The members that Redis remembers, also those that it does not hear of any more."""
        leader, found = await self._members(keys=self._keys, args=[])
        return [
            FleetMember(
                name=name.decode(),
                rate=float(rate) if rate else None,
                silent_seconds=float(silent),
                leads=name == leader,
                is_self=name.decode() == self.me,
            )
            for name, silent, rate in found
        ]

    async def leave(self, reports: Reports) -> None:
        """Be a member no more, and lead no more."""
        await self._leave(keys=self._keys, args=[*reports.arguments(), self.me])
