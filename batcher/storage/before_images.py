"""The before images of a run: ``before.jsonl``, in the update format, ready to be run as the undo.

The last image of an update is the one that counts: another is kept only where its trigger was found
neither as asked nor, just before the send, as it had been; and the earlier one once more where the
send has changed nothing, as then an earlier session had applied the update.
"""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice
from typing import Any, TypeAlias

import msgspec

from batcher.compact import HashBalance
from batcher.ports import ResultStore
from batcher.records import Result, Update
from batcher.storage.hash_chain import line_digest, unchained_digest
from batcher.storage.journal import Journal
from batcher.storage.journal_reader import JournalReader, decode_line, decode_lines

WHAT = "a before image"
AT_ONCE = 1 << 14  # images that are held until it is known whether their updates have results


class BeforeImage(msgspec.Struct, frozen=True):
    """What every image has to have: of which update, of which trigger.

    ``lost``: there where the trigger was about to be deleted and created anew: what no update can
    bring back of it.
    """

    id: str
    DomainName: str
    EventTriggerName: str
    target: str = ""
    lost: dict[str, Any] | None = None


class _Id(msgspec.Struct, gc=False):
    id: str


_DECODER = msgspec.json.Decoder(BeforeImage)
_ID_DECODER = msgspec.json.Decoder(_Id)
_OBJECT_DECODER = msgspec.json.Decoder(dict[str, Any])


class ImageInFlight(msgspec.Struct, frozen=True):
    """An image that an earlier session kept, by digest and members; ``lost`` as in BeforeImage."""

    digest: str
    members: dict[str, Any]
    lost: dict[str, Any] | None = None


class BeforeImages:
    """The BeforeImageStore port over ``before.jsonl``.

    ``kept``: the images that earlier sessions kept, by the id of their update.
    """

    def __init__(
        self, journal: Journal[dict[str, Any]], kept: Mapping[str, ImageInFlight] | None = None
    ) -> None:
        self._journal = journal
        self._kept = kept or {}
        self._digests: dict[str, str] = {}  # of this session, until they are asked for

    def kept(self, update: Update) -> bool:
        return update.id in self._kept

    def before(self, update: Update) -> dict[str, Any] | None:
        kept = self._kept.get(update.id)
        return None if kept is None else kept.members

    def lost(self, update: Update) -> dict[str, Any] | None:
        kept = self._kept.get(update.id)
        return None if kept is None else kept.lost

    async def keep(self, update: Update, image: dict[str, Any]) -> None:
        line = self._journal.add({"id": update.id, "target": update.target, **image})
        await self._journal.flush()
        self._digests[update.id] = unchained_digest(line)

    def take_digest(self, id: str) -> str | None:
        """The digest of the image of an update, to be kept with its result; None: it has none."""
        kept = self._kept.get(id)
        return self._digests.pop(id, None) or (None if kept is None else kept.digest)


class ImagedResults:
    """The Journal port over ``results.jsonl``: a result has the digest of its update's image."""

    def __init__(self, journal: ResultStore, images: BeforeImages) -> None:
        self._journal = journal
        self._images = images

    async def append(self, result: Result) -> None:
        if (digest := self._images.take_digest(result.id)) is not None:
            result = msgspec.structs.replace(result, image=digest)
        await self._journal.append(result)


def unsettled_images(
    before: JournalReader,
    balance: HashBalance,
    without_result: Callable[[Sequence[str]], Container[str]],
    at_once: int = AT_ONCE,
) -> Iterator[tuple[int, str, ImageInFlight]]:
    """The images whose update has no result: those in flight when a session ended.

    Gives number in the journal, id and image of each. ``balance``: the ids of the results with an
    image are taken from it; ``without_result``: those of some ids that have none.
    """
    for _, ids, _ in _all_ids(before):
        balance.add_all(ids)
    if balance.is_even:  # as always, but after a session was killed
        return
    images = _odd_images(before, balance)
    while some := list(islice(images, at_once)):
        wanted = without_result([id for _, id, _ in some])
        for number, id, line in some:
            if id in wanted:
                image = decode_line(line, _DECODER.decode, before.path, number, WHAT)
                yield number, id, ImageInFlight(line_digest(line), _members(line), image.lost)


def _odd_images(before: JournalReader, balance: HashBalance) -> Iterator[tuple[int, str, bytes]]:
    """Number, id and line of each image whose update may have no result."""
    for number, ids, chunk in _all_ids(before):
        if odd := frozenset(balance.odd(ids)):
            lines = chunk.split(b"\n")
            for at, id in enumerate(ids):
                if id in odd:
                    yield number + at, id, lines[at]


def _all_ids(before: JournalReader) -> Iterator[tuple[int, list[str], bytes]]:
    """The ids of images that follow each other, the number of the first, and all their lines."""
    number = 1
    for chunk, lines in before.chunks():
        ids = _ids(chunk, lines)
        yield number, _ids_one_by_one(before, chunk, number - 1) if ids is None else ids, chunk
        number += lines


def _ids(chunk: bytes, lines: int) -> list[str] | None:
    """The ids of so many images; None where they are to be looked at one by one."""
    with suppress(ValueError, RecursionError):
        ids = [each.id for each in _ID_DECODER.decode_lines(chunk)]
        return ids if len(ids) == lines else None
    return None


def _ids_one_by_one(before: JournalReader, chunk: bytes, number: int) -> list[str]:
    """The ids of images. ``number``: of the one before. Raises DamageError."""
    lines = enumerate(chunk.split(b"\n")[:-1], number + 1)
    return [decode_line(line, _DECODER.decode, before.path, at, WHAT).id for at, line in lines]


def read_images(before: JournalReader) -> Iterator[BeforeImage]:
    """Which updates there are images of, oldest first."""
    return (image for _, image in before.records(_DECODER, WHAT))


def read_image_chunks(before: JournalReader) -> Iterator[list[BeforeImage]]:
    """What ``read_images`` gives, some at a time."""
    return (images for _, images in before.record_chunks(_DECODER, WHAT))


def read_images_of(
    before: JournalReader, ids: Container[str]
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Id, digest and request of each image of these updates, oldest first."""
    for id, line in _lines_of(before, ids):
        members = _members(line)
        for ours in ("id", "target"):
            members.pop(ours, None)
        yield id, line_digest(line), members


def read_members_of(
    before: JournalReader, ids: Container[str]
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Id and members of each image of these updates, oldest first."""
    return ((id, _members(line)) for id, line in _lines_of(before, ids))


def _lines_of(before: JournalReader, wanted: Container[str]) -> Iterator[tuple[str, bytes]]:
    """Id and line of each image of these updates, oldest first."""
    number = 0
    for chunk, lines in before.chunks():
        if (ids := _ids(chunk, lines)) is None or any(map(wanted.__contains__, ids)):
            for at, line in enumerate(chunk.split(b"\n")[:-1], number + 1):
                image = decode_line(line, _DECODER.decode, before.path, at, WHAT)
                if image.id in wanted:
                    yield image.id, line
        number += lines


Images: TypeAlias = list[tuple[int, BeforeImage, dict[str, Any]]]
"""Some images, newest first: number, image and its members of each."""


def read_images_backwards(before: JournalReader) -> Iterator[Images]:
    """All images, newest first, some at a time; half a byte an image."""
    for first, lines in before.chunks_backwards():
        numbers = range(first + len(lines) - 1, first - 1, -1)
        lines.reverse()
        images = decode_lines(lines, _DECODER, before.path, numbers, WHAT)
        objects = decode_lines(lines, _OBJECT_DECODER, before.path, numbers, WHAT)
        yield list(zip(numbers, images, map(_without_ours, objects), strict=True))


def read_image(before: JournalReader, number: int) -> dict[str, Any]:
    """The image with that number, from 1. Raises DamageError."""
    return _members(before.line(number))


def read_images_at(before: JournalReader, numbers: Iterable[int]) -> Iterator[dict[str, Any]]:
    """The images with those numbers, ascending. Raises DamageError."""
    return map(_members, before.lines_at(numbers))


def _members(line: bytes) -> dict[str, Any]:
    return _without_ours(_OBJECT_DECODER.decode(line))


def _without_ours(members: dict[str, Any]) -> dict[str, Any]:
    members.pop("chain", None)
    members.pop("lost", None)
    return members
