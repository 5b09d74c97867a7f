"""What undoing takes and what it can't put back: said to people before anything is sent."""

from collections.abc import Callable, Iterator, Sequence

from batcher.accounting.completion_time import longest
from batcher.cli.output.echo import echo
from batcher.cli.output.forecast import likely_seconds
from batcher.jobs.run import ReadyRun
from batcher.jobs.run_forecast import LIKELY_RATE, TargetForecast
from batcher.jobs.target_planner import PlannedUpdate
from batcher.number_text import about_duration, several
from batcher.storage.run_manifest import ROLLBACK

CREATED_STAYS = (
    "A trigger that is created stays, as no update takes it away, and never fires until an"
    " integration names it (PutIntegration; --with-integrations copies it)."
)
COPIES_TOO = (
    "A trigger that is created stays, and so do its tags and integration, which are copied"
    " (--with-integrations) and make it fire: no update takes them away."
)


def irreversible_text(count: int) -> str:
    """How many updates can't be undone by an update, and why."""
    return (
        f"{several(count, 'update')} can't be undone by an update: they set a member that is not"
        " there today, and no update can clear a member, because the shortest text and list it"
        " takes have a length of 1."
    )


def undo_lines(run: ReadyRun) -> Iterator[str]:
    """Lines for people: how long it takes to undo the run, and what of it can't be undone."""
    settings = run.order.settings
    if not run.looks and run.slow_reading is None:
        yield "It can't be undone: no before images are kept (--no-before)."
    if run.undo:
        yield f"To undo all of it (batcher rollback) takes {undo_duration(run.undo)}."
    if settings.create_missing and run.order.following.kind != ROLLBACK:
        yield COPIES_TOO if settings.with_integrations else CREATED_STAYS


def undo_duration(forecasts: Sequence[TargetForecast]) -> str:
    """How long that takes at the quotas that are known, in words."""
    seconds = longest([each.work for each in forecasts])
    if seconds is not None:
        return about_duration(seconds)
    likely = max(map(likely_seconds, forecasts))
    return (
        f"{about_duration(likely)} at {LIKELY_RATE:g}/s, which AWS most likely allows; its quota"
        " is not known"
    )


class PlannedUndo:
    """Counts of the updates that are looked at before the start those that can't be undone.

    ``advance`` is told of each of them.
    """

    def __init__(self, advance: Callable[[], None]) -> None:
        self._advance = advance
        self._irreversible = 0

    def add(self, planned: PlannedUpdate) -> None:
        """Take the next one."""
        self._advance()
        self._irreversible += bool(planned.step.irreversible)

    def say(self) -> None:
        """Say how many they are, if there are any."""
        if self._irreversible:
            echo(irreversible_text(self._irreversible), err=True)
