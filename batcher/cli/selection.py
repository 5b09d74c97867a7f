"""What the flags say that narrow a job to some of its triggers."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from batcher.config.given_text import clean_text
from batcher.jobs.run_reader import targets_to_select
from batcher.sources.name_list import read_names
from batcher.storage.run_directory import RunDirectory
from batcher.updates.selection import Selection, Selector


def taken_selection(given: dict[str, Any], *, domains: bool = True) -> Selection | None:
    """Take the selection out of a command's flags; None where all is selected.

    ``domains``: it is narrowed to these, too. Raises SettingsError for a file that can't be read,
    and for what is no text.
    """
    only, exclude = _clean("only", given.pop("only")), _clean("exclude", given.pop("exclude"))
    file, names = given.pop("only_file"), None
    if file is not None:
        names = read_names(file)
    inside = _clean("domain", given.pop("domains")) if domains else []
    targets = _clean("only-target", given.pop("only_target", ()))
    return Selection.of(only=only, exclude=exclude, domains=inside, names=names, targets=targets)


def selector_at_run(run: Path, selection: Selection | None) -> Selector | None:
    """What selects of the run in a directory. Raises SettingsError for a target that it has not."""
    if selection is None:
        return None
    return Selector(selection, targets_to_select(RunDirectory(run).read_manifest()))


def _clean(flag: str, texts: Iterable[str]) -> list[str]:
    return [clean_text(f"--{flag}", text) for text in texts]
