"""The first step of a job on a file of updates: every line held against the rules."""

from collections.abc import Callable, Iterable
from pathlib import Path

from msgspec import Struct

from batcher.config import Settings
from batcher.errors import InputError
from batcher.sources.file_source import FileSource, may_stay_open
from batcher.sources.inspection import Inspection, OnHint, OnUpdate, OnViolation, inspect
from batcher.sources.line_index import LineIndex
from batcher.sources.local_file import local_file
from batcher.updates.line_reader import LineReader
from batcher.updates.selection import Selection
from batcher.wiring.line_readers import line_reader


class CheckedFile(Struct, frozen=True, kw_only=True):
    """A file of updates that was checked, and the settings that it was checked with.

    ``path``: the plain file; ``usable``: no line breaks a rule, or those that do are to be left
    out.
    """

    origin: str
    settings: Settings
    path: Path
    inspection: Inspection
    reader: LineReader

    @property
    def usable(self) -> bool:
        return self.settings.skip_invalid or not self.inspection.invalid

    def refuse_unusable(self) -> None:
        """Raise InputError for a file that is not usable."""
        if not self.usable:
            raise InputError(f"{self.origin}: {self.inspection.invalid:,} lines break a rule.")

    @property
    def stays_open(self) -> bool:
        """Whether the file stays open for each target while that is at work."""
        return may_stay_open(self.inspection.targets)

    def lane_source(
        self,
        index: LineIndex,
        skip: Callable[[int], bool] | None = None,
        order: Iterable[int] | None = None,
    ) -> FileSource:
        """The updates of an index of lines, for as long as a lane is at work.

        ``skip`` and ``order`` as in FileSource.
        """
        return FileSource(self.path, index, self.reader, skip, order, stays_open=self.stays_open)

    def source(self, target: str) -> FileSource:
        """The updates of one target, in order."""
        return FileSource(self.path, self.inspection.targets[target], self.reader)


def check_file(
    origin: str,
    settings: Settings,
    copies: Path,
    on_violation: OnViolation | None = None,
    *,
    on_hint: OnHint | None = None,
    on_update: OnUpdate | None = None,
    any_target: bool = False,
    selection: Selection | None = None,
) -> CheckedFile:
    """Check every line of a file, of standard input (``-``) or of an object in S3 (``s3://…``).

    ``copies``: the directory for a copy of what can't be read twice. ``on_violation`` is told of
    every violation, with its line, and ``on_hint`` before what the file is that is not one object
    a line; ``on_update`` of every update. ``any_target``: lines may name targets that the settings
    don't know; ``selection``: which of them are part of the job. Raises InputError when it can't be
    read or has no updates for it, AwsError where S3 can't be reached, SettingsError.
    """
    reader = line_reader(settings, any_target=any_target, selection=selection)
    copy, profile, region = copies / "input.jsonl", settings.profile, settings.region
    path = local_file(origin, copy, profile=profile, region=region)
    found = inspect(path, reader, on_violation=on_violation, on_hint=on_hint, on_update=on_update)
    if not found.total:
        raise InputError(f"{origin}: {found.nothing}.")
    return CheckedFile(origin=origin, settings=settings, path=path, inspection=found, reader=reader)
