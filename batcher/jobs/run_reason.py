"""Why a run is done: asked for where a target is protected, and kept from session to session."""

from collections.abc import Iterable
from contextlib import suppress

from msgspec.structs import replace

from batcher.config import Settings
from batcher.config.work_labels import Labels
from batcher.errors import BatcherError, SettingsError
from batcher.storage.run_directory import RunDirectory


def with_earlier_words(settings: Settings, directory: RunDirectory) -> Settings:
    """Settings with the reason, and the labels, of the run's last session where none are given."""
    if not directory.manifest.exists():
        return settings
    with suppress(BatcherError):  # what can't be read is told of by what needs it
        for last in directory.read_manifest().sessions[-1:]:
            labels = Labels(last.labels) if last.labels else None
            reason, label = settings.reason or last.reason, settings.label or labels
            return replace(settings, reason=reason, label=label)
    return settings


def protected_to_change(settings: Settings, targets: Iterable[str]) -> list[str]:
    """The protected among the targets, without those that are left for later."""
    left = settings.targets_left
    changed = [name for name in targets if name not in left]
    return [name for name in changed if settings.for_target(name).protected]


def check_reason(settings: Settings, targets: Iterable[str], *, beside: str = "") -> None:
    """Raise SettingsError where one of those targets is protected, and nobody said why.

    Those that are left for later are not changed now. ``beside``: a sentence on what else lacks.
    """
    protected = protected_to_change(settings, targets)
    if protected and settings.reason is None:
        raise SettingsError(
            f"target {', '.join(protected)}: protected, and changed only for a reason. Give it with"
            f" --reason TEXT; it is kept with the run.{beside}"
        )
