"""What is told at the end of a run beside its sums: what failed first, what it is a run of.

Reads its directory, and raises nothing: what can't be read any more is not told.
"""

from contextlib import suppress
from heapq import nsmallest
from typing import Self

from msgspec import Struct

from batcher.config import OF_PLACE
from batcher.errors import BatcherError
from batcher.jobs.maybe_sent import maybe_sent
from batcher.jobs.recorded_results import proven_results
from batcher.jobs.report_steps import flags, reason_for
from batcher.jobs.run_order import RUN
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.records import Result, Status, Summary
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import RunManifest
from batcher.storage.wave_file import read_waves
from batcher.wiring.line_readers import line_reader

NAMED = 5  # updates that did not succeed
CREATED = 20  # triggers that never fire

# what is told of first; of invalid lines it is told before the run
UNSUCCESSFUL: tuple[Status, ...] = ("failed", "in_doubt", "differs", "partial", "stale")


class RunEnding(Struct, frozen=True, kw_only=True):
    """``failures``: the first updates that did not succeed, failed ones before others, by line.

    ``kind`` and ``parent`` as in the manifest; ``input``: its path; ``images``: it has before
    images, so that it can be undone, and is not put back by itself; ``failed_lines``: some are left
    to be run again; ``created``: the first triggers that it has created, and that no integration
    names. ``place``: of a run that follows another, and has its place from that, the flags that say
    where it was; ``has_tables``: there are tables of targets, too, which no flag can give.
    ``reason``: what a command that changes the same takes for protected targets, for a sentence.
    ``maybe_sent``: so many without a result may have been applied, at most.
    """

    failures: list[Result] = []
    kind: str = "run"
    parent: str | None = None
    input: str | None = None
    images: bool = False
    failed_lines: bool = True
    created: list[Result] = []
    place: dict[str, str] = {}
    has_tables: bool = False
    reason: str = ""
    maybe_sent: int = 0

    @classmethod
    def of(cls, directory: RunDirectory, summary: Summary) -> Self:
        """Read how the run in a directory ended."""
        with suppress(BatcherError, OSError):
            manifest = directory.read_manifest()
            before, undo = directory.before, read_waves(directory.waves).undo
            settings = manifest.settings if manifest.kind != RUN else {}
            place = iter(flags(settings, only=OF_PLACE | {"organization"}))
            return cls(
                failures=_failures(directory, summary),
                kind=manifest.kind,
                parent=manifest.parent,
                input=manifest.input.path,
                images=undo is None and before.exists() and before.stat().st_size > 0,
                failed_lines=directory.failed.exists(),
                created=_created(directory, summary),
                place=dict(zip(place, place, strict=True)),
                has_tables=bool(settings.get("targets")),
                maybe_sent=_maybe_sent(directory, manifest, summary),
                reason=reason_for(manifest),
            )
        return cls()


def _maybe_sent(directory: RunDirectory, manifest: RunManifest, summary: Summary) -> int:
    """How many without a result may have been applied."""
    spent = manifest.spent
    if not summary.not_started or spent is None or not spent.may_have_sent:
        return 0
    with suppress(BatcherError, OSError):
        reader = line_reader(settings_of(directory.path), any_target=True)
        return maybe_sent(RunReader(directory.path, reader), killed=False).count
    return 0


def _failures(directory: RunDirectory, summary: Summary) -> list[Result]:
    if not any(getattr(summary, status) for status in UNSUCCESSFUL):
        return []
    results = proven_results(directory.journals().results)
    return nsmallest(NAMED, (each for each in results if each.status in UNSUCCESSFUL), key=_place)


def _place(result: Result) -> tuple[int, int]:
    return UNSUCCESSFUL.index(result.status), result.line


def _created(directory: RunDirectory, summary: Summary) -> list[Result]:
    if not summary.created.get("without_integration"):
        return []
    results = proven_results(directory.journals().results)
    without = (each for each in results if each.created == "without_integration")
    return nsmallest(CREATED, without, key=lambda each: each.line)
