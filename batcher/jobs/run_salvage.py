"""What is provably whole of the journals of a run that something else has changed. Reads only."""

from collections.abc import Iterator

import msgspec

from batcher.compact import HashMultiset, LineSet
from batcher.error_codes import RESULT_LOST
from batcher.errors import DamageError
from batcher.jobs.run_reader import RunReader
from batcher.records import Error, Result, Update
from batcher.storage.before_images import BeforeImage
from batcher.storage.hash_chain import line_digest
from batcher.storage.journal_reader import JournalReader
from batcher.storage.journal_salvage import salvaged_lines
from batcher.storage.run_journals import NO_LINES

_WHY = "its result was lost with a damaged results.jsonl: it may have been applied"


class RunSalvage:
    """What is whole of the journals of a run: read again and again, and held in few bytes."""

    def __init__(self, run: RunReader) -> None:
        self._run = run
        known = run.journals.known
        self._unchained = None if known is None else known.unproven
        self.results = self.results_lost = self.old = self.images = self.images_lost = 0
        self.without_image = self._moved = 0
        self._highest = dict[str, int]()  # line with a result, by target
        self._done, self._digests, self._ids = LineSet(), HashMultiset(), HashMultiset()
        for _, result in self._whole_results(count_lost=True):
            self.results += 1
            highest = self._highest.get(result.target, 0)
            self._highest[result.target] = max(highest, result.line)
            self._done.add(result.line)
            if result.status != "invalid":  # its id may be that of another line
                self._ids.add(result.id)
            if isinstance(result.image, str):
                self._digests.add(result.image)
        self._digests.sort()
        self._ids.sort()
        self._kept = HashMultiset()
        self._begun: dict[str, tuple[str, BeforeImage]] = {}  # by id: of updates without a result
        for line, image in self._whole_images(count_lost=True):
            self.images += 1
            digest = line_digest(line)
            self._kept.add(digest)
            if image.id not in self._ids:
                self._begun[image.id] = digest, image
        self._kept.sort()
        heads = known or NO_LINES
        missing = heads.results.lines - self.results, heads.before.lines - self.images
        self.results_lost = _lost(run.journals.results, self.results_lost, missing[0])
        self.images_lost = _lost(run.journals.before, self.images_lost, missing[1], self._moved)
        self.in_doubt = sum(1 for _ in self._lost_results())
        self.without_image = sum(
            isinstance(each.image, str) and each.image not in self._kept
            for _, each in self._whole_results()
        )

    @property
    def is_damaged(self) -> bool:
        return bool(self.results_lost or self.images_lost or self.without_image or self._moved)

    def result_lines(self) -> Iterator[bytes]:
        """The lines of the new journal of results, without chain."""
        encode = msgspec.json.Encoder().encode
        for line, result in self._whole_results():
            if isinstance(result.image, str) and result.image not in self._kept:
                line = encode(msgspec.structs.replace(result, image=None))
            yield line
        yield from map(encode, self._lost_results())

    def image_lines(self) -> Iterator[bytes]:
        """The lines of the new journal of images, without chain."""
        return (line for line, _ in self._whole_images())

    def _whole_results(self, *, count_lost: bool = False) -> Iterator[tuple[bytes, Result]]:
        decode, seen = msgspec.json.Decoder(Result).decode, LineSet()
        for line in salvaged_lines(self._run.directory.results, self._unchained):
            try:
                result = decode(line.body) if line.whole or line.old else None
            except (ValueError, RecursionError):
                result = None
            if result is None or self._run.lines.fault(result) or not seen.add(result.line):
                self.results_lost += count_lost
                continue
            self.old += count_lost and line.old
            yield line.body, result

    def _whole_images(self, *, count_lost: bool = False) -> Iterator[tuple[bytes, BeforeImage]]:
        """Line and image of those in place, and of those that a result proves wherever they are."""
        decode, path = msgspec.json.Decoder(BeforeImage).decode, self._run.directory.before
        in_place = HashMultiset()
        for line in salvaged_lines(path, self._unchained):
            if line.whole or line.old:
                in_place.add(line_digest(line.body))
        in_place.sort()
        for line in salvaged_lines(path, self._unchained):
            digest = line_digest(line.body)
            proven = digest in self._digests and digest not in in_place
            try:
                image = decode(line.body) if line.whole or line.old or proven else None
            except (ValueError, RecursionError):
                image = None
            if image is None or not self._run.lines.has_id(image.id):
                self.images_lost += count_lost
                continue
            self._moved += count_lost and proven
            yield line.body, image

    def _lost_results(self) -> Iterator[Result]:
        """Results for updates that may have been sent, and whose own are lost.

        What is in doubt and was not sent is settled by the next verify, so more of these do no
        harm; one less might be sent over a later update. A trigger that was deleted to be created
        anew is left to the resume, which creates it.
        """
        if not self.results_lost:
            return
        left = 0
        for update in self._run.updates_but(self._done):
            left += 1
            digest, image = self._begun.get(update.id, (None, None))
            if image is not None and image.lost is not None:
                continue
            is_passed = update.line < self._highest.get(update.target, 0)
            if digest or is_passed or left <= self.results_lost:
                yield self._lost_result(update, digest)

    def _lost_result(self, update: Update, digest: str | None) -> Result:
        then = self._run.manifest.started_at  # whatever a retry has done since counts as later
        return Result(
            id=update.id,
            line=update.line,
            target=update.target,
            domain=update.domain,
            trigger=update.trigger,
            status="in_doubt",
            error=Error(code=RESULT_LOST, message=_WHY),
            started_at=then,
            finished_at=then,
            image=digest or msgspec.UNSET,
        )


def _lost(journal: JournalReader, lost: int, missing: int, moved: int = 0) -> int:
    """How many lines of a journal are lost: those found to be, or as many as its head misses.

    ``moved``: those that are not where they were.

    Raises DamageError where it is of another run than ``run.json``.
    """
    try:
        journal.tip()
    except DamageError as error:
        if not (lost := max(lost, missing)) and not moved:
            raise DamageError(
                f"{journal.path}: each line of it is whole, and run.json knows another journal."
                " Restore the one or the other."
            ) from error
    return lost
