"""What a run starts from: its checked input, and what earlier sessions of it wrote.

Sends and writes nothing, but for copies of an input that can't be read twice.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import reduce
from pathlib import Path

import msgspec
from msgspec import UNSET, Struct

from batcher.accounting.tally import Tally, recounted, summarize
from batcher.accounting.target_tallies import TargetTallies
from batcher.accounting.time_spent import NOTHING_SPENT, RunTimeSpent
from batcher.compact import LineSet
from batcher.errors import RunDirectoryError
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.failed_lines import is_as_written
from batcher.jobs.images_in_flight import ImagesInFlight
from batcher.jobs.recorded_results import checked_chunks
from batcher.jobs.run_order import RunOrder
from batcher.jobs.run_reader import RunReader
from batcher.jobs.wave_plan import WavePlan, wave_plan
from batcher.jobs.waves import ChangedUpdates
from batcher.records import BriefResult, RequestCount, Result, SelectedPart, Summary
from batcher.sources.checksum import file_checksum
from batcher.sources.file_source import FileSource
from batcher.sources.input_lines import InputLines
from batcher.sources.inspection import (
    Inspection,
    OnHint,
    OnUpdate,
    OnViolation,
    inspect,
    selected_part,
)
from batcher.sources.line_index import index_lines
from batcher.sources.line_order import raise_earlier_lines
from batcher.sources.local_file import local_file
from batcher.storage.atomic_file import AtomicFile
from batcher.storage.before_images import ImageInFlight
from batcher.storage.file_system import hidden_name, remove
from batcher.storage.hash_chain import ChainTip
from batcher.storage.journal_reader import JournalReader
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_journals import Heads, RunJournals
from batcher.storage.run_manifest import RecordedLint
from batcher.storage.run_sessions import keeps_images
from batcher.storage.wave_file import WaveProgress, read_waves
from batcher.updates.line_reader import LineReader
from batcher.wiring.line_readers import line_reader


class RunState(Struct, frozen=True, kw_only=True, eq=False):
    """Which updates a run has, and what became of them so far.

    ``begun``: by an earlier session; ``lines`` of each target, with those that are skipped as
    invalid and name it, or none; ``restored``: results of earlier sessions; ``in_flight``:
    the images of updates that those may have sent without an answer, by their ids.
    ``may_lack_images``: those may have sent what has none, as they kept none, or created triggers.
    ``results_tip`` and ``images_tip``: where the journals end; ``heads``: theirs at the start.
    ``part``: what of the input, or of the run that it follows, it is a run of, None for all.
    ``spent``: what earlier sessions took. ``finished``: the summary of a run that has all its
    results and whose books are closed.
    ``plan``: its waves, and ``progress``: how far earlier sessions came with them. ``lint``: what
    it found in the input, where that was looked for now. ``invalid``: of ``lines`` those that are
    left out as invalid.
    ``done`` (the lines that have a result), ``tallies`` (by target), ``changed`` (the updates that
    changed something) and the tips grow with the run; ``left_at``: how many lines of each target
    were left when so many were done, for the last number that was asked for.
    """

    file: CheckedFile
    begun: bool
    lines: dict[str, LineSet]
    restored: int
    in_flight: dict[str, ImageInFlight]
    results_tip: ChainTip
    images_tip: ChainTip
    may_lack_images: bool
    heads: Heads
    part: SelectedPart | None
    spent: RunTimeSpent
    finished: Summary | None
    done: LineSet
    tallies: dict[str, Tally]
    changed: ChangedUpdates
    plan: WavePlan
    progress: WaveProgress
    lint: RecordedLint | None = None
    invalid: dict[str, LineSet] = msgspec.field(default_factory=dict)
    left_at: dict[int, dict[str, int]] = msgspec.field(default_factory=dict)

    @property
    def inspection(self) -> Inspection:
        return self.file.inspection

    @property
    def totals(self) -> dict[str, int]:
        """How many updates each target has."""
        return {name: len(lines) for name, lines in self.lines.items()}

    def left_of(self, target: str) -> int:
        """How many lines of a target have no result yet."""
        return self._left()[target]

    def to_send_of(self, target: str) -> int:
        """How many of these are updates: an invalid line has a result, and is not sent."""
        return self.left_of(target) - self._invalid_left_of(target)

    @property
    def invalid_left(self) -> int:
        """Invalid lines that have no result yet: those of earlier sessions are booked."""
        return sum(map(self._invalid_left_of, self.invalid))

    def _invalid_left_of(self, target: str) -> int:
        skipped = self.invalid.get(target)
        return 0 if skipped is None else len(skipped.without(self.done))

    @property
    def valid_totals(self) -> dict[str, int]:
        """How many updates each target has that can be sent."""
        return {name: n - len(self.invalid.get(name, ())) for name, n in self.totals.items()}

    @property
    def left(self) -> int:
        """Updates that have no result yet."""
        return sum(self._left().values())

    def _left(self) -> dict[str, int]:
        """Of each target how many lines have no result; of ten million that takes a second."""
        if (now := len(self.done)) not in self.left_at:
            self.left_at.clear()
            self.left_at[now] = {
                name: len(lines.without(self.done)) for name, lines in self.lines.items()
            }
        return self.left_at[now]

    @property
    def soaks(self) -> float:
        """Seconds of soaks between the waves that are left."""
        return self.plan.soaks(self.progress.passed)

    @property
    def unfinished(self) -> list[str]:
        """The targets that have updates left."""
        left = self._left()
        return [name for name in self.inspection.targets if left[name]]

    def source(
        self,
        target: str,
        skip: Callable[[int], bool] | None = None,
        order: Iterable[int] | None = None,
    ) -> FileSource:
        """The updates of a target. ``skip`` and ``order`` as in FileSource."""
        return self.file.lane_source(self.inspection.targets[target], skip, order)

    def summary(self, reason: str) -> Summary:
        """The summary of the sessions before, and why this one starts nothing."""
        summary = summarize(
            self.tallies, self.totals, {}, wall_seconds=0.0, stopped=reason, earlier=self.spent
        )
        return msgspec.structs.replace(summary, selection=self.part or UNSET)


def read_input(
    order: RunOrder,
    on_violation: OnViolation | None,
    on_hint: OnHint | None = None,
    on_update: OnUpdate | None = None,
) -> CheckedFile:
    """Check every line; of an input that an earlier session has checked only find the lines.

    ``on_update`` is told of each update of a line that is checked.
    Raises InputError when it can't be read, RunDirectoryError when it is another one than before.
    """
    settings, directory, reader = (
        order.settings,
        order.directory,
        line_reader(order.settings, selection=order.selection),
    )
    begun = directory.manifest.exists()
    copy = order.copies / "input.jsonl"
    copy = hidden_name(copy) if begun else copy
    if isinstance(order.origin, str):
        path = local_file(order.origin, copy, profile=settings.profile, region=settings.region)
    else:
        path = _written(order.origin, copy)
    if path == copy and begun:
        path = _recognised(copy, directory)
    if begun and not settings.skip_invalid:
        found = _inspected_before(path, reader)
    else:
        found = inspect(
            path, reader, on_violation=on_violation, on_hint=on_hint, on_update=on_update
        )
    raise_earlier_lines(path, reader, found.targets)
    if begun:  # of what was read just now, line by line
        directory.check_same_input(found.size, found.sha256, found.in_file)
    origin = order.origin if isinstance(order.origin, str) else str(path)
    return CheckedFile(origin=origin, settings=settings, path=path, inspection=found, reader=reader)


def restore(
    order: RunOrder, file: CheckedFile, journals: RunJournals, lint: RecordedLint | None = None
) -> RunState:
    """Take over the results that earlier sessions wrote into the journals of the run.

    Raises DamageError where a file of theirs is not as they left it, RunDirectoryError.
    """
    directory, inspection, input_lines = order.directory, file.inspection, file.inspection.lines()
    begun = directory.manifest.exists()
    lines = dict(input_lines.of_target)
    counted = TargetTallies(lines)
    found = _Restored()
    plan = wave_plan(order.settings, sum(map(len, inspection.targets.values())))
    progress = read_waves(directory.waves)
    changed = ChangedUpdates(plan.limits if plan.in_waves else (), order.settings.canary or 0)
    kind: type[BriefResult | Result] = Result if plan.in_waves else BriefResult
    for _, results in checked_chunks(journals.results, input_lines, kind, found.done):
        changed.add_all(results)
        found.note_images(results)
        counted.add_all(results)
        found.note_invalid(results)
    invalid = _invalid_of(inspection, found) if order.settings.skip_invalid else {}
    _add_all(lines, invalid)
    tallies = counted.by_target()
    tallies.update({name: Tally() for name in lines.keys() - tallies.keys()})
    spent = _spent(directory, tallies) if begun else NOTHING_SPENT
    for name, tally in tallies.items():
        tally.begin_session(spent.of(name).throttles)
    unchecked = plan.check is not None and changed.count > progress.passed
    is_open = not begun or unchecked or progress.ended is not None
    images_tip = journals.before.tip()
    sessions = directory.read_manifest().sessions if begun else []
    creates = order.settings.create_missing
    return RunState(
        file=file,
        begun=begun,
        lines=lines,
        restored=len(found.done),
        in_flight=found.in_flight(journals.before, input_lines),
        results_tip=journals.results.tip(),
        images_tip=images_tip,
        may_lack_images=creates or not (images_tip.lines and keeps_images(sessions)),
        heads=journals.heads(next=journals.known and journals.known.next),
        part=inspection.part or order.following.part,
        spent=spent,
        finished=None if is_open else _finished(order, lines, found.done, tallies),
        done=found.done,
        tallies=tallies,
        changed=changed,
        plan=plan,
        progress=progress,
        lint=lint,
        invalid=invalid,
    )


def _invalid_of(inspection: Inspection, found: "_Restored") -> dict[str, LineSet]:
    """The invalid lines by target: where a session has booked them, else where this one does."""
    booked = reduce(LineSet.union, found.invalid_of.values(), LineSet())
    rest = {name: lines.without(booked) for name, lines in inspection.invalid_of.items()}
    of_targets = dict(found.invalid_of)
    _add_all(of_targets, {name: lines for name, lines in rest.items() if lines})
    return of_targets


def _add_all(lines: dict[str, LineSet], more: Mapping[str, LineSet]) -> None:
    for name, each in more.items():
        lines[name] = lines[name].union(each) if name in lines else each


def _spent(directory: RunDirectory, tallies: Mapping[str, Tally]) -> RunTimeSpent:
    """What the sessions so far took, the requests of all of their results among it."""
    counted = {
        name: RequestCount(attempts=tally.attempts, throttles=tally.throttles)
        for name, tally in tallies.items()
    }
    spent = _kept(directory).with_all(counted)
    return spent.with_killed() if directory.was_killed else spent


def _kept(directory: RunDirectory) -> RunTimeSpent:
    """What the sessions so far took, by ``run.json``, else by the summary of the last one."""
    if (known := directory.read_manifest().spent) is not None:
        return known
    if (summary := directory.read_summary()) is not None:
        with suppress(ValueError, OverflowError):  # numbers that can't be
            said = msgspec.to_builtins(RunTimeSpent.of_summary(summary))
            return msgspec.convert(said, RunTimeSpent)
    return NOTHING_SPENT


def _finished(
    order: RunOrder, lines: Mapping[str, LineSet], done: LineSet, tallies: dict[str, Tally]
) -> Summary | None:
    """The summary of a run that has all its results, and whose other files are as they say."""
    directory = order.directory
    summary, known = directory.read_summary(), directory.read_manifest().heads
    if (
        summary is None
        or summary.stopped is not None
        or summary.total != sum(map(len, lines.values()))
        or any(each.without(done) for each in lines.values())
        or recounted(summary, defaultdict(Tally, tallies)) != summary
        or (known is not None and known.next is not None)
        or not _has_failed_lines(order, summary)
    ):
        return None
    return summary


def _has_failed_lines(order: RunOrder, summary: Summary) -> bool:
    """Whether ``failed.jsonl`` is as it has to be, as far as the input is where it was."""
    if not summary.failed and not summary.in_doubt:
        return not order.directory.failed.exists()
    with suppress(RunDirectoryError):
        reader = line_reader(order.settings, any_target=True)
        return is_as_written(RunReader(order.directory.path, reader))
    return order.directory.failed.exists()


class _Restored:
    """Which lines have results, and which of these have images.

    ``invalid_of``: those that were invalid, by target.
    """

    def __init__(self) -> None:
        self.done = LineSet()
        self.invalid_of: dict[str, LineSet] = {}
        self._images = ImagesInFlight(self.done)

    def note_invalid(self, results: Sequence[BriefResult | Result]) -> None:
        if "invalid" in [each.status for each in results]:
            for each in results:
                if each.status == "invalid":
                    self.invalid_of.setdefault(each.target, LineSet()).add(each.line)

    def note_images(self, results: Sequence[BriefResult | Result]) -> None:
        self._images.note(results)

    def in_flight(self, before: JournalReader, lines: InputLines) -> dict[str, ImageInFlight]:
        """The images without a result, by id; rarely one that has one, which nobody asks for."""
        return dict(self._images.without_result(before, lines))


def _written(lines: Iterable[bytes], path: Path) -> Path:
    with AtomicFile(path, replace=True) as file:
        for line in lines:
            file.write(line)
        file.commit()
    return path


def _recognised(copy: Path, directory: RunDirectory) -> Path:
    """Refuse another input than that of the sessions before; the first copy of it is what counts.

    ``copy``: the one made just now; it is removed.
    """
    try:
        directory.check_same_input(*file_checksum(copy))
    finally:
        remove(copy)
    return directory.input_copy


def _inspected_before(path: Path, reader: LineReader) -> Inspection:
    selects = reader.selects if reader.selector else None
    file = index_lines(
        path, reader.default_target, selects, reader.default_priority, reader.target_name
    )
    total = sum(map(len, file.targets.values()))
    return Inspection(
        total=total,
        invalid=0,
        violations=0,
        targets=file.targets,
        size=file.size,
        sha256=file.sha256,
        ids=file.ids,
        part=selected_part(reader, file.left_out, total),
    )
