"""The members of segments, from a file with a line for each member or for several."""

from collections.abc import Collection
from pathlib import Path

import msgspec
from msgspec import Struct

from batcher.errors import InputError
from batcher.sources.input_file import open_input

FORMAT = 'One line each: {"segment": "vip", "profile": "p-1"}, or "profiles" with a list.'


class _Members(Struct, forbid_unknown_fields=True):
    segment: str
    profile: str | None = None
    profiles: list[str] = []


def segment_members(path: Path, name: str, wanted: Collection[str]) -> dict[str, set[str]]:
    """The profiles of each wanted segment that the file names; the others are none of it.

    Raises InputError for a file that can't be read, or has a line of another format.
    """
    found: dict[str, set[str]] = {}
    decode = msgspec.json.Decoder(_Members).decode
    with open_input(path, name) as file:
        for line, _, raw in file.lines():
            try:
                members = decode(raw)
            except (ValueError, RecursionError) as error:
                raise InputError(f"{name}: line {line}: {_said(error)}. {FORMAT}") from error
            if members.segment in wanted:
                known = found.setdefault(members.segment, set())
                known.update(members.profiles)
                if members.profile is not None:
                    known.add(members.profile)
    return found


def _said(error: Exception) -> str:
    """In the words of msgspec, which name types and places; no value and no strange name."""
    if not isinstance(error, msgspec.ValidationError):
        return "not JSON"
    said = str(error).replace("`", "")
    return "has a member that does not exist" if "unknown field" in said else said
