"""Which before images have no result: of updates that were in flight when a session ended.

The results are taken first, then the images are gone through.
"""

from collections.abc import Iterator, Sequence

from batcher.compact import HashBalance, LineSet
from batcher.records import BriefResult, Result
from batcher.sources.input_lines import InputLines
from batcher.storage.before_images import ImageInFlight, unsettled_images
from batcher.storage.journal_reader import JournalReader, damaged


class ImagesInFlight:
    """The images of a run held against its results. ``done``: the lines that have one."""

    def __init__(self, done: LineSet) -> None:
        self._done = done
        self._images = HashBalance()  # by the ids of their updates

    def note(self, results: Sequence[BriefResult | Result]) -> None:
        """Take results, whose lines are put into ``done`` by whoever reads them."""
        self._images.take_all([each.id for each in results if type(each.image) is str])

    def without_result(
        self, before: JournalReader, lines: InputLines
    ) -> Iterator[tuple[str, ImageInFlight]]:
        """Id and image of each; rarely of an update that has a result, which nobody asks for.

        Raises DamageError.
        """
        unknown = set[str]()

        def without_result(ids: Sequence[str]) -> set[str]:
            own = lines.lines_of(ids)
            unknown.update(id for id in ids if not own[id])
            return unknown.union(id for id in ids if not all(map(self._done.__contains__, own[id])))

        for number, id, image in unsettled_images(before, self._images, without_result):
            if id in unknown:
                raise damaged(
                    before.path, f"is the image of {id}, which is not in the input", number
                )
            yield id, image
