"""``--target`` where it would do nothing: refused, as whoever gives it may mean a part."""

from collections.abc import Callable, Collection
from contextlib import suppress
from typing import Any

import click
import msgspec
from click.core import ParameterSource

from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.jobs.checked_file import CheckedFile
from batcher.sources.input_file import open_input


def refuse_idle_target(file: CheckedFile) -> None:
    """Raise SettingsError where each line of a file names its target, and --target is given."""
    _refuse(
        file.settings.target,
        file.inspection.targets,
        "each line that is to be done names its own",
        lambda: _names_none(file),
    )


def refuse_target_at_run(targets: Collection[str], target: str) -> None:
    """Raise SettingsError where --target is given for a run of other ``targets``, too."""
    _refuse(target, targets, "of the lines of a run that is known", lambda: False)


def _refuse(target: str, targets: Collection[str], why: str, counts: Callable[[], bool]) -> None:
    """``counts``: whether the flag has a meaning. One that says what is so anyway is let be."""
    if not _is_given() or {*targets} <= {target} or counts():
        return
    name = printable(target)
    raise SettingsError(
        f"--target {name}: says which target lines mean that name none, and {why}. {_advice(name)}"
    )


def _is_given() -> bool:
    context = click.get_current_context(silent=True)
    if context is None:
        return False
    return context.get_parameter_source("target") is ParameterSource.COMMANDLINE


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
