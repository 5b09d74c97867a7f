"""``--target`` where it would do nothing: refused, as whoever gives it may mean a part.

So may who gives an account or a Region beside targets that have others.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from batcher.cli.output.echo import echo
from batcher.config import Settings, TargetSettings
from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.jobs.checked_file import CheckedFile
from batcher.sources.input_file import open_input
from batcher.target_identity import TargetIdentity
from batcher.updates.target_names import some_names


def refuse_idle_target(file: CheckedFile) -> None:
    """Raise SettingsError where each line of a file names its target, and --target is given.

    Or an account or a Region that none of these targets has; where some have it, that it narrows
    nothing is told.
    """
    _refuse(
        file.settings.target,
        file.inspection.targets,
        "each line that is to be done names its own",
        lambda: _names_none(file),
    )
    settings, names = file.settings, file.inspection.targets
    if {*names} <= settings.targets.keys():
        for flag, own in _idle_places(settings, {name: settings.targets[name] for name in names}):
            if not own:
                raise SettingsError(_place_text(flag, own))
            echo(_place_text(flag, own), err=True)


def refuse_target_at_run(targets: Mapping[str, TargetIdentity], settings: Settings) -> None:
    """Raise SettingsError where --target is given for a run of other ``targets``, too.

    Or an account or a Region where its targets, which have theirs from tables, are not all there.
    """
    _refuse(settings.target, targets, "of the lines of a run that is known", lambda: False)
    if {*targets} <= settings.targets.keys():
        for flag, own in _idle_places(settings, targets):
            raise SettingsError(_place_text(flag, own))


def _idle_places(
    settings: Settings, places: Mapping[str, TargetIdentity | TargetSettings]
) -> Iterator[tuple[str, list[str]]]:
    """Which flags of a place are given that not all of these targets have, and which have it."""
    for flag in ("account", "region"):
        given = getattr(settings, flag)
        own = [name for name, place in places.items() if getattr(place, flag) in (None, given)]
        if _is_given(flag) and given is not None and len(own) < len(places):
            yield f"--{flag} {given}", own


def _place_text(flag: str, own: Collection[str]) -> str:
    only = f" To do only what is there, give --only-target for {some_names(own)}." if own else ""
    return f"{flag}: targets have another one in their tables, which counts.{only}"


def _refuse(target: str, targets: Collection[str], why: str, counts: Callable[[], bool]) -> None:
    """``counts``: whether the flag has a meaning. One that says what is so anyway is let be."""
    if not _is_given() or {*targets} <= {target} or counts():
        return
    name = printable(target)
    raise SettingsError(
        f"--target {name}: says which target lines mean that name none, and {why}. {_advice(name)}"
    )


def _is_given(flag: str = "target") -> bool:
    context = click.get_current_context(silent=True)
    if context is None:
        return False
    return context.get_parameter_source(flag) is ParameterSource.COMMANDLINE


def _advice(name: str) -> str:
    known = {each.name for each in click.get_current_context().command.params}
    if "only_target" not in known:
        return "Leave it out."
    return f"To do only what is for {name}, give --only-target {name} instead; else leave it out."


class _OfLine(msgspec.Struct):
    target: Any = None


def _names_none(file: CheckedFile) -> bool:
    """Whether some line that is to be done names no target. Reads the file up to the first one."""
    if file.settings.target not in file.inspection.targets:
        return False
    decode = msgspec.json.Decoder(_OfLine).decode
    with open_input(file.path) as opened:
        for _, _, raw in opened.lines():
            with suppress(ValueError, RecursionError):  # an invalid line, which is left out
                if decode(raw).target is None and file.reader.selects(raw):
                    return True
    return False
