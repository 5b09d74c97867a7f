"""Definitions a line each: updates, or an export; also lines of other tools, as far as understood.

What is JSON, but no JSON Lines, is read whole.
"""

import json

import msgspec

from batcher.errors import InputError
from batcher.jobs.definitions import NAMES, Definition, DefinitionFile, Definitions
from batcher.jobs.export_lines import object_of
from batcher.jobs.foreign_definitions import Translator, document_definitions
from batcher.records import Update
from batcher.sources.input_file import open_input
from batcher.updates.foreign_definition import written_number
from batcher.updates.foreign_document import OtherToolError
from batcher.updates.hint import Hint
from batcher.updates.input_hint import hint_of
from batcher.updates.json_syntax import text_violations
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation


def line_definitions(file: DefinitionFile) -> Definitions:
    """The definitions of a file of updates, of an export, or of what else has one a line.

    Raises InputError when the file can't be read.
    """
    hint = _hint(file)
    if hint is not None and (whole := _as_documents(file)) is not None:
        yield from whole
        return
    if hint is not None:
        file.on_hint(hint)
    translator = Translator(file)
    with open_input(file.path, file.origin) as opened:
        for line, _, raw in opened.lines():
            read = file.reader.read(raw, line)
            if isinstance(read, Update):
                yield Definition(line=line, members=msgspec.json.decode(raw))
            else:
                yield _other(raw, line, read or [], translator, file.reader)
    translator.finish()


def _hint(file: DefinitionFile) -> Hint | None:
    """What the file is where its first line is no update, and it is no JSON Lines."""
    with open_input(file.path, file.origin) as opened:
        first = next(opened.lines(), None)
        if first is None or isinstance(file.reader.read(first[2], first[0]), Update):
            return None
        hint = hint_of(opened.head, file.reader.model)
        return None if hint is None or hint.of_values else hint


def _as_documents(file: DefinitionFile) -> list[Definition] | None:
    """What the file has as a whole; None where that is nothing. Raises OtherToolError."""
    try:
        return list(document_definitions(file))
    except OtherToolError:
        raise
    except InputError:
        return None


def _other(
    raw: bytes,
    line: int,
    violations: list[Violation],
    translator: Translator,
    reader: LineReader,
) -> Definition:
    """A line that is no update as it stands: translated where it is an object at all."""
    if object_of(raw) is not None and not text_violations(raw, frozenset()):
        return translator.definition(json.loads(raw, parse_float=written_number), line)
    names = dict(zip(NAMES, reader.trigger_of(raw) or (), strict=False))
    return Definition(line=line, members=names, violations=violations)
