"""A run that was, read from its directory: what it was asked, and what came of it.

For the jobs that come after: retry, rollback, verify. Writes nothing.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

import msgspec

from batcher.compact import hashed
from batcher.config import Settings
from batcher.errors import JournalError, RunDirectoryError
from batcher.records import BriefResult, Result, Summary, Update
from batcher.sources.checksum import file_checksum
from batcher.sources.file_source import FileSource
from batcher.sources.input_file import open_input
from batcher.sources.line_index import LineIndex, index_lines
from batcher.storage.journal import read_brief_results, read_results
from batcher.storage.run_directory import (
    RunDirectory,
    RunManifest,
    input_difference,
    read_manifest,
    read_summary,
)
from batcher.updates.line_reader import LineReader


class RunReader:
    """The run in a directory. ``reader``: of its lines, whichever targets they name.

    Raises RunDirectoryError when there is none, or its input is gone or changed.
    """

    def __init__(self, path: Path, reader: LineReader) -> None:
        self.directory = RunDirectory(path)
        self.manifest: RunManifest = read_manifest(self.directory)
        self._reader = reader
        self._input = self._find_input()
        self._indexes: dict[str, LineIndex] | None = None

    @property
    def where(self) -> str:
        """The absolute path of its directory."""
        return str(self.directory.path.absolute())

    def results(self) -> Iterator[Result]:
        """Its results, oldest first."""
        return read_results(self.directory.results)

    @property
    def indexes(self) -> dict[str, LineIndex]:
        """Where its updates are, by target."""
        if self._indexes is None:
            self._indexes = index_lines(self._input, self._reader.default_target).targets
        return self._indexes

    def summary(self) -> Summary | None:
        """Its summary; None when it never came to one."""
        return read_summary(self.directory)

    def source(self, target: str, skip: Callable[[int], bool]) -> FileSource:
        """The updates of one target, but for those to skip."""
        return FileSource(self._input, self.indexes[target], self._reader, skip)

    def updates(self, lines: Iterable[int]) -> Iterator[Update]:
        """The updates of those lines, without AWS's time of the state that they are based on.

        The run itself may have moved that time. Raises JournalError for a line that is not there.
        """
        sources = [FileSource(self._input, found, self._reader) for found in self.indexes.values()]
        for line in lines:
            source = next((source for source in sources if source.holds(line)), None)
            if source is None:
                raise JournalError(
                    f"{self.directory.results}: has a result of line {line}, which {self._input}"
                    " has not. The file was changed by something else; restore it."
                )
            update = source.again(line)
            base = update.based_on and msgspec.structs.replace(
                update.based_on, last_updated_at=None
            )
            yield msgspec.structs.replace(update, based_on=base)

    def lines_of(self, names: Collection[str]) -> dict[str, int]:
        """The lines of the updates of those ids, as far as the input has them.

        Reads the input up to the last one.
        """
        found: dict[str, int] = {}
        with open_input(self._input) as file:
            for line, _, raw in file.lines():
                if len(found) == len(names):
                    break
                update = self._reader.read(raw, line)
                if isinstance(update, Update) and update.id in names:
                    found.setdefault(update.id, line)
        return found

    def chosen(self, wanted: Callable[[BriefResult], bool]) -> list[int]:
        """The lines whose result is wanted, in the order of the input."""
        results = read_brief_results(self.directory.results)
        return sorted(result.line for result in results if wanted(result))

    def _find_input(self) -> Path:
        """The copy in the run directory; or beside it, for a spool moves both; or where it was."""
        run, was = self.directory.path.absolute(), Path(self.manifest.input.path)
        beside, wrong = run.with_name(run.name.removesuffix(".run") + ".jsonl"), None
        for path in (run / "input.jsonl", beside, was):
            if path.is_file():
                size, sha256 = file_checksum(path)
                if sha256 == self.manifest.input.sha256:
                    return path
                wrong = (
                    f"{path}: not what the run {run} was started with any more:"
                    f" {input_difference(self.manifest.input, size, sha256)}. Put it back."
                )
        gone = f"{was}: the input of the run {run} is gone; put it back."
        raise RunDirectoryError(wrong or gone)


def trigger_key(result: Result) -> int:
    """One number for all results of one trigger."""
    return hashed(f"{result.target}\0{result.domain}\0{result.trigger}")


def settings_of(path: Path) -> Settings:
    """The settings of the run in a directory. Raises RunDirectoryError."""
    directory = RunDirectory(path)
    try:
        return Settings.from_json(read_manifest(directory).settings)
    except msgspec.ValidationError as error:
        raise RunDirectoryError(
            f"{directory.manifest}: its settings can't be read ({error})."
        ) from error
