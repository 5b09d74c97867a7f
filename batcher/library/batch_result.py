"""What ``update_many`` returns."""

from dataclasses import dataclass

from batcher.errors import UpdatesFailed
from batcher.public_records import Counts, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of a batch. ``results``: one for each update that was taken up, in input order.

    ``stopped`` says why the batch, or which of its targets, ended early (``max_failures``, every
    call refused, credentials), else None. ``dataclasses.asdict`` makes plain dicts of all of it,
    which ``json.dumps`` takes.
    """

    results: list[Result]
    counts: Counts
    stopped: str | None = None

    @property
    def failed(self) -> list[Result]:
        """Results of updates that did not succeed: failed, in_doubt, invalid, stale, differs."""
        return [result for result in self.results if not result.is_done]

    @property
    def maybe_applied(self) -> list[Result]:
        """Results of updates that may have been applied: in_doubt, or failed all the same."""
        return [each for each in self.results if each.status == "in_doubt" or each.maybe_applied]

    def raise_for_failures(self) -> None:
        """Raise UpdatesFailed unless every update that was read succeeded or was unchanged."""
        failed = self.failed
        if failed or self.counts.not_started or self.stopped is not None:
            raise UpdatesFailed(failed, self.counts, self.stopped)

    def __repr__(self) -> str:
        stopped = "" if self.stopped is None else f"; stopped: {self.stopped}"
        return f"<BatchResult of {self.counts}{stopped}>"
