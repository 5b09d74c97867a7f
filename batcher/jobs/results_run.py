"""A results directory read as a run, so that what workers did is undone as what a run did.

Each before image becomes a line of the input that it is the image of, with its result; then it is
a run like any other, of a time that is given.
"""

import hashlib
from collections import Counter
from collections.abc import Container, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import msgspec
from msgspec import UNSET, Struct

from batcher.clock import SystemClock
from batcher.compact import LineSet
from batcher.config import Settings
from batcher.errors import InputError, RunDirectoryError, SettingsError
from batcher.jobs.run_reader import RunReader
from batcher.records import Delivered, Result
from batcher.storage.atomic_file import AtomicFile, write_json
from batcher.storage.held_directory import held_directory
from batcher.storage.journal_reader import damaged
from batcher.storage.message_images import MessageImage
from batcher.storage.near_paths import missing_run
from batcher.storage.results_files import IMAGES
from batcher.storage.results_reader import ResultsReader
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.storage.stored_path import text_of_path
from batcher.target_identity import TargetIdentity, all_known
from batcher.wiring.line_readers import line_reader
from batcher.wiring.places import place_differences

_encode = msgspec.json.Encoder().encode


class TimeSpan(Struct, frozen=True, kw_only=True):
    """From when to when, both included: UTC, ISO 8601 with milliseconds; None: no limit."""

    since: str | None = None
    until: str | None = None

    def holds(self, moment: str) -> bool:
        return (self.since or "") <= moment and (self.until is None or moment <= self.until)


class ResultsRun(Struct, frozen=True, kw_only=True):
    """What workers did in a time, as a run.

    ``elsewhere``: results whose image is in a file that is not here; ``going_on``: a worker is at
    work there, and what it does from now on is no part of it.
    """

    run: RunReader
    elsewhere: int
    going_on: bool

    def notes(self) -> list[str]:
        """In words, what is no part of it."""
        notes = []
        if self.elsewhere:
            notes.append(
                f"{self.elsewhere:,} updates have their before images in files that are not here"
                " any more, moved to S3 or removed: what they did stays."
            )
        if self.going_on:
            notes.append("A worker is at work here: what it does from now on is not undone.")
        return notes


@contextmanager
def results_as_run(path: Path, settings: Settings, span: TimeSpan) -> Iterator[ResultsRun]:
    """What the workers on a results directory did in that time, as a run that is gone at the end.

    An update is of the time of its result; without a result, of that of its image. Takes some 500
    bytes an update.

    Raises RunDirectoryError where it is no results directory, there are no images, or a target is
    in two places; SettingsError for a target that the settings don't know; InputError where
    nothing was done in that time; DamageError, OutputError.
    """
    reader = ResultsReader(path)
    if reader.is_empty:
        what = "neither a run directory nor a worker's results directory"
        raise RunDirectoryError(missing_run(path, what, ", or the --results of a worker"))
    if not reader.has_images:
        raise RunDirectoryError(
            f"{path}: its workers kept no before images, so what they changed can't be put back."
            " They keep them from this version on, unless they have --no-before."
        )
    with ExitStack() as stack:
        try:
            folder = stack.enter_context(held_directory(path))
            writer = _RunWriter(RunDirectory(folder), path, settings)
            writer.write(reader, span)
        except OSError as error:
            raise RunDirectoryError(
                f"{path}: what is to be undone can't be written down there ({error.strerror})."
                " Put that right, and run the same command again."
            ) from error
        run = RunReader(folder, line_reader(settings, any_target=True), stands_for=path)
        yield ResultsRun(run=run, elsewhere=writer.elsewhere, going_on=reader.is_written_to())


class _RunWriter:
    """Writes the run directory of what workers did. ``origin``: their results directory."""

    def __init__(self, directory: RunDirectory, origin: Path, settings: Settings) -> None:
        self.elsewhere = 0
        self._directory = directory
        self._origin = origin
        self._settings = settings
        self._places: dict[str, TargetIdentity] = {}
        self._lines = 0
        self._deliveries = Counter[str]()  # by message: how many lines are of it
        self._numbers: dict[str, tuple[int, str]] = {}  # line and id, by digest of the image
        self._done = LineSet()  # with a result
        self._sha256 = hashlib.sha256()
        self._size = 0

    def write(self, reader: ResultsReader, span: TimeSpan) -> None:
        settled = dict[str, bool]()  # whether a result is of that time, by digest of its image
        for _, result in reader.results():
            if isinstance(digest := result.image, str):
                settled[digest] = settled.get(digest, False) or span.holds(result.finished_at)
        replaced = {image.replaces for _, image in reader.images() if image.replaces}
        with ExitStack() as stack:
            self._input, self._before, self._results = (
                stack.enter_context(AtomicFile(each))
                for each in (
                    self._directory.input_copy,
                    self._directory.before,
                    self._directory.results,
                )
            )
            for digest, image in reader.images():
                of_time = settled.get(digest, span.holds(image.kept_at))
                if of_time and digest not in replaced:
                    self._add_image(digest, image)
            for where, result in reader.results():
                if span.holds(result.finished_at):
                    self._add_result(where, result, reader, settled)
            for file in (self._input, self._before, self._results):
                file.commit()
        if unknown := self._places.keys() - self._settings.known_targets:
            raise SettingsError(
                f"{self._origin}: the workers' targets {', '.join(sorted(unknown))} are not known"
                " to these settings. Give the --config, or the --target, that the workers had."
            )
        if not self._lines:
            raise InputError(
                f"nothing to undo: {self._origin} has no updates of that time. Give another --since"
                " or --until."
            )
        self._write_manifest()

    def _add_image(self, digest: str, image: MessageImage) -> None:
        self._note_place(image)
        name = self._add_line(image.message_id, image.target, image.asked)
        self._numbers[digest] = self._lines, name
        members = {"id": name, "target": image.target, **image.image}
        self._before.write(_encode(members) + b"\n")

    def _add_result(
        self, where: str, result: Delivered, reader: ResultsReader, settled: Container[str]
    ) -> None:
        if isinstance(result.image, str):
            if (found := self._numbers.get(result.image)) is not None:
                line, name = found
                if line not in self._done:  # a message delivered twice may have two results
                    self._done.add(line)
                    self._write_result(result, line, name)
                return
            if result.image not in settled:
                return  # written since this was begun
            if reader.has_image_file(str(result.image_file)):
                lacking = self._origin / IMAGES / str(result.image_file)
                raise damaged(lacking, f"does not have the image of {where} as it was kept")
            self.elsewhere += 1
        elif result.status in ("succeeded", "differs") and result.domain and result.trigger:
            members = {"DomainName": result.domain, "EventTriggerName": result.trigger}
            name = self._add_line(result.message_id, result.target, members)
            self._write_result(result, self._lines, name)

    def _add_line(self, message_id: str, target: str, request: dict[str, Any]) -> str:
        """Write a line of the input; returns its id, which is that of its message or like it."""
        self._lines += 1
        self._deliveries[message_id] += 1
        count = self._deliveries[message_id]
        name = message_id if count == 1 else f"{message_id}#{count}"
        raw = _encode({"id": name, "target": target, **request}) + b"\n"
        self._input.write(raw)
        self._sha256.update(raw)
        self._size += len(raw)
        return name

    def _write_result(self, result: Delivered, line: int, name: str) -> None:
        members = {each: getattr(result, each) for each in Result.__struct_fields__}
        record = Result(**{**members, "line": line, "id": name, "image": UNSET})
        self._results.write(_encode(record) + b"\n")

    def _note_place(self, image: MessageImage) -> None:
        now = {image.target: image.place}
        if differences := "; ".join(place_differences(self._places, now, sends=False)):
            raise RunDirectoryError(
                f"{self._origin}: workers of two places have kept images there: {differences}. Give"
                " a --since or --until that leaves one of them, or a directory with one's files."
            )
        self._places = all_known(self._places, now)

    def _write_manifest(self) -> None:
        manifest = RunManifest(
            run="",
            input=InputFingerprint(
                path=text_of_path(self._directory.input_copy.absolute()),
                size=self._size,
                sha256=self._sha256.hexdigest(),
                updates=self._lines,
            ),
            settings=self._settings.as_json(),
            targets=self._places,
            versions={},
            started_at=SystemClock().wall(),
        )
        write_json(self._directory.manifest, manifest)
