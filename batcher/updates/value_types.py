"""A value as the type that the model wants, where another tool has written it as another."""

import re
from typing import Any

from batcher.updates.json_schema import Schema

# at most 18 digits: longer ones fit no member; three zeros behind a point may be thousands
_INTEGER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.0{1,2})?", re.ASCII)
_WHOLE_AT_MOST = 2.0**53


def of_type(value: Any, rule: Schema) -> Any:
    """The value as the type of a schema; itself where it is that already, or can't be read so.

    Nothing is rounded: ``"24"`` and ``24.0`` are the integer 24, ``"2.5"`` is none.
    """
    match rule.get("type"), value:
        case "integer", str() if _INTEGER.fullmatch(value.strip()):
            return int(value.strip().partition(".")[0])
        case "integer", float() if value.is_integer() and abs(value) <= _WHOLE_AT_MOST:
            return int(value)
        case "boolean", str() if value.strip().lower() in ("true", "false"):
            return value.strip().lower() == "true"
        case "string", bool():
            return "true" if value else "false"
        case "string", int():
            return str(value)
        case "string", float():
            return repr(value)
    return value
