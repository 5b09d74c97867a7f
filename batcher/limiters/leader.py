"""What goes on beside the waiting: saying that one is alive, leading when nobody does, coming back
when Redis does.

One worker leads a bucket: he replays what was handed out and what became of it into the one
estimate of the fleet, and publishes its plan.
"""

import anyio

from batcher.limiters.redis_bucket import Beat, Publication
from batcher.limiters.redis_scripts import LOOK
from batcher.limiters.shared import TOLD_WITHIN, TROUBLE, SharedLimiter
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.quota.replay import Replay

BEAT = 0.5  # seconds from one sign of life to the next
TICK = 0.05  # seconds between two looks of the leader at the log
QUIET = 0.25  # the same, while nothing is sent
SOON = 1.0  # seconds without an event after which nothing is sent
# part of the rate by which a plan has to differ from the published one, to be published at once
WORTH_A_CALL = 0.02
MOVED = 0.005  # seconds by which its resume has to


class Leader:
    """Tends the bucket of one limiter for as long as it runs."""

    def __init__(self, limiter: SharedLimiter) -> None:
        self._limiter = limiter
        self._replay: Replay | None = None
        self._epoch = ""
        self._read = ""
        self._last_event = 0.0
        self._published: Publication | None = None

    async def run(self) -> None:
        limiter = self._limiter
        while True:
            try:
                pause = await self._round()
            except TROUBLE as error:
                self._stop_leading()
                limiter.lose(error)
                pause = BEAT
            await self._wait(pause)

    async def _wait(self, seconds: float) -> None:
        """That long, or until something has to be told."""
        limiter = self._limiter
        until = limiter.clock.now() + seconds
        while (left := until - limiter.clock.now()) > 0 and not limiter.overdue():
            with anyio.move_on_after(min(left, TOLD_WITHIN)):
                await limiter.urgent.wait()
                break
        limiter.urgent.clear()

    async def leave(self) -> None:
        """Be counted no more. A Redis that is away will find out by itself."""
        if not self._limiter.away:
            try:
                await self._limiter.bucket.leave(self._limiter.news())
            except TROUBLE:
                return

    async def _round(self) -> float:
        """Do what is due; returns the seconds until something is again."""
        limiter, away = self._limiter, self._limiter.away
        beat = await limiter.bucket.tend(
            limiter.news(), away=away, read=self._read, publish=self._published
        )
        limiter.heard(beat)
        pause = self._lead(beat, away) if beat.leading else self._stop_leading()
        if away and beat.opens_in > 0:
            return beat.opens_in
        limiter.rejoin()
        return pause

    def _lead(self, beat: Beat, away: bool) -> float:
        if self._replay is None or beat.epoch != self._epoch:
            self._begin(beat, away)
        assert self._replay is not None
        self._read = beat.newest
        for event in beat.events:
            self._replay.take(event)
            self._last_event = beat.now
        plan = self._replay.advance(beat.now)
        before = self._published
        now = self._published = Publication(
            cut=self._replay.cut, plan=plan, learned=self._replay.estimate.estimate
        )
        if before is None or _differs(before, now):
            return 0.0
        return TICK if beat.now - self._last_event < SOON else QUIET

    def _begin(self, beat: Beat, away: bool) -> None:
        """Lead, from what is known.

        After a time alone the bucket counts as empty: nobody counted what was taken.
        """
        limiter = self._limiter
        known = limiter.learned
        if beat.learned is not None or away:
            known = EstimatedQuota(
                rate=known.rate,
                burst=known.burst,
                doubt=known.doubt,
                age=0.0 if away else max(0.0, beat.idle),
            )
        self._replay = Replay(limiter.terms.estimate(beat.now, known), LOOK)
        self._epoch, self._published = beat.epoch, None
        limiter.log.info("limiter.leading", rate=round(known.rate, 3), workers=beat.workers)

    def _stop_leading(self) -> float:
        self._replay = self._published = None
        self._read = ""
        return BEAT


def _differs(before: Publication, now: Publication) -> bool:
    """Whether the difference is worth a call of its own."""
    if before.cut != now.cut or (before.plan.rate is None) != (now.plan.rate is None):
        return True
    old, new = before.plan.rate or 0.0, now.plan.rate or 0.0
    return abs(new - old) > WORTH_A_CALL * old or abs(now.plan.resume - before.plan.resume) > MOVED
