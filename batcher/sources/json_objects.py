"""A file of JSON objects, of which few are wanted: one a line, or a single one over many lines."""

from collections.abc import Iterator
from typing import Any

import msgspec

from batcher.config import Settings
from batcher.errors import InputError
from batcher.sources.input_file import Line, open_input
from batcher.sources.local_file import plain_file
from batcher.updates.json_syntax import text_violations
from batcher.updates.line_reader import LINE_AT_MOST

NO_NAMES: frozenset[str] = frozenset()


def json_objects(origin: str, settings: Settings) -> Iterator[tuple[int, bytes]]:
    """The line, from 1, and the bytes of each object; what they say is not looked at.

    ``origin``: a file as everywhere (``.gz``, ``.zst``, ``-``, ``s3://…``). One whose first line is
    no JSON by itself is one object. Raises InputError when it can't be read; of S3 also AwsError.
    """
    with plain_file(origin, settings) as path, open_input(path, origin) as file:
        lines = file.lines()
        for number, _, raw in lines:
            yield number, raw if _is_json(raw) else raw + _rest(lines)


def parsed_object(
    origin: str, line: int, raw: bytes, names: frozenset[str] = NO_NAMES
) -> dict[str, Any]:
    """The object of a line. Raises InputError, which shows no names but those given."""
    if len(raw) > LINE_AT_MOST:
        raise InputError(f"{origin}: line {line}: longer than {LINE_AT_MOST:,} bytes")
    if violations := text_violations(raw, names):
        raise InputError(f"{origin}: line {line}: {violations[0]}")
    value = msgspec.json.decode(raw)
    if not isinstance(value, dict):
        raise InputError(f"{origin}: line {line}: has to be a JSON object")
    return value


def _is_json(raw: bytes) -> bool:
    try:
        msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return False
    return True


def _rest(lines: Iterator[Line]) -> bytes:
    """The lines that are left, as far as one object may be long."""
    rest = bytearray()
    for _, _, raw in lines:
        rest += raw
        if len(rest) > LINE_AT_MOST:
            break
    return bytes(rest)
