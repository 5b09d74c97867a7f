"""What a run, or the workers of a results directory, did to triggers, as their files have it.

Reads only, takes no lock, and needs neither settings nor AWS.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from msgspec import UNSET, Struct

from batcher.accounting.verdicts import is_maybe_applied
from batcher.errors import BatcherError
from batcher.foreign_text import printable
from batcher.jobs.recorded_results import proven_results
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.records import Delivered, Error, Result, Status
from batcher.storage.before_images import read_images_of
from batcher.storage.results_reader import ResultsReader
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_sessions import RunSession
from batcher.storage.stored_path import text_of_path
from batcher.target_identity import TargetIdentity
from batcher.wiring.line_readers import line_reader

MAY_HAVE_WRITTEN: tuple[Status, ...] = ("succeeded", "partial", "differs", "in_doubt")

Members: TypeAlias = dict[str, Any]


class Touch(Struct, frozen=True, kw_only=True):
    """What one update of one run did to a trigger, or tried.

    ``run``: the directory; ``kind``: run, retry, rollback or worker; ``at``: when its result came
    (UTC, ISO 8601); ``maybe_applied``: it failed, and may have been applied all the same; ``who``:
    the caller's ARN; ``before`` and ``asked``: what the trigger was and what it was to be, where
    the update may have changed it; ``unknown``: in words, why one of them is not known. They hold
    sensitive members.
    """

    at: str
    domain: str
    trigger: str
    status: Status
    run: str
    kind: str
    id: str
    line: int
    target: str
    account: str | None = None
    region: str | None = None
    who: str | None = None
    reason: str | None = None
    labels: dict[str, str] = {}
    error: Error | None = None
    maybe_applied: bool = False
    lost: list[str] = []
    before: Members | None = None
    asked: Members | None = None
    unknown: str | None = None


class TouchReader(Protocol):
    """One directory in which there is something of triggers that were touched."""

    def results(self) -> Iterator[Result]:
        """All results, in no order. Raises BatcherError, at the latest after the last one."""
        ...

    def touches(self, results: Sequence[Result]) -> Iterator[Touch]:
        """All that is known of these results."""
        ...

    def note(self) -> str | None:
        """In words, why there may be more than it tells; None: there is not."""
        ...


class RunTouches:
    """TouchReader of a run directory. Raises RunDirectoryError, DamageError."""

    def __init__(self, path: Path) -> None:
        self._directory = RunDirectory(path)
        self._manifest = self._directory.read_manifest()
        self._journals = self._directory.journals()

    def results(self) -> Iterator[Result]:
        return proven_results(self._journals.results)

    def touches(self, results: Sequence[Result]) -> Iterator[Touch]:
        written = [each for each in results if _may_have_written(each)]
        before, asked = _guarded(self._images, written), _guarded(self._asked, written)
        for result in results:
            yield _touch(
                result,
                run=text_of_path(self._directory.path),
                kind=self._manifest.kind,
                place=self._manifest.targets.get(result.target),
                session=self._session(result),
                before=before.members.get(result.line),
                asked=asked.members.get(result.line),
                why=before.why or asked.why,
            )

    def note(self) -> str | None:
        path = self._directory.path
        if (holder := self._directory.noted_holder()) is not None:
            return f"{path}: in use by {holder}, or ended by force: it may have done more."
        if self._directory.read_summary() is None:
            return f"{path}: did not come to its end: it may have done more."
        return None

    def _session(self, result: Result) -> RunSession | None:
        begun = [each for each in self._manifest.sessions if each.started_at <= result.finished_at]
        return begun[-1] if begun else None

    def _images(self, results: Iterable[Result]) -> dict[Any, Members]:
        """The before images of these, by line; of several of one update the last one."""
        wanted = {each.id: each for each in results}
        return {
            wanted[id].line: members
            for id, digest, members in read_images_of(self._journals.before, wanted)
            if wanted[id].image in (UNSET, digest)
        }

    def _asked(self, results: Iterable[Result]) -> dict[Any, Members]:
        """The requests of these, by line."""
        path = self._directory.path
        run = RunReader(path, line_reader(settings_of(path), any_target=True))
        lines = sorted(each.line for each in results)
        return {each.line: each.request for each in run.updates(lines)}


class _Kept(Struct, frozen=True):
    members: dict[Any, Members]
    why: str | None = None  # it could not be read


def _guarded(
    read: Callable[[Sequence[Result]], dict[Any, Members]], results: Sequence[Result]
) -> _Kept:
    """What is read of these results, or why it can't be."""
    try:
        return _Kept(read(results) if results else {})
    except (BatcherError, OSError) as error:
        return _Kept({}, printable(str(error)))


class WorkerTouches:
    """TouchReader of a worker's results directory. Raises OSError."""

    def __init__(self, path: Path) -> None:
        self._reader = ResultsReader(path)

    def results(self) -> Iterator[Delivered]:
        return (result for _, result in self._reader.results())

    def touches(self, results: Sequence[Result]) -> Iterator[Touch]:
        kept = _guarded(self._images, [each for each in results if isinstance(each.image, str)])
        for result in results:
            image = kept.members.get(result.image, {})
            yield _touch(
                result,
                run=text_of_path(self._reader.path),
                kind="worker",
                place=image.get("place"),
                before=image.get("image"),
                asked=image.get("asked"),
                why=kept.why,
            )

    def note(self) -> str | None:
        if self._reader.is_open:
            return f"{self._reader.path}: a worker is at work, or was killed: it may do more."
        return None

    def _images(self, results: Iterable[Result]) -> dict[Any, Members]:
        """Place, image and request of these, by the digest of the image."""
        wanted = {each.image for each in results}
        return {
            digest: {"place": image.place, "image": image.image, "asked": image.asked}
            for digest, image in self._reader.images()
            if digest in wanted
        }


def _touch(
    result: Result,
    *,
    run: str,
    kind: str,
    place: TargetIdentity | None,
    session: RunSession | None = None,
    before: Members | None,
    asked: Members | None,
    why: str | None = None,
) -> Touch:
    if before is None and result.created is not UNSET:
        before = {}
    is_known = not _may_have_written(result) or None not in (before, asked)
    return Touch(
        at=result.finished_at,
        domain=str(result.domain),
        trigger=str(result.trigger),
        status=result.status,
        run=run,
        kind=kind,
        id=result.id,
        line=result.line,
        target=result.target,
        account=None if place is None else place.account,
        region=None if place is None else place.region,
        who=None if session is None else session.who.get(result.target),
        reason=result.reason or (session.reason if session else None),
        labels=result.labels or (session.labels if session else {}),
        error=result.error,
        maybe_applied=is_maybe_applied(result),
        lost=result.lost or [],
        before=before,
        asked=asked,
        unknown=None if is_known else _unknown(before, why),
    )


def _may_have_written(result: Result) -> bool:
    return result.status in MAY_HAVE_WRITTEN or is_maybe_applied(result)


def _unknown(before: Members | None, why: str | None) -> str:
    if why is not None:
        return why
    return "its before image was not kept" if before is None else "what was asked is not kept"
