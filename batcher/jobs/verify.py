"""The proof of a run: every update accounted for once, counts as summed up, live triggers as asked;
in_doubt settled.

Reads the live triggers through the engine; writes only where something was in doubt. Says nothing
to anybody.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any

import msgspec
from anyio.abc import TaskGroup
from msgspec import Struct

from batcher.accounting.tally import Tally, recounted
from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.config import Settings
from batcher.engine.lane import Lane
from batcher.engine.retrying import Retrying
from batcher.engine.runner import Runner
from batcher.error_codes import NOT_AS_ASKED, RESOURCE_NOT_FOUND
from batcher.jobs.run_reader import RunReader, trigger_key
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, TRIGGER_NAMES
from batcher.records import STATUSES, Counts, Error, Result, Update
from batcher.storage.atomic_file import LinesFile
from batcher.triggers.diff import same
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import open_pacers
from batcher.wiring.targets import TargetConnector

SHOWN = 20  # findings of a kind that are kept to be shown; all are counted
# what says that an update in doubt did not happen
SETTLES = (NOT_AS_ASKED, RESOURCE_NOT_FOUND)


class Finding(Struct, frozen=True, kw_only=True):
    """Something about a line, or about the run (line 0), that is not as it should be."""

    line: int
    what: str


class Findings(Struct, kw_only=True):
    """Findings of one kind: the first ones, and how many in all."""

    count: int = 0
    first: list[Finding] = []

    def add(self, line: int, what: str) -> None:
        self.count += 1
        if len(self.first) < SHOWN:
            self.first.append(Finding(line=line, what=what))


class Proof(Struct, frozen=True, kw_only=True):
    """What ``verify`` found.

    ``holds``: the books are right, nothing is in doubt, and the live triggers are as asked.

    ``counts`` of the results by status; ``settled`` those that had been in doubt; ``looked_at``
    live triggers, of which ``differs`` are not as asked, and ``unread`` could not be read.
    """

    holds: bool
    updates: int
    counts: dict[str, int]
    not_started: int
    wrong: Findings
    settled: dict[str, int]
    looked_at: int
    as_asked: int
    differs: Findings
    unread: Findings


class Verification:
    """Verifies one past run, whose directory this process holds."""

    def __init__(self, past: RunReader, settings: Settings) -> None:
        self._past = past
        self._settings = settings
        self._clock = SystemClock()
        self._log = logger()
        self._in_doubt = frozenset(past.chosen(lambda result: result.status == "in_doubt"))
        self._set_later = _set_later(past, self._in_doubt)
        # what became of lines in doubt: None for as asked
        self._settled: dict[int, Error | None] = {}
        self._looked_at = self._as_asked = 0
        self._differs, self._unread = Findings(), Findings()

    async def run(self, *, live: bool = True) -> Proof:
        """Prove it.

        ``live``: look at every trigger that the run changed, else only at those in doubt.
        """
        await self._look(self._in_doubt | (_last_lines(self._past) if live else frozenset()))
        if self._settled:
            self._write_settled()
        counts, not_started, wrong = self._books()
        return Proof(
            holds=not (
                wrong.count or self._differs.count or self._unread.count or counts["in_doubt"]
            ),
            updates=counts.total() + not_started,
            counts=dict(counts),
            not_started=not_started,
            wrong=wrong,
            settled=dict(
                Counter(
                    "succeeded" if error is None else "failed" for error in self._settled.values()
                )
            ),
            looked_at=self._looked_at,
            as_asked=self._as_asked,
            differs=self._differs,
            unread=self._unread,
        )

    def asked(self, update: Update) -> dict[str, Any]:
        """What can be seen of an update: the members that no later update of this run has set."""
        later = self._set_later.get(update.line, frozenset())
        return {
            name: value
            for name, value in update.request.items()
            if name in TRIGGER_NAMES or name not in later
        }

    async def _look(self, lines: Collection[int]) -> None:
        runner = Runner(journal=_Nowhere(), log=self._log, on_result=self._seen)

        async def start(tasks: TaskGroup) -> None:
            for name, target in targets.items():
                source = self._past.source(name, skip=lambda line: line not in lines)
                tally = Tally()
                looking = _Looking(lanes.reading(target, GET_TRIGGER, tally), self.asked)
                lane = Lane(
                    target=name, source=source, pacer=looking.pacer, settler=looking, tally=tally
                )
                runner.start(lane, tasks)

        concerned = [
            name
            for name, found in self._past.indexes.items()
            if any(line in lines for line in found.lines)
        ]
        opened = open_pacers(self._settings, clock=self._clock, log=self._log)
        async with opened as pacers, AsyncExitStack() as stack:
            lanes = Lanes(self._settings, pacers, clock=self._clock, log=self._log)
            targets, unusable = await TargetConnector(self._settings).connect(concerned, stack)
            for error in unusable.values():
                raise error
            await runner.run(start)

    async def _seen(self, result: Result) -> None:
        self._looked_at += 1
        if result.line in self._in_doubt and (result.error is None or result.error.code in SETTLES):
            self._settled[result.line] = result.error
        elif result.error is None:
            self._as_asked += 1
        else:
            findings = self._differs if result.error.code in SETTLES else self._unread
            where = f"{result.domain}/{result.trigger}"
            findings.add(result.line, f"{where}: {result.error.code}: {result.error.message}")

    def _write_settled(self) -> None:
        """Replace the records that were in doubt, and what was made from them."""
        encode, tallies = msgspec.json.Encoder().encode, defaultdict[str, Tally](Tally)
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with LinesFile(self._past.directory.results) as file:
            for result in self._past.results():
                if result.line in self._settled:
                    error = self._settled[result.line]
                    status = "succeeded" if error is None else "failed"
                    result = msgspec.structs.replace(
                        result, status=status, error=error, finished_at=now
                    )
                tallies[result.target].add(result)
                file.write(encode(result) + b"\n")
            file.keep()
        self._past.write_failed()
        if (summary := self._past.summary()) is not None:
            self._past.directory.write_summary(recounted(summary, tallies))

    def _books(self) -> tuple[Counter[str], int, Findings]:
        """Every line of the input once among the results, or not started; the counts as in the
        summary.
        """
        seen, wrong = LineSet(), Findings()
        per_target = defaultdict[str, Counter[str]](Counter)
        indexes = self._past.indexes.values()
        for result in self._past.results():
            if result.line in seen:
                wrong.add(result.line, "has more than one result")
                continue
            seen.add(result.line)
            if not any(result.line in found for found in indexes):
                wrong.add(result.line, "has a result and is not in the input")
                continue
            per_target[result.target][result.status] += 1
        counts = sum(per_target.values(), Counter[str]())
        not_started = sum(map(len, indexes)) - counts.total()
        self._hold_summary(counts, per_target, not_started, wrong)
        return counts, not_started, wrong

    def _hold_summary(
        self,
        counts: Counter[str],
        per_target: Mapping[str, Counter[str]],
        not_started: int,
        wrong: Findings,
    ) -> None:
        summary = self._past.summary()
        if summary is None:
            wrong.add(
                0,
                "there is no summary.json: the run did not come to its end; start it again to"
                " resume it",
            )
            return
        if summary.not_started != not_started:
            wrong.add(
                0,
                f"summary.json says {summary.not_started} not_started, the results say"
                f" {not_started}",
            )
        _hold(summary, counts, "", wrong)
        for target, part in summary.targets.items() if isinstance(summary.targets, dict) else ():
            _hold(part, per_target[target], f" of target {target}", wrong)


def _hold(said: Counts, counts: Counter[str], whose: str, wrong: Findings) -> None:
    for status in STATUSES:
        if getattr(said, status) != counts[status]:
            wrong.add(
                0,
                f"summary.json says {getattr(said, status)} {status}{whose}, the results say"
                f" {counts[status]}",
            )


class _Looking:
    """A Settler that only looks: succeeded when the live trigger is as asked."""

    def __init__(self, reading: Retrying, asked: Callable[[Update], dict[str, Any]]) -> None:
        self.pacer = reading.pacer
        self._reading = reading
        self._asked = asked

    async def settle(self, update: Update) -> Result | None:
        state = await self._reading.run_attempts_for(update)
        if state is None or state.last is None:
            return None
        result = state.result(update, state.started_at)
        asked, current = self._asked(update), state.last.answer
        if current is None or same(asked, current):
            return result
        off = [name for name in asked if not same({name: asked[name]}, current)]
        error = Error(code=NOT_AS_ASKED, message=f"the live trigger differs in {', '.join(off)}")
        return msgspec.structs.replace(result, status="failed", error=error)


class _Nowhere:
    """A Journal for results that are only looked at."""

    async def append(self, result: Result) -> None:
        return None


def _last_lines(past: RunReader) -> frozenset[int]:
    """Of each trigger the line of the last update that succeeded."""
    last: dict[int, int] = {}
    for result in past.results():
        if result.status in ("succeeded", "unchanged"):
            last[trigger_key(result)] = max(last.get(trigger_key(result), 0), result.line)
    return frozenset(last.values())


def _set_later(past: RunReader, in_doubt: frozenset[int]) -> dict[int, frozenset[str]]:
    """For lines in doubt, the members that later updates of the same trigger have set."""
    doubted: dict[int, list[int]] = {}
    for result in past.results():
        if result.line in in_doubt:
            doubted.setdefault(trigger_key(result), []).append(result.line)
    later: dict[int, frozenset[str]] = {}
    for result in past.results():
        if result.status == "succeeded" and trigger_key(result) in doubted:
            (update,) = past.updates([result.line])
            for line in doubted[trigger_key(result)]:
                if line < result.line:
                    later[line] = later.get(line, frozenset()) | frozenset(update.request)
    return later
