"""Where the fields of an object type are in an object, read from a file."""

from typing import Any

from batcher.config import Settings
from batcher.errors import InputError
from batcher.sources.json_objects import json_objects, parsed_object


def read_mapping(origin: str, settings: Settings) -> dict[str, str]:
    """The path of each FieldName.

    A JSON object of names and paths, or what get-profile-object-type prints, whose Fields have a
    Source each. Raises InputError, which quotes neither.
    """
    for line, raw in json_objects(origin, settings):
        value = parsed_object(origin, line, raw)
        fields = value.get("Fields")
        paths = {
            name: _path(each)
            for name, each in (fields if isinstance(fields, dict) else value).items()
        }
        mapping = {name: path for name, path in paths.items() if path is not None}
        if len(mapping) < len(paths):
            raise InputError(
                f"{origin}: {len(paths) - len(mapping)} of {len(paths)} fields have no path. Give a"
                ' JSON object such as {"total": "order.total"}, or what get-profile-object-type'
                " prints."
            )
        return mapping
    raise InputError(f"{origin}: holds no fields; it is empty.")


def _path(value: Any) -> str | None:
    path = value.get("Source") if isinstance(value, dict) else value
    return path if isinstance(path, str) and path else None
