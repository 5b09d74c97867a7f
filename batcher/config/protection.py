"""What a worker and the library are told before they change protected targets.

Nobody is there to have a name typed, so it is given beforehand, as ``run`` takes it: a reason, and
a confirmation by the name or the account of each.
"""

from collections.abc import Collection

from batcher.config.settings import Settings
from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.updates.target_names import some_names


def protected_targets(settings: Settings) -> list[str]:
    """The targets that are protected, in the order of the settings."""
    names = dict.fromkeys([*settings.targets, settings.target])
    return [name for name in names if settings.for_target(name).protected]


def refuse_unconfirmed(settings: Settings, confirm: Collection[str]) -> None:
    """Raise SettingsError where a target is protected, and not confirmed or changed for no reason.

    ``confirm``: by name, or by account, which means all of its targets. One that is none of the
    targets is refused, too: it would be a slip.
    """
    protected = protected_targets(settings)
    open_ones = [name for name in protected if not _is_confirmed(settings, name, confirm)]
    known, names = settings.known_targets, settings.target_names
    for text in confirm:
        if text not in known and not names.accounts.get(text):
            raise SettingsError(f"--confirm: {names.refusal(text, printable(text))}.")
    if open_ones:
        raise SettingsError(
            f"--confirm: target {some_names(open_ones)}: protected, and nobody has said that it may"
            " be changed here. Confirm each by its name or account, and give a reason."
        )
    if protected and settings.reason is None:
        raise SettingsError(
            f"--reason: target {some_names(protected)}: protected, and changed only for a reason."
            " Give one; it is kept with each result."
        )


def _is_confirmed(settings: Settings, name: str, confirm: Collection[str]) -> bool:
    target = settings.for_target(name)
    return not {name, target.account, f"{target.account}/{target.region}"}.isdisjoint(confirm)
