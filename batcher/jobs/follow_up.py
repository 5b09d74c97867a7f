"""A run made from another run's books: the lines of a retry or a rollback, and their place."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import msgspec
from msgspec import UNSET, Struct, UnsetType

from batcher.config import Settings
from batcher.errors import RunDirectoryError, SettingsError
from batcher.jobs.failed_lines import renew_family
from batcher.jobs.own_input import refuse_own_input
from batcher.jobs.recorded_images import missing_triggers
from batcher.jobs.results_run import TimeSpan, results_as_run
from batcher.jobs.run import OpenRun, open_run
from batcher.jobs.run_order import (
    UNDO_PRIORITY,
    Following,
    is_complete,
)
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.records import SelectedPart, Superseded
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK
from batcher.storage.run_retries import RETRY
from batcher.storage.stored_path import text_of_path
from batcher.wiring.line_readers import line_reader


class RunPlace(Struct, frozen=True, kw_only=True):
    """The run directory to use, and those that are unfinished with other updates and stay so."""

    directory: Path
    left_alone: list[Path]


class FollowUp:
    """The lines of a run that follows another one, as they are made. ``kind``: retry or rollback.

    ``run``: the old one; ``settings``: its own, but for what was meant for its start only, and a
    rollback's priority;
    ``notes``, in words: what is no part of it; ``when_made`` is called when all lines are there;
    ``recreate``: what an update can't put back is deleted and created anew, as in the run that a
    retry is of.
    """

    def __init__(
        self,
        run: RunReader,
        settings: Settings,
        kind: str,
        file: IO[bytes],
        notes: Sequence[str] = (),
        when_made: Callable[[], None] = lambda: None,
        *,
        recreate: bool = False,
    ) -> None:
        self.run = run
        self.recreate = recreate or (kind == RETRY and run.manifest.recreate)
        self.notes = notes
        self.left_out: Superseded | UnsetType = UNSET  # of the old run, as superseded
        self.part: SelectedPart | None = None  # of the old run, that this was narrowed to
        self._when_made = when_made
        # its reason was one for another change, and hooks are given anew, as are pauses: an undo
        # that is urgent waits for no timetable of the run
        settings = settings.without_start_limits
        self.settings = msgspec.structs.replace(
            settings, reason=None, hooks=(), hold_file=None, timetable=None
        )
        if kind == ROLLBACK:
            self.settings = msgspec.structs.replace(self.settings, priority=UNDO_PRIORITY)
        self._kind = kind
        self._file = file
        self.lines = 0  # so far
        self._sha256 = hashlib.sha256()
        self._encode = msgspec.json.Encoder().encode

    def add(self, line: Mapping[str, Any]) -> None:
        """Take in one update line. Raises OSError with the place that has no room for it."""
        raw = self._encode(line) + b"\n"
        self._sha256.update(raw)
        try:
            self._file.write(raw)
        except OSError as error:
            raise _at(self.run.place, error) from error
        self.lines += 1

    @contextmanager
    def open_run(
        self, settings: Settings, out: Path, *, force: bool = False, dry_run: bool = False
    ) -> Iterator[OpenRun]:
        """The run of all lines that were added, in ``out``. ``force``: change what is stale."""
        refuse_own_input(self.run.directory.path, out)
        self._refuse_to_leave_missing(RunDirectory(out))
        try:
            self._file.seek(0)  # writes what is not written yet
        except OSError as error:
            raise _at(self.run.place, error) from error
        self._when_made()
        if self._kind == ROLLBACK:  # its lines are all there: what they were made from may go
            self.run.let_go_of_lines()
        manifest = self.run.manifest
        following = Following(
            kind=self._kind,
            parent=text_of_path(self.run.place.absolute()),
            targets=manifest.targets,
            force=force,
            complete=self._kind == ROLLBACK or is_complete(manifest),
            recreate=self.recreate,
            left_out=self.left_out,
            part=self.part,
        )
        # the lines name the domains that the old run has changed; an image that the installed model
        # does not know keeps no other from being put back
        settings = msgspec.structs.replace(
            settings, domain_map=None, skip_invalid=self._kind == ROLLBACK
        )
        if self.recreate:
            settings = _with_images(settings)
        with open_run(self._file, out, settings, following=following, dry_run=dry_run) as opened:
            yield opened

    def place(self) -> RunPlace:
        """Find the unfinished run of just these lines, else a directory for a new one.

        They are RUN.rollback, RUN.rollback-2 … and RUN.retry-1, RUN.retry-2 …
        """
        path, left_alone = self.run.place, []
        if not path.name:  # it was named as the current directory
            path = path.absolute()
        for number in count(1):
            ending = "" if (self._kind, number) == ("rollback", 1) else f"-{number}"
            directory = RunDirectory(path.with_name(f"{path.name}.{self._kind}{ending}"))
            if not directory.manifest.exists():
                break
            if not _is_finished(directory):
                self._refuse_to_leave_missing(directory)
                if directory.read_manifest().input.sha256 == self._sha256.hexdigest():
                    break
                left_alone.append(directory.path)
        return RunPlace(directory=directory.path, left_alone=left_alone)

    def _refuse_to_leave_missing(self, directory: RunDirectory) -> None:
        """Without ``recreate`` nothing is begun while that run has left a trigger deleted."""
        if not self.recreate and (missing := missing_triggers(directory)):
            raise RunDirectoryError(f"{missing}.")


@contextmanager
def open_follow_up(path: Path, kind: str, *, recreate: bool = False) -> Iterator[FollowUp]:
    """A follow-up, without lines yet, of the run in a directory. ``recreate`` as in FollowUp.

    That directory is held until the end: its run must not go on meanwhile. Raises RunDirectoryError
    when another process holds it, or there is no run in it.
    """
    settings = settings_of(path)
    run = RunReader(path, line_reader(settings, any_target=True))
    with run.directory, _lines_in(path) as file:
        yield FollowUp(run, settings, kind, file, recreate=recreate)
        if kind == RETRY:  # what the retry did is out of them
            renew_family(run)


@contextmanager
def _lines_in(path: Path) -> Iterator[IO[bytes]]:
    try:
        file = TemporaryFile(dir=path)  # noqa: SIM115 # closed below
    except OSError as error:
        raise RunDirectoryError(
            f"{path}: can't be written to ({error.strerror}), and the run that follows another is"
            " made there. Put that right, and run the same command again."
        ) from error
    try:
        yield file
    finally:
        with suppress(OSError):  # of what could not be written, which was told, or is not needed
            file.close()


def _at(path: Path, error: OSError) -> OSError:
    """An error of a file without a name, with the directory that it is in."""
    return OSError(error.errno, error.strerror, text_of_path(path))


@contextmanager
def open_results_rollback(
    path: Path, settings: Settings, span: TimeSpan, *, recreate: bool = False
) -> Iterator[FollowUp]:
    """A rollback, without lines yet, of what the workers on a results directory did in that time.

    Raises as ``results_as_run`` does.
    """
    with ExitStack() as copies:
        found = copies.enter_context(results_as_run(path, settings, span))
        with _lines_in(path) as file:
            # copies of what is sensitive last no longer than they are needed
            yield FollowUp(
                found.run, settings, ROLLBACK, file, found.notes(), copies.close, recreate=recreate
            )


def _with_images(settings: Settings) -> Settings:
    if settings.before is False:
        raise SettingsError(
            "--recreate deletes triggers, and keeps what they are before: leave --no-before out."
        )
    return msgspec.structs.replace(settings, before=True)


def _is_finished(directory: RunDirectory) -> bool:
    summary = directory.read_summary()
    return summary is not None and summary.not_started == 0
