"""The job ``lint``: what is most likely a mistake in a file of updates, though no rule forbids it.

Reads as: check the file, lint its updates. Sends no update; looks at live triggers where asked to.
Other jobs count what it finds, while they check a file.
"""

from batcher.config import Settings
from batcher.jobs.checked_file import CheckedFile
from batcher.jobs.connection import OnConnected
from batcher.jobs.current_linter import CurrentLinter, OnUnreadTrigger
from batcher.jobs.line_linter import (
    LineLinter,
    LintCounts,
    OnFinding,
    beside_earlier,
    in_order,
    repeated_members,
    trigger_repetitions,
)


async def lint_updates(
    file: CheckedFile,
    on_finding: OnFinding | None = None,
    *,
    current: str | None = None,
    on_connected: OnConnected | None = None,
    on_unread: OnUnreadTrigger | None = None,
) -> LintCounts:
    """Lint the updates of a file that was checked; ``on_finding`` is told of each finding.

    Those of a line come in the order of the file; last those of triggers that do the same.
    ``current``: an export, or ``live``, that says what the triggers are now; then it is looked at
    what the updates make of them, and told what they touch or bring about. ``on_unread`` is told
    of what could not be read. Raises SettingsError for codes that there are not, InputError, and of
    live triggers what ``plan_changes`` raises.
    """
    linter = LineLinter(file.settings, on_finding)
    repeated = trigger_repetitions(file)
    members = repeated_members(file, repeated)
    if current is not None:
        beside = CurrentLinter(file, linter, repeated, members, current, on_unread)
        await beside.lint(on_connected)
        return linter.counts(untouched=beside.untouched, unread=beside.unread)
    for update in in_order(file):
        linter.add(update)
        linter.tell(update, beside_earlier(update, members))
    linter.conclude(file)
    return linter.counts()


class LintCounter:
    """Counts what lint finds while a file is checked: ``add`` takes each update as it is read."""

    def __init__(self, settings: Settings) -> None:
        """Raises SettingsError for a code that there is not."""
        self._linter = LineLinter(settings)
        self.add = self._linter.add

    def counts(self, file: CheckedFile) -> LintCounts:
        """What was found, once the file was checked. Raises InputError when it has changed."""
        linter = self._linter
        if linter.total != sum(map(len, file.inspection.targets.values())):
            linter = LineLinter(file.settings)  # without the lines whose ids are repeated ones
            for update in in_order(file):
                linter.add(update)
        if members := repeated_members(file, trigger_repetitions(file)):
            for update in in_order(file, skip=lambda line: line not in members):
                linter.tell(update, beside_earlier(update, members))
        linter.conclude(file)
        return linter.counts()
