"""How long a target still takes: what is left, by its quota and whatever bounds that."""

from collections.abc import Callable
from typing import Any

import pytest

from batcher.accounting.tally import Tally
from batcher.accounting.timetable import Timetable
from batcher.config import Settings
from batcher.config.value_kinds import TimeZone
from batcher.control.timetable_watch import TIMETABLE
from batcher.engine.lane import Lane
from batcher.engine.pace_control import PaceControl, PaceGate
from batcher.engine.pacing import Pacer
from batcher.jobs.time_left import LeftReckoner, QuotaInUse, TimeLeft, quota_in_use
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.quota_file import Remembered
from batcher.testing import ListSource, LoopClock, OpenLimiter, in_virtual_time

FRIDAY_NOON = "2026-11-27T12:00:00.000Z"


class Bucket(OpenLimiter):
    """A limiter at a rate."""

    def __init__(self, rate: float | None) -> None:
        super().__init__()
        self.rate = self.own_rate = rate


def lane(
    writing: float | None, reading: float | None = None, control: PaceControl | None = None
) -> Lane:
    clock = LoopClock()
    control = control or PaceControl(clock)
    gate = PaceGate(control, quota=lambda: writing)
    reader = None
    if reading is not None:
        reader = Pacer(Bucket(reading), 10, clock, gate=PaceGate(control, takes_rate=False))
    pacer = Pacer(Bucket(writing), 10, clock, gate=gate)
    unused: Any = None
    made = Lane(target="default", source=ListSource([]), pacer=pacer, settler=unused, tally=Tally())
    made.reading = reader
    return made


def left(
    of: Callable[[], Lane], updates: int = 100, settings: Settings | None = None, **more: Any
) -> TimeLeft:
    given = {"writes": 1.0, "measured": None, "quota": QuotaInUse()} | more

    async def reckon() -> TimeLeft:
        reckoner = LeftReckoner(settings or Settings(), lambda: FRIDAY_NOON, reads=1.0)
        return reckoner.left(of(), updates, **given)

    return in_virtual_time(reckon())


@pytest.mark.parametrize(
    ("of", "more", "seconds", "basis"),
    [
        # 100 updates at 5/s
        (lambda: lane(5.0), {}, 20.0, "quota"),
        # a slow quota of which the last ten seconds say nothing
        (lambda: lane(0.05), {}, 2000.0, "quota"),
        (lambda: lane(5.0), {"quota": QuotaInUse(limited=True)}, 20.0, "limit"),
        (lambda: lane(5.0), {"quota": QuotaInUse(searched=True)}, 20.0, "search"),
        # every fifth of them needs a second request, or is throttled
        (lambda: lane(6.0), {"writes": 1.2}, 20.0, "quota"),
        # looked at first, at 2/s
        (lambda: lane(5.0, 2.0), {}, 50.0, "reading"),
        # but where it is known what comes of both, that counts
        (lambda: lane(5.0, 2.0), {"measured": 5.0}, 20.0, "quota"),
        # answers take so long that the slots don't suffice
        (lambda: lane(50.0), {"measured": 10.0}, 10.0, "measured"),
        # the looks before them take so long: their quota is what they keep to
        (lambda: lane(50.0, 10.0), {"measured": 10.0}, 10.0, "reading"),
        (lambda: lane(50.0, 20.0), {"measured": 10.0}, 10.0, "measured"),
        (lambda: lane(None, 21.0), {"measured": 20.0}, 5.0, "reading"),
        # a bit slower than the quota is the quota
        (lambda: lane(50.0), {"measured": 45.0}, 2.0, "quota"),
        # nothing has to be sent: all is as asked
        (lambda: lane(5.0), {"writes": 0.0, "measured": 25.0}, 4.0, "measured"),
        (lambda: lane(5.0), {"writes": 0.0}, None, None),
        (lambda: lane(None), {}, None, None),
        (lambda: lane(None), {"updates": 0}, 0.0, None),
        (lambda: lane(None), {"measured": 20.0}, 5.0, "measured"),
    ],
)
def test_what_is_left_is_what_quota_and_bounds_allow(
    of: Callable[[], Lane], more: dict[str, Any], seconds: float | None, basis: str | None
) -> None:
    found = left(of, **more)
    assert found.seconds == (None if seconds is None else pytest.approx(seconds))
    assert found.basis == basis


def test_what_the_process_was_told_bounds_it_and_is_the_basis() -> None:
    def bounded() -> Lane:
        control = PaceControl(LoopClock())
        control.bound("ctl", rate=2.0)
        return lane(5.0, control=control)

    assert left(bounded) == TimeLeft(seconds=50.0, pace=2.0, basis="limit")


def test_what_is_measured_while_no_rule_of_a_timetable_counts_is_what_is_to_come() -> None:
    settings = Settings(timetable=Timetable("22:00-23:00 pause"), timezone=TimeZone("UTC"))
    searched = left(lambda: lane(80.0, 4.0), settings=settings, measured=5.0)
    assert searched == TimeLeft(seconds=20.0, pace=5.0, basis="measured")
    assert left(lambda: lane(1.0, 4.0), settings=settings, writes=0.0, measured=5.0) == searched


def test_a_timetable_is_walked_through_and_its_bound_of_the_moment_is_none_for_ever() -> None:
    """At noon 10 %; from 13:00 on all: 360 in the first hour at 0.1/s, 3,600 at 1/s after it."""

    def bounded() -> Lane:
        control = PaceControl(LoopClock())
        control.bound(TIMETABLE, share=0.1)
        return lane(1.0, control=control)

    settings = Settings(timetable=Timetable("08:00-13:00 share=10%"), timezone=TimeZone("UTC"))
    found = left(bounded, 3960, settings, measured=0.1)
    assert found.seconds == pytest.approx(2 * 3600)
    never = Settings(timetable=Timetable("* pause"), timezone=TimeZone("UTC"))
    assert left(bounded, 10, never).seconds is None


@pytest.mark.parametrize(
    ("rate", "learned", "known", "ceiling", "wanted"),
    [
        # no throttle so far: how fast is searched says nothing of the quota
        (8.0, EstimatedQuota(rate=1.0), None, None, QuotaInUse(searched=True)),
        (
            8.0,
            EstimatedQuota(rate=1.0, burst=5.0),
            None,
            None,
            QuotaInUse(rate=8.0, basis="guess"),
        ),
        # what was set is below any quota that was met
        (2.0, EstimatedQuota(rate=1.0), None, 2.0, QuotaInUse(limited=True)),
        (None, EstimatedQuota(rate=1.0), None, None, QuotaInUse()),
        (
            4.9,
            EstimatedQuota(rate=5.0, doubt=0.01),
            None,
            None,
            QuotaInUse(rate=5.0, basis="estimate"),
        ),
        (
            5.0,
            EstimatedQuota(rate=5.0, doubt=0.01),
            5.0,
            9.0,
            QuotaInUse(rate=5.0, basis="remembered"),
        ),
        (
            5.1,
            EstimatedQuota(rate=5.1, doubt=0.01),
            5.0,
            5.1,
            QuotaInUse(rate=5.1, basis="estimate", limited=True),
        ),
    ],
)
def test_a_quota_is_an_estimate_a_remembered_one_a_guess_or_not_known(
    rate: float | None,
    learned: EstimatedQuota,
    known: float | None,
    ceiling: float | None,
    wanted: QuotaInUse,
) -> None:
    before = None
    if known is not None:
        before = Remembered(
            account="1",
            region="eu-west-1",
            operation="UpdateEventTrigger",
            rate=known,
            burst=5.0,
            doubt=0.01,
            learned_at=FRIDAY_NOON,
            used_at=FRIDAY_NOON,
        )

    async def ask() -> QuotaInUse:
        return quota_in_use(lane(rate), learned, before, ceiling)

    assert in_virtual_time(ask()) == wanted


@pytest.mark.parametrize(
    ("tried", "wanted"),
    [
        (None, QuotaInUse(rate=148.0, basis="guess")),
        (140.0, QuotaInUse(rate=148.0, basis="guess")),
        # it is far from that: the looks hold it at 30/s, and the search for the quota goes on
        (30.0, QuotaInUse(searched=True)),
    ],
)
def test_a_guess_that_nothing_came_near_is_none(tried: float | None, wanted: QuotaInUse) -> None:
    async def ask() -> QuotaInUse:
        found = EstimatedQuota(rate=148.0, burst=30.0)
        return quota_in_use(lane(148.0), found, None, None, tried)

    assert in_virtual_time(ask()) == wanted
