"""What holds a lane up, at every instant: changes of state folded into seconds by cause.

No clock: the time of each change is an argument, monotonic seconds that never go back. What the
engine does about it is not decided here.
"""

from typing import Literal, TypeAlias

from msgspec import Struct, field
from msgspec.structs import replace

from batcher.records import Seconds

Cause: TypeAlias = Literal["paused", "token", "calling", "backoff"]
PRECEDENCE: tuple[Cause, ...] = ("paused", "token", "calling", "backoff")
REMEMBERED = 1000  # changes of cause while no call comes back: more than a lane has slots


class TimeBreakdown:
    """The seconds of one lane from ``begin`` to ``end``, by what held it up.

    The lane is held up by the first of these that is the case: the head of a line waits because the
    process was told to (``paused``), or for a ``token``; a call is on its way (``calling``); an
    update waits after a fault (``backoff``); else it is ``queued``: reading, writing results, or
    idle. Whichever of token, calling and backoff it is, it is ``unreachable`` from the beginning of
    a call that never left this machine to the next answer, and throughout an outage.
    """

    def __init__(self) -> None:
        self.wall_seconds = 0.0  # from begin to the last change
        self.busy_seconds = 0.0  # each call's time, summed up
        self.token_seconds = 0.0  # as it looked at the time: never goes down
        self._seconds = dict.fromkeys((*PRECEDENCE, "queued", "unreachable"), 0.0)
        self._unreachable = self._outage = False
        # cause and seconds of what passed since a call came back
        self._lately: list[tuple[str, float]] = []
        self._held_up: dict[Cause, int] = dict.fromkeys(PRECEDENCE, 0)
        self._present = "queued"  # what it is held up by
        self._chosen = 0  # of those that wait for a token: for a pace that somebody chose
        self._chosen_seconds = 0.0
        self._running = False
        self._since = 0.0

    def __repr__(self) -> str:
        shares = ", ".join(
            f"{cause} {seconds:.1f}"
            for cause, seconds in self._seconds.items()
            if seconds or cause not in ("unreachable", "paused")
        )
        return f"<TimeBreakdown {self._present} of {self.wall_seconds:.1f} s: {shares}>"

    def begin(self, now: float) -> None:
        """Count from now on."""
        self._since = now
        self._running = True

    def enter(self, cause: Cause, now: float, *, chosen: bool = False) -> None:
        """Count one more that waits for that cause.

        ``chosen``: for a token, and not the quota holds that back but a pace that somebody chose,
        or that nobody has found the quota yet.
        """
        self._pass(now)
        self._held_up[cause] += 1
        self._chosen += chosen
        if self._held_up[cause] == 1:  # one more of those that there are changes nothing
            self._present = self._cause()

    def leave(self, cause: Cause, now: float, *, chosen: bool = False) -> None:
        """Count one fewer that waits for that cause; ``chosen`` as it was entered."""
        self._pass(now)
        self._held_up[cause] -= 1
        self._chosen -= chosen
        if not self._held_up[cause]:
            self._present = self._cause()

    def end(self, now: float) -> None:
        """The lane's work is over; what comes later is not counted."""
        self._pass(now)
        self._running = False

    def answered(self, now: float) -> None:
        """A call was answered: requests leave this machine."""
        self._pass(now)
        self._lately.clear()
        if self._unreachable:
            self._unreachable = False
            self._present = self._cause()

    def not_sent(self, seconds: float, now: float) -> None:
        """A call came back after so many seconds and never left: nothing could be sent since."""
        self._pass(now)
        self._unreachable = True
        self._present = self._cause()
        while self._lately and seconds > 0:
            cause, passed = self._lately.pop()
            part = min(passed, seconds)
            if cause != "paused":
                self._seconds[cause] -= part
                self._seconds["unreachable"] += part
            seconds -= part
        self._lately.clear()

    def note_outage(self, *, under_way: bool, now: float) -> None:
        """The target is away from now on, or is there again."""
        self._pass(now)
        self._outage = under_way
        self._present = self._cause()

    def seconds(self) -> Seconds:
        """Seconds by cause up to the last change; they sum up to ``wall_seconds``."""
        return Seconds(**self._seconds)

    @property
    def quota_seconds(self) -> float:
        """Seconds in which a quota held back the next token."""
        return max(0.0, self._seconds["token"] - self._chosen_seconds)

    @property
    def chosen_seconds(self) -> float:
        """Seconds in which a pace held it back that was chosen, or the search for the quota."""
        return self._seconds["token"] - self.quota_seconds

    def _cause(self) -> str:
        for cause in PRECEDENCE:
            if self._held_up[cause]:
                break
        else:
            return "unreachable" if self._outage else "queued"
        away = (self._outage or self._unreachable) and cause != "paused"
        return "unreachable" if away else cause

    def _pass(self, now: float) -> None:
        passed = now - self._since
        if not passed or not self._running:
            return
        self._since = now
        self.wall_seconds += passed
        self.busy_seconds += passed * self._held_up["calling"]
        cause = self._present
        self._seconds[cause] += passed
        if cause == "token":
            self.token_seconds += passed
            self._chosen_seconds += passed if self._chosen == self._held_up["token"] else 0.0
        if cause in PRECEDENCE:
            self._lately.append((cause, passed))
            if len(self._lately) > REMEMBERED:
                del self._lately[:-REMEMBERED]


class LaneSession(Struct, frozen=True, kw_only=True):
    """How the session of one target went; by default it never started.

    ``time_breakdown``: what held its lane up; ``slots``: calls at the same time;
    ``slot_seconds``: for so long a token was there, and no slot; ``stopped``: why it was given up,
    else None.
    """

    time_breakdown: TimeBreakdown = field(default_factory=TimeBreakdown)
    slots: int = 1
    slot_seconds: float = 0.0
    stopped: str | None = None

    @property
    def wall_seconds(self) -> float:
        """From its first update to its last result."""
        return self.time_breakdown.wall_seconds

    def saved_by_quota(self, times: int) -> float:
        """Seconds by which it would have ended sooner with so many times the quota.

        None of those in which its own pace held it, and not the quota.
        """
        spent = self.time_breakdown
        held = replace(spent.seconds(), token=spent.quota_seconds)
        return saved_by_quota(times, held, busy_seconds=spent.busy_seconds, slots=self.slots)


def saved_by_quota(times: int, seconds: Seconds, *, busy_seconds: float, slots: int) -> float:
    """Seconds by which a lane would have ended sooner with so many ``times`` the quota.

    Of twice the quota half of the time in which it went at the quota's pace; not more than it
    waited for tokens, and not so much that the calls no longer fit into its slots.
    """
    paced = seconds.token + seconds.calling
    most = paced - paced / times
    return max(0.0, min(seconds.token, most, paced - busy_seconds / slots))
