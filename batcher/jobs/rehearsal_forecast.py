"""How long a rehearsed run takes at its real pace, and by how much the rehearsal is sped up."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from math import inf

from batcher.accounting.completion_time import longest
from batcher.accounting.timed_pace import TimedPace
from batcher.config import Settings
from batcher.jobs.rehearsed_targets import RehearsedTarget
from batcher.jobs.run_forecast import SharedLoad, TargetForecast, forecast, hold_against
from batcher.number_text import duration
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER

LASTS = 5.0  # seconds that a run is sped up to, where nobody says by how much


class RehearsalForecast:
    """Forecasts of targets, at a moment. ``now``: UTC."""

    def __init__(
        self, settings: Settings, targets: Mapping[str, RehearsedTarget], now: str
    ) -> None:
        self._settings = settings
        self._targets = targets
        self._now = now
        self._at: dict[tuple[str, str, str], list[str]] = {}  # the targets of each place
        for name, target in targets.items():
            self._at.setdefault(target.place, []).append(name)

    def run(self, updates: Mapping[str, int], *, looks: bool) -> dict[str, TargetForecast]:
        """Of a run of so many updates of each target, by its timetable."""
        settings, timed = self._settings, None
        if settings.timetable is not None:
            begin = datetime.fromisoformat(self._now).timestamp()
            timed = TimedPace(timetable=settings.timetable, zone=settings.zone, begin=begin)
        read_back = 0.0 if settings.verify is None else settings.verify.fraction
        return {
            name: self._of(
                name,
                count,
                looks=looks,
                read_back=read_back,
                timed=timed,
                others=self._others(name, updates),
            )
            for name, count in updates.items()
        }

    def undo(self, updates: Mapping[str, int]) -> dict[str, TargetForecast]:
        """Of a rollback of so many updates of each target, which keeps to no timetable."""
        return {
            name: self._of(name, count, looks=True, others=self._others(name, updates))
            for name, count in updates.items()
        }

    def speed(self, updates: Mapping[str, int]) -> float:
        """How much faster than for real a run of so many updates has to go to be short."""
        works = [each.work for each in self.undo(updates).values()]
        return max(1.0, (longest(works) or 0.0) / LASTS)

    def late(self, forecasts: Collection[TargetForecast]) -> Iterator[str]:
        """In words, which targets can't keep the deadline of the settings, or never end."""
        endless = [each for each in forecasts if each.work.seconds == inf]
        for each in endless:
            yield f"target {each.target} would not end within a year, by --timetable"
        if self._settings.deadline is None:
            return
        now = datetime.fromisoformat(self._now).astimezone().replace(tzinfo=None)
        found = hold_against(
            self._settings.deadline, [each for each in forecasts if each not in endless], now
        )
        for each in found.late:
            takes = duration(each.least.seconds or 0.0)
            yield (
                f"target {each.target} would not end by --deadline {found.deadline}: it takes"
                f" {takes} and has {duration(max(0.0, found.seconds_left))}"
            )

    def _of(
        self,
        name: str,
        updates: int,
        *,
        looks: bool,
        read_back: float = 0.0,
        timed: TimedPace | None = None,
        others: Sequence[SharedLoad] = (),
    ) -> TargetForecast:
        target = self._targets[name]
        return forecast(
            name,
            self._settings.for_target(name),
            updates=updates,
            looks=looks,
            read_back=read_back,
            writing=target.quota(UPDATE_TRIGGER, self._now),
            reading=target.quota(GET_TRIGGER, self._now),
            now=self._now,
            timed=timed,
            others=others,
        )

    def _others(self, name: str, updates: Mapping[str, int]) -> list[SharedLoad]:
        """The targets that are one place with that one, and have something to do."""
        return [
            SharedLoad(other, self._settings.for_target(other), updates[other])
            for other in self._at[self._targets[name].place]
            if other != name and updates.get(other)
        ]


def seconds_of(forecasts: Collection[TargetForecast]) -> float | None:
    """How long the longest of them takes; None where nobody can say."""
    return longest([each.work for each in forecasts])
