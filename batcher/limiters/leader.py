"""A member of a shared bucket's fleet: its heartbeat, and leading while no other member does.

The leader replays what was reserved and what became of it into the one estimate of the fleet, and
publishes the pace of all. A member also comes back from its local share when Redis does.
"""

import anyio

from batcher.limiters.member_names import is_dead
from batcher.limiters.redis_bucket import HeartbeatReply, Publication
from batcher.limiters.redis_scripts import FINAL_WITHIN
from batcher.limiters.reports import REPORT_WITHIN
from batcher.limiters.shared import REDIS_ERRORS, SharedLimiter
from batcher.quota.replay import Replay

HEARTBEAT_EVERY = 0.5  # seconds
READ_EVERY = 0.05  # seconds between two looks of the leader at the log
READ_IDLE_EVERY = 0.25  # seconds, while nothing is sent
IDLE_AFTER = 1.0  # seconds without an event
# a part of the published rate, and seconds of its resume: a difference that is published at once
RATE_CHANGE, RESUME_CHANGE = 0.02, 0.005


class Leader:
    """Sends the heartbeats of one limiter, and leads its bucket whenever it is the leader."""

    def __init__(self, limiter: SharedLimiter) -> None:
        self._limiter = limiter
        self._replay: Replay | None = None  # while it leads
        self._epoch = ""
        self._read = ""  # the newest entry of the log that was read
        self._last_event = 0.0
        self._published: Publication | None = None
        self._dead: list[str] = []  # silent members of this host, whose processes are no more

    async def run(self) -> None:
        """Runs until it is cancelled."""
        while True:
            try:
                pause = await self._heartbeat()
            except REDIS_ERRORS as error:
                self._step_down()
                self._limiter.fall_back(error)
                pause = HEARTBEAT_EVERY
            await self._wait(pause)

    async def leave(self) -> None:
        """Be a member no more. A Redis that is away will find out by itself."""
        if not self._limiter.away:
            try:
                await self._limiter.bucket.leave(self._limiter.take_reports())
            except REDIS_ERRORS:
                return

    async def _wait(self, seconds: float) -> None:
        """Pause for so long, or until something has to be reported."""
        limiter = self._limiter
        until = limiter.clock.now() + seconds
        while (left := until - limiter.clock.now()) > 0 and not limiter.report_is_due():
            with anyio.move_on_after(min(left, REPORT_WITHIN)):
                await limiter.throttled.wait()
                break
        limiter.throttled.clear()

    async def _heartbeat(self) -> float:
        """Send a heartbeat and do what follows; returns the seconds until the next one."""
        limiter, away = self._limiter, self._limiter.away
        asked_at, settings = limiter.clock.now(), limiter.settings
        reply = await limiter.bucket.heartbeat(
            limiter.take_reports(),
            away=away,
            read=self._read,
            publish=self._published,
            ceiling=settings.rate,
            capacity=settings.capacity,
            share=limiter.told_share,
            sent_rate=limiter.sent.rate(asked_at),
            dead=self._dead,
        )
        self._dead = [name for name in reply.silent if is_dead(name)]
        limiter.take_reply(reply, asked_at)
        pause = self._lead(reply, away) if reply.leading else self._step_down()
        if away and reply.opens_in > 0:
            return reply.opens_in
        limiter.rejoin()
        return pause

    def _lead(self, reply: HeartbeatReply, away: bool) -> float:
        if self._replay is None or reply.epoch != self._epoch:
            self._replay = self._take_lead(reply, away)
        self._read = reply.newest
        for event in reply.events:
            self._replay.add(event)
            self._last_event = reply.now
        before, pace = self._published, self._replay.advance(reply.now)
        self._published = Publication(
            cut=self._replay.cut, pace=pace, learned=self._replay.estimator.to_remember
        )
        if before is None or is_worth_publishing(before, self._published):
            return 0.0
        return READ_EVERY if reply.now - self._last_event < IDLE_AFTER else READ_IDLE_EVERY

    def _take_lead(self, reply: HeartbeatReply, away: bool) -> Replay:
        """Lead from what is known; after a time alone the bucket counts as empty."""
        limiter = self._limiter
        known = limiter.learned
        if reply.learned is not None or away:
            # nobody counted what was taken alone
            age = 0.0 if away else max(0.0, reply.idle)
            known = known.as_start(age)
        self._epoch, self._published = reply.epoch, None
        limiter.log.info("limiter.leading", rate=round(known.rate, 3), workers=reply.workers)
        return Replay(limiter.settings.estimator(reply.now, known), FINAL_WITHIN)

    def _step_down(self) -> float:
        self._replay = self._published = None
        self._read = ""
        return HEARTBEAT_EVERY


def is_worth_publishing(before: Publication, now: Publication) -> bool:
    """Whether the difference to what is published is worth a call of its own."""
    if before.cut != now.cut or (before.pace.rate is None) != (now.pace.rate is None):
        return True
    old, new = before.pace.rate or 0.0, now.pace.rate or 0.0
    moved = abs(now.pace.resume - before.pace.resume)
    return abs(new - old) > RATE_CHANGE * old or moved > RESUME_CHANGE
