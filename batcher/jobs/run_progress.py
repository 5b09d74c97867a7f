"""How far a run is: read at any moment, for the terminal, ``ctl``, programs and signals alike."""

from collections import Counter
from math import inf

from msgspec.structs import replace

from batcher.accounting.tally import Tally
from batcher.control.timetable_watch import TIMETABLE
from batcher.engine.breaker_gate import Away
from batcher.engine.lane import Lane
from batcher.jobs.progress_snapshot import (
    AwayTarget,
    PaceBasis,
    ProgressSnapshot,
    QuotaBasis,
    TargetProgress,
)
from batcher.jobs.rate_window import WINDOW, RateWindow
from batcher.jobs.run_execution import ApprovedRun
from batcher.jobs.time_left import LeftReckoner, QuotaInUse, TimeLeft, quota_in_use
from batcher.number_text import duration, number
from batcher.operations import UPDATE_TRIGGER
from batcher.wiring.places import by_place

RECKONED_EVERY = 1.0  # seconds
RECKONED_AT_ONCE = 100  # targets; of more a part with each reading, so that they hold nothing up,
RECKONED_WITHIN = 2.0  # seconds, all of them
AWAY_TOLD = 5  # targets that are away, by name; the others are counted
RATIO_FROM = 20  # results of a target, from which on their requests are counted
_DOUBT: tuple[QuotaBasis, ...] = ("estimate", "remembered", "guess")  # the surest first


class ProgressMeter:
    """Reads how far a run is, and how fast it was over the last seconds. Begins ``now``.

    ``at_once``: targets of which what is left is reckoned with one reading.
    """

    def __init__(self, run: ApprovedRun, now: float, *, at_once: int = RECKONED_AT_ONCE) -> None:
        self._run = run
        self._control = run.order.control
        self._began = now
        self._totals = run.state.totals  # they don't change
        at = self._unpaused(now)
        self._meters = {
            name: _TargetMeter(name, total, run.state.tallies[name], at)
            for name, total in self._totals.items()
        }
        done = sum(meter.tally.done for meter in self._meters.values())
        self._window = RateWindow(at, 0, done)
        pacers = run.connection.pacers
        self._known = {
            name: pacers.remembered(target, UPDATE_TRIGGER)
            for name, target in run.connection.targets.items()
        }
        settings = run.order.settings
        verified = 0.0 if settings.verify is None else settings.verify.fraction
        self._reckoner = LeftReckoner(
            settings, run.order.clock.wall, reads=float(run.looks) + verified
        )
        self._beside = {  # by target, the others that use its quota
            name: [each for each in names if each != name]
            for names in by_place(run.connection.targets)
            for name in names
            if len(names) > 1
        }
        self._reckoned_at = -inf
        self._at_once = at_once
        self._read_at = now
        self._due: list[str] = []  # targets of which what is left is to be reckoned
        self._told = self._control.changed
        self._sure_at = at  # when what was measured is of this pace alone

    def read(self, now: float) -> ProgressSnapshot:
        """The run at this moment. ``now`` in monotonic seconds."""
        run, at = self._run, self._unpaused(now)
        waits_for, stopped = run.waits_for, run.given_up
        away = {each.target: each for each in run.outages.now()}
        lanes = {lane.target: lane for lane in run.lanes}
        for meter in self._meters.values():
            meter.count(at)
        self._reckon(now, at, lanes, stopped.keys() | away.keys())
        targets = [
            meter.read(lanes.get(name), away.get(name), stopped.get(name))
            for name, meter in self._meters.items()
        ]
        tallies = [meter.tally for meter in self._meters.values()]
        answered = sum(tally.session_answered for tally in tallies)
        done = sum(target.done for target in targets)
        rate, results = self._window.read(at, answered, done)
        sent = answered + sum(tally.session_throttles for tally in tallies)
        errors = Counter[str]()
        for tally in tallies:
            errors.update(tally.errors)
        at_work = [each for each in targets if each.done < each.total and each.stopped is None]
        quota, quota_basis = _quota(self._one_of_each_place(at_work or targets))
        pace, pace_basis = _pace(at_work)
        targets.sort(key=lambda target: (target.is_well, target.done == target.total))
        return ProgressSnapshot(
            done=done,
            total=sum(self._totals.values()),
            failed=sum(target.failed for target in targets),
            throttled=sum(target.throttled for target in targets),
            rate=0.0 if waits_for else rate,  # that of the last seconds is over
            results=0.0 if waits_for else results,
            sent=sent > 0 or any(tally.ever_accepted for tally in tallies),
            paused=self._control.paused,
            away=_away_text(list(away.values()), alone=len(targets) == 1),
            wave=run.wave,
            waits_for=waits_for,
            in_flight=run.in_flight,
            waiting=sum(target.waiting for target in targets),
            quota=quota,
            quota_basis=quota_basis,
            pace=pace,
            pace_basis=pace_basis,
            seconds_left=self._seconds_left(at_work, waits_for),
            soak_seconds=run.soaks_left,
            questions=run.asks,
            errors=dict(errors.most_common()),
            seconds=now - self._began,
            targets=tuple(targets),
        )

    def _reckon(self, now: float, at: float, lanes: dict[str, Lane], idle: set[str]) -> None:
        """Reckon what is left, now and then; of many targets one part after the other."""
        part = (now - self._read_at) / RECKONED_WITHIN * len(self._meters)
        at_once, self._read_at = int(max(self._at_once, part)), now
        if self._control.changed is not self._told:
            self._told, self._reckoned_at = self._control.changed, -inf
            self._sure_at = at + WINDOW
        if self._reckoned_at == -inf:
            self._due, at_once = [], len(self._meters)
        if not self._due and now - self._reckoned_at >= RECKONED_EVERY:
            self._due, self._reckoned_at = list(self._meters), now
        due, self._due = self._due[:at_once], self._due[at_once:]
        pacers, targets = self._run.connection.pacers, self._run.connection.targets
        held = self._is_held
        for name in due:
            meter = self._meters[name]
            meter.quota, lane = QuotaInUse(), lanes.get(name)
            if lane is not None:
                learned, ceiling = pacers.learned(lane.pacer), targets[name].settings.ceiling
                tried = self._tried(name, sure=at >= self._sure_at)
                meter.quota = quota_in_use(lane, learned, self._known[name], ceiling, tried)
            if held or (lane is not None and name in idle):
                meter.left = TimeLeft(seconds=None if meter.remaining else 0.0)
                continue
            if lane is None:
                meter.left = meter.left_as_measured(sure=at >= self._sure_at)
                continue
            beside = [each for each in self._beside.get(name, ()) if each not in idle]
            meter.left = self._left(lane, [meter, *(self._meters[each] for each in beside)], at)

    def _tried(self, name: str, *, sure: bool) -> float | None:
        """Requests to write per second of late, of all that use a target's quota; None: unsure."""
        meters = [self._meters[each] for each in (name, *self._beside.get(name, ()))]
        measured = [meter.window.measured for meter in meters if meter.remaining]
        if not sure or None in measured:
            return None
        return sum(meter.written for meter in meters)

    def _left(self, lane: Lane, meters: list["_TargetMeter"], at: float) -> TimeLeft:
        """What is left of the first of these targets, which use one quota in turns."""
        own = meters[0].remaining
        at_work = [meter for meter in meters if meter.remaining]
        if not own:
            return TimeLeft(seconds=0.0)
        measured = [meter.window.measured for meter in at_work if at >= self._sure_at]
        known = [each for each in measured if each is not None]
        updates = sum(meter.remaining for meter in at_work)
        left = self._reckoner.left(
            lane,
            updates,
            writes=meters[0].writes_per_update,
            measured=sum(known) if len(known) == len(at_work) else None,
            quota=meters[0].quota,
        )
        return left if left.pace is None else replace(left, pace=left.pace * own / updates)

    def _one_of_each_place(self, targets: list[TargetProgress]) -> list[TargetProgress]:
        """The targets but those that have their quota together with one before them."""
        seen: set[str] = set()
        found = []
        for each in targets:
            if each.target not in seen:
                found.append(each)
                seen.update(self._beside.get(each.target, ()))
        return found

    def _seconds_left(self, at_work: list[TargetProgress], waits_for: str | None) -> float | None:
        soaks = waits_for is None or waits_for.startswith("soak")
        if self._is_held or not soaks:
            return None
        seconds = [target.seconds_left for target in at_work]
        known = [each for each in seconds if each is not None]
        if len(known) < len(seconds):
            return None
        return max(known, default=0.0) + self._run.soaks_left

    @property
    def _is_held(self) -> bool:
        """Whether it is paused, and nobody knows until when."""
        return bool(self._control.pauses.keys() - {TIMETABLE})

    def _unpaused(self, now: float) -> float:
        return now - self._control.paused_seconds(now)


class _TargetMeter:
    """One target's counts, and what was reckoned of it last."""

    def __init__(self, target: str, total: int, tally: Tally, at: float) -> None:
        self.tally = tally
        self.quota = QuotaInUse()
        self.left = TimeLeft()
        self.window = RateWindow(at, 0, tally.done)
        self._target = target
        self._total = total
        self._began = tally.done  # in the part of the session that is under way
        self._sent = 0
        self._rates = (0.0, 0.0)

    @property
    def remaining(self) -> int:
        return self._total - self.tally.done

    @property
    def writes_per_update(self) -> float:
        """Requests to write, the throttled ones included, for each result of this part."""
        done = self.tally.done - self._began
        return 1.0 if done < RATIO_FROM else self._sent / done

    @property
    def written(self) -> float:
        """Requests to write that were answered per second of late."""
        return self._rates[0]

    def left_as_measured(self, *, sure: bool) -> TimeLeft:
        """What is left where nothing is known of a quota."""
        measured = self.window.measured if sure else None
        if not self.remaining:
            return TimeLeft(seconds=0.0)
        if not measured:
            return TimeLeft()
        return TimeLeft(seconds=self.remaining / measured, pace=measured, basis="measured")

    def count(self, at: float) -> None:
        """Take in what there is by now, before anything is reckoned by it."""
        tally = self.tally
        sent = tally.session_answered + tally.session_throttles
        if sent < self._sent:  # another part of the session has begun
            self._began = tally.done
        self._sent = sent
        self._rates = self.window.read(at, tally.session_answered, tally.done)

    def read(self, lane: Lane | None, away: Away | None, stopped: str | None) -> TargetProgress:
        tally, (rate, results) = self.tally, self._rates
        return TargetProgress(
            target=self._target,
            done=tally.done,
            total=self._total,
            failed=tally.unsuccessful,
            throttled=tally.throttled,
            rate=rate,
            results=results,
            in_flight=sum(pacer.in_flight for pacer in lane.pacers) if lane else 0,
            waiting=sum(pacer.waiting for pacer in lane.pacers) if lane else 0,
            quota=self.quota.rate,
            quota_basis=self.quota.basis,
            pace=self.left.pace,
            pace_basis=self.left.basis,
            seconds_left=self.left.seconds,
            errors=dict(tally.errors.most_common()) if tally.errors else {},
            away=None if away is None else AwayTarget(seconds=away.seconds, code=away.code),
            stopped=stopped,
        )


def _quota(at_work: list[TargetProgress]) -> tuple[float | None, QuotaBasis | None]:
    """Add up the quotas, and say how well they are known; nothing where one is not."""
    known = [each.quota for each in at_work if each.quota is not None]
    if not known or len(known) < len(at_work):
        return None, None
    bases = [each.quota_basis for each in at_work if each.quota_basis is not None]
    return sum(known), max(bases, key=_DOUBT.index, default=None)


def _pace(at_work: list[TargetProgress]) -> tuple[float | None, PaceBasis | None]:
    """Add up the paces, and say what decides them where that is one thing."""
    known = [each.pace for each in at_work if each.pace is not None]
    if not known or len(known) < len(at_work):
        return None, None
    bases = {each.pace_basis for each in at_work}
    return sum(known), bases.pop() if len(bases) == 1 else None


def _away_text(away: list[Away], *, alone: bool) -> str | None:
    if not away:
        return None
    told = [
        f"target{'' if alone else f' {each.target}'} away for {duration(each.seconds)}"
        f" ({each.code})"
        for each in away[:AWAY_TOLD]
    ]
    more = len(away) - AWAY_TOLD
    return "; ".join([*told, f"and {number(more)} more targets away"] if more > 0 else told)
