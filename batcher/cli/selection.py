"""What the flags say that narrow a job to some of its triggers."""

from collections.abc import Iterable
from typing import Any

from batcher.config.given_text import clean_text
from batcher.sources.name_list import read_names
from batcher.updates.selection import Selection


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
    return Selection.of(only=only, exclude=exclude, domains=inside, names=names)


def _clean(flag: str, texts: Iterable[str]) -> list[str]:
    return [clean_text(f"--{flag}", text) for text in texts]
