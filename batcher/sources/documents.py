"""A file as whole documents: JSON, one or one after another, or YAML.

For what other tools write; a file of updates is read a line at a time.
"""

import json
import math
import re
from pathlib import Path
from typing import Any, NamedTuple

from batcher.errors import InputError
from batcher.optional_imports import optional_module
from batcher.sources.input_file import BOM, open_input
from batcher.updates.foreign_definition import UnknownValue, written_number
from batcher.updates.json_syntax import encodable
from batcher.updates.violations import name_text

BYTES_AT_MOST = 64 << 20  # a document is held whole
YAML_AT_MOST = 4 << 20  # characters: CloudFormation takes 1 MB, and reading it is slow

_BLANKS = re.compile(r"[ \t\r\n]*")
_WIDE = ((b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))  # as PowerShell redirects


class Document(NamedTuple):
    """A value of plain JSON, and the line on which it begins."""

    line: int
    value: Any


def read_documents(path: Path, name: str) -> list[Document]:
    """The documents in a file. ``name``: what people know it by. Raises InputError."""
    return documents_of(_text(path, name), name)


def documents_of(text: str, name: str) -> list[Document]:
    """The documents of a text. Raises InputError."""
    if text.lstrip()[:1] not in ("{", "[", ""):
        return _of_yaml(text, name)
    found = _of_json(text, name)
    if not encodable([each.value for each in found]):
        raise InputError(f"{name}: holds half of a surrogate pair (\\ud800 to \\udfff).")
    return found


def _text(path: Path, name: str) -> str:
    with open_input(path, name) as file:
        raw = file.content(BYTES_AT_MOST + 1)
    if len(raw) > BYTES_AT_MOST:
        raise InputError(f"{name}: longer than {BYTES_AT_MOST:,} bytes.")
    encoding = next((each for mark, each in _WIDE if raw.startswith(mark)), "utf-8")
    try:
        return raw.removeprefix(BOM).decode(encoding).lstrip("\N{BYTE ORDER MARK}")
    except UnicodeDecodeError as error:
        raise InputError(
            f"{name}: not UTF-8 at byte {error.start + 1}; save the file as UTF-8."
        ) from error


def _of_json(text: str, name: str) -> list[Document]:
    decoder = json.JSONDecoder(
        object_pairs_hook=_object, parse_constant=_constant, parse_float=_finite
    )
    found, end = list[Document](), 0
    line, counted = 1, 0
    while (start := _skipped(text, end)) < len(text):
        line, counted = line + text.count("\n", counted, start), start
        try:
            value, end = decoder.raw_decode(text, start)
        except json.JSONDecodeError as error:
            place = f"line {error.lineno}, character {error.colno}"
            raise InputError(f"{name}: {place}: not JSON: {error.msg.lower()}.") from error
        except (ValueError, RecursionError) as error:
            why = "nested too deep" if isinstance(error, RecursionError) else str(error)
            raise InputError(f"{name}: the JSON from line {line} on: {why}.") from error
        found.append(Document(line, value))
    return found


def _of_yaml(text: str, name: str) -> list[Document]:
    if len(text) > YAML_AT_MOST:
        raise InputError(
            f"{name}: YAML of more than {YAML_AT_MOST:,} characters, which no template is, or no"
            " JSON."
        )
    yaml = optional_module(
        "batcher.sources.yaml_documents",
        InputError(
            f"{name}: this is YAML, which needs an extra: pip install 'batcher[yaml]'. Or give the"
            " template as JSON."
        ),
    )
    try:
        return [Document(line, value) for line, value in yaml.documents(text)]
    except yaml.NotReadError as error:
        raise InputError(f"{name}: {error}") from error


def _skipped(text: str, start: int) -> int:
    """Where the next value begins: behind the blanks."""
    blanks = _BLANKS.match(text, start)
    return blanks.end() if blanks else start


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"{name_text(twice)} is given twice in one object")
    return found


def _constant(constant: str) -> None:
    raise ValueError(f"{constant} is no JSON number")


def _finite(digits: str) -> float | UnknownValue:
    if math.isinf(float(digits)):
        raise ValueError("holds a number that is out of range")
    return written_number(digits)
