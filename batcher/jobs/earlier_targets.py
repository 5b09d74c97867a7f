"""The targets of a run that goes on: those that it began with, whatever a list has meanwhile.

Its lines were checked against these, and an account may have come to a list, or have left it.
"""

from collections.abc import Iterable

from msgspec.structs import replace

from batcher.config import Settings
from batcher.jobs.run_reader import settings_of
from batcher.storage.run_directory import RunDirectory
from batcher.updates.target_names import some_names


def with_earlier_targets(settings: Settings, directory: RunDirectory) -> tuple[Settings, list[str]]:
    """Settings with the targets that the run in a directory began with, and what to say of that.

    Pinned ones that came since are left out. Of those that an organization does not list any more
    the run's own settings count; what else is missing is refused where settings are compared.
    Raises RunDirectoryError where its settings can't be read, as those of a newer version.
    """
    earlier = _earlier(directory)
    if not earlier.targets:
        return settings, []
    added = [
        name
        for name, each in settings.targets.items()
        if name not in earlier.targets and each.account is not None and name != settings.target
    ]
    gone = []
    if settings.organization is not None and earlier.organization is not None:
        gone = [
            name
            for name, each in earlier.targets.items()
            if name not in settings.targets and each.account is not None
        ]
    own = {name: each for name, each in settings.targets.items() if name not in added}
    targets = own | {name: earlier.targets[name] for name in gone}
    notes = [
        *_note(added, "new since the run began, and no part of it"),
        *_note(gone, "not listed by the organization any more, and still part of the run"),
    ]
    return replace(settings, targets=targets), notes


def _earlier(directory: RunDirectory) -> Settings:
    """The settings that the run began with. Raises RunDirectoryError where they can't be read."""
    return settings_of(directory.path) if directory.manifest.exists() else Settings()


def _note(names: list[str], what: str) -> Iterable[str]:
    if names:
        yield f"{'Target' if len(names) == 1 else 'Targets'} {some_names(names)}: {what}."
