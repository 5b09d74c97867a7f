"""A run that was, read from its directory: what it was asked, and what came of it.

For the jobs that come after: retry, rollback, verify. Writes nothing.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from itertools import islice
from pathlib import Path

import msgspec

from batcher.compact import LineSet, hashed
from batcher.config import REGION_VARIABLES, Settings
from batcher.errors import RunDirectoryError
from batcher.foreign_text import printable
from batcher.freed_memory import give_back_memory
from batcher.jobs.recorded_results import checked_chunks, checked_results
from batcher.records import BriefResult, NamedResult, Result, Update
from batcher.sources.file_source import FileSource, may_stay_open
from batcher.sources.input_file import open_input
from batcher.sources.input_lines import InputLines
from batcher.sources.inspection import selected_part
from batcher.sources.line_index import IndexedFile, LineIds, LineIndex, index_lines
from batcher.sources.lines_again import LinesAgain, open_lines_again
from batcher.storage.before_images import BeforeImage
from batcher.storage.hash_chain import split
from batcher.storage.journal_reader import damaged
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import RunManifest, input_difference
from batcher.storage.stored_path import stored_path
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selector
from batcher.updates.target_names import TargetNames
from batcher.version import __version__
from batcher.wiring.places import one_name_each

TOGETHER = 64  # lines of the input that are read again together


class RunReader:
    """The run in a directory. ``reader``: of its lines, whichever targets they name.

    ``place``: the directory that it is known by, which may be another that it was made from.
    ``part``: what of its input it is a run of, None for all; what is left out is in none of its
    lines and updates.

    Raises RunDirectoryError when there is none, or its input is gone or changed. Whatever reads a
    journal raises DamageError where it is not as it was written, or not of this input.
    """

    def __init__(self, path: Path, reader: LineReader, stands_for: Path | None = None) -> None:
        self.directory = RunDirectory(path)
        self.place = stands_for or path
        self.reload()
        self._reader = reader.narrowed(self.manifest.selection, _target_names(self.manifest))
        self._refuse_renamed_target()
        self._input, indexed = self._find_input()
        self.indexes: dict[str, LineIndex] = indexed.targets
        self.ids = indexed.ids
        self.lines = InputLines(indexed.targets, indexed.ids)
        selected = sum(map(len, indexed.targets.values()))
        self.part = selected_part(self._reader, indexed.left_out, selected)

    @property
    def target_names(self) -> TargetNames:
        """The targets that a selection of its lines may name."""
        return targets_to_select(self.manifest)

    def reload(self) -> None:
        """Read anew what ``run.json`` says, after it was written."""
        self.manifest: RunManifest = self.directory.read_manifest()
        self.journals = self.directory.journals()
        self._one_name = one_name_each(self.manifest.targets)

    @property
    def where(self) -> str:
        """The absolute path of the directory that it is known by."""
        return str(self.place.absolute())

    def results(self) -> Iterator[Result]:
        """Its results, oldest first."""
        return (each for _, each in checked_results(self.journals.results, self.lines, Result))

    def stored_results(self) -> Iterator[tuple[bytes, Result]]:
        """Its results, oldest first, each with its line in the journal, without chain."""
        lines = (split(line)[0] for _, line in self.journals.results.lines())
        return zip(lines, self.results(), strict=True)

    def outcomes(self) -> Iterator[BriefResult]:
        """Of each of its results, oldest first, only what the books need."""
        return (each for _, each in checked_results(self.journals.results, self.lines, BriefResult))

    def named(self) -> Iterator[list[NamedResult]]:
        """Names of each of its results, and what the books need; oldest first, some at a time."""
        found = checked_chunks(self.journals.results, self.lines, NamedResult)
        return (results for _, results in found)

    def source(self, target: str, skip: Callable[[int], bool]) -> FileSource:
        """The updates of one target, but for those to skip."""
        is_open = may_stay_open(self.indexes)
        return FileSource(self._input, self.indexes[target], self._reader, skip, stays_open=is_open)

    def updates(self, lines: Iterable[int]) -> Iterator[Update]:
        """The updates of those lines, without AWS's time of the state that they are based on.

        The run itself may have moved that time. Raises DamageError for a line that is not there.
        """
        with self.lines_again() as again:
            rest = iter(lines)
            while some := list(islice(rest, TOGETHER)):
                again.read_ahead(some)
                for line in some:
                    if (update := again.update(line)) is None:
                        what = f"has a result of line {line}, which is not in the input"
                        raise damaged(self.directory.results, what)
                    yield update

    def lines_again(self) -> AbstractContextManager[LinesAgain]:
        """Its input, open to have single lines of it read again."""
        return open_lines_again(self._input, self.lines.owners, self._reader)

    def triggers(self) -> Iterator[tuple[int, tuple[str, str] | None]]:
        """Of each of its lines the number, and domain and name of the trigger it is of."""
        return ((line, self._reader.trigger_of(raw)) for line, raw in self._raw_lines())

    def selected(self, selector: Selector) -> LineSet:
        """The lines of it that are selected. Reads the input."""
        found = LineSet()
        for line, raw in self._raw_lines():
            if self._reader.is_taken(raw, selector):
                found.add(line)
        return found

    def _raw_lines(self) -> Iterator[tuple[int, bytes]]:
        narrows, selects = self._reader.selector is not None, self._reader.selects
        with open_input(self._input) as file:
            for line, _, raw in file.lines():
                if not narrows or selects(raw):
                    yield line, raw

    def updates_but(self, done: LineSet) -> Iterator[Update]:
        """The updates of all lines but those, in the order of the input."""
        for line, raw in self._raw_lines():
            update = None if line in done else self._reader.read(raw, line)
            if isinstance(update, Update):
                yield update

    def chosen(self, wanted: Callable[[BriefResult], bool]) -> list[int]:
        """The lines whose result is wanted, in the order of the input."""
        return sorted(result.line for result in self.outcomes() if wanted(result))

    def one_target(self, name: str) -> str:
        """The one name that the place of a target has here, of those that it has."""
        return self._one_name.get(name, name)

    def trigger_key(self, result: Result | NamedResult | Update) -> int:
        """One number for all that is of one trigger, whichever names of its place it has."""
        return trigger_key(result, self._one_name)

    def image_trigger(self, image: BeforeImage) -> str:
        """One text for all images of its trigger, whichever names of its place they have."""
        target = self._one_name.get(image.target, image.target)
        return _trigger_text(target, image.DomainName, image.EventTriggerName)

    def let_go_of_lines(self) -> None:
        """Give up what is known of its input, and the memory: no line of it is read any more."""
        self.indexes, self.ids = {}, LineIds()
        self.lines = InputLines({}, self.ids)
        give_back_memory()

    def _refuse_renamed_target(self) -> None:
        now = self._reader.default_target
        if (was := self.manifest.settings.get("target", now)) != now:
            raise RunDirectoryError(
                f"{self.where}: its lines that name no target are of target {was}, and that is"
                f" {now} now. Give --target {was}, or the --config that it was started with."
            )

    def _find_input(self) -> tuple[Path, IndexedFile]:
        """The copy in the run directory; or beside it, for a spool moves both; or where it was."""
        run, known = self.directory.path.absolute(), self.manifest.input
        was, wrong = stored_path(known.path), None
        beside = run.with_name(run.name.removesuffix(".run") + ".jsonl")
        for path in (self.directory.input_copy, beside, was):
            if not path.is_file():
                continue
            size, sha256 = path.stat().st_size, "?"
            if size == known.size:
                narrows = self._reader.selects if self._reader.selector else None
                default, name = self._reader.default_target, self._reader.target_name
                found = index_lines(path, default, narrows, target_name=name)
                if found.sha256 == known.sha256:
                    return path, found
                size, sha256 = found.size, found.sha256
            wrong = (
                f"{path}: not what the run {run} was started with any more:"
                f" {input_difference(known, size, sha256)}. Put it back."
            )
        gone = f"{was}: the input of the run {run} is gone; put it back, as {beside}."
        raise RunDirectoryError(wrong or gone)


def trigger_key(result: Result | NamedResult | Update, one_name: Mapping[str, str]) -> int:
    """One number for all results and updates of one trigger. ``one_name``: as one_name_each has it.

    So it is one trigger whichever names its place has.
    """
    target = one_name.get(result.target, result.target)
    return hashed(_trigger_text(target, result.domain, result.trigger))


def _trigger_text(target: str, domain: str | None, trigger: str | None) -> str:
    return f"{target}\0{domain}\0{trigger}"


def _target_names(manifest: RunManifest) -> TargetNames:
    """What the lines of a run may call targets: as when it checked them, by account too."""
    return msgspec.structs.replace(_known_settings(manifest).target_names, is_open=True)


def targets_to_select(manifest: RunManifest) -> TargetNames:
    """The targets of a run, by name, and by the account that it was told or has seen."""
    settings, seen = _known_settings(manifest), manifest.targets
    places = {name: (each.account, each.region) for name, each in settings.targets.items()}
    places |= {name: (each.account, each.region) for name, each in seen.items()}
    return TargetNames.of(settings.target_names.names.union(seen), places)


def _known_settings(manifest: RunManifest) -> Settings:
    try:
        return Settings.from_json(manifest.settings)
    except msgspec.ValidationError:  # whoever needs them tells of it
        return Settings()


def settings_of(path: Path) -> Settings:
    """The settings of the run in a directory, with the Regions that it was in.

    Raises RunDirectoryError.
    """
    directory = RunDirectory(path)
    manifest = directory.read_manifest()
    try:
        return _in_its_regions(Settings.from_json(manifest.settings), manifest)
    except msgspec.ValidationError as error:
        began = printable(manifest.versions.get("batcher", __version__))
        other = (
            f" batcher {began} began the run, and this is {__version__}. Give the same command with"
            " that version."
        )
        raise RunDirectoryError(
            f"{directory.manifest}: its settings can't be read ({error})."
            f"{other if began != __version__ else ''}"
        ) from error


def _in_its_regions(settings: Settings, manifest: RunManifest) -> Settings:
    """Where no setting gave a Region, the environment or a profile did: the run is in that one.

    Where the environment gives one now, that is held against the run's own, and not passed over.
    """
    if any(map(os.environ.get, REGION_VARIABLES)):
        return settings
    places = manifest.targets
    others = {place.region for name, place in places.items() if name not in settings.targets}
    only = others.pop() if settings.region is None and len(others) == 1 else settings.region
    tables = {
        name: msgspec.structs.replace(table, region=places[name].region)
        if table.region is None and name in places
        else table
        for name, table in settings.targets.items()
    }
    return msgspec.structs.replace(settings, region=only, targets=tables)
