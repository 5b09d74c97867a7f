"""A file of events as a stream: JSON Lines, or a CSV of past objects whose columns are named.

Holds one event at a time. What is wrong with a line is a value.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from itertools import chain
from pathlib import Path
from typing import Any

from msgspec import Struct

from batcher.errors import InputError
from batcher.sources.input_file import InputFile, open_input
from batcher.triggers.semantics.event_line import Event, EventReader
from batcher.updates.violations import Violation, name_text

DELIMITERS = ",;\t|"
CELL_AT_MOST = 1 << 17  # characters
COLUMNS_SHOWN = 20


class EventColumns(Struct, frozen=True, kw_only=True):
    """Of which object type the rows of a CSV are, and which columns have what an event needs.

    A row is the object, with its cells as texts; empty ones are left out.
    """

    object_type: str
    profile: str
    time: str
    id: str | None = None
    ingested: str | None = None


EventOfLine = tuple[int, Event | list[Violation]]


def read_events(
    path: Path, name: str, reader: EventReader, columns: EventColumns | None
) -> Iterator[EventOfLine]:
    """Each line's number, and its event or what is wrong with it; blank lines are skipped.

    ``columns``: of a CSV; None for JSON Lines. Raises InputError when it can't be read.
    """
    with open_input(path, name) as file:
        if columns is None:
            for line, _, raw in file.lines():
                yield line, reader.read(raw, line)
        else:
            yield from _rows(file, name, reader, columns)


def _rows(
    file: InputFile, name: str, reader: EventReader, columns: EventColumns
) -> Iterator[EventOfLine]:
    csv.field_size_limit(CELL_AT_MOST)  # it is one for all of the process
    lines = _Lines(file, name)
    if (first := next(lines, None)) is None:
        return
    separator = max(DELIMITERS, key=first.count)
    rows = csv.reader(chain([first], lines), delimiter=separator, strict=True)
    header = _header(_next_row(rows, lines, name) or [], name, columns)
    while (row := _next_row(rows, lines, name)) is not None:
        yield lines.number, _event(row, header, columns, reader, lines.number)


def _next_row(rows: Iterator[list[str]], lines: "_Lines", name: str) -> list[str] | None:
    """The next row; None where there is no more. Raises InputError with its line."""
    try:
        return next(rows, None)
    except csv.Error as error:
        raise InputError(f"{name}: line {lines.number}: {error}.") from error


class _Lines:
    """The lines of a CSV as texts; ``number`` is that of the last one."""

    def __init__(self, file: InputFile, name: str) -> None:
        self.number = 0
        self._lines = file.lines()
        self._name = name

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        self.number, _, raw = next(self._lines)
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise InputError(
                f"{self._name}: line {self.number}: not UTF-8 at byte {error.start + 1}; save the"
                " file as UTF-8."
            ) from error


def _header(header: list[str], name: str, columns: EventColumns) -> list[str]:
    known = [each.strip() for each in header]
    for wanted in (columns.profile, columns.time, columns.id, columns.ingested):
        if wanted is not None and wanted not in known:
            there = ", ".join(map(name_text, known[:COLUMNS_SHOWN]))
            raise InputError(f"{name}: no column {name_text(wanted)}; there are {there}.")
    twice = (each for each, count in Counter(known).items() if each and count > 1)
    if (column := next(twice, None)) is not None:
        raise InputError(f"{name}: {name_text(column)} is the name of several columns.")
    return known


def _event(
    row: list[str], header: list[str], columns: EventColumns, reader: EventReader, line: int
) -> Event | list[Violation]:
    if len(row) > len(header):
        return [Violation(message=f"has {len(row)} cells, and the header {len(header)}")]
    found = {name: cell for name, cell in zip(header, row, strict=False) if cell}
    value: dict[str, Any] = {"object_type": columns.object_type, "object": found}
    of_cells = {
        "profile": columns.profile,
        "timestamp": columns.time,
        "id": columns.id,
        "ingested_at": columns.ingested,
    }
    for member, column in of_cells.items():
        if column is not None and column in found:
            value[member] = found[column].strip()
    read = reader.from_mapping(value, line)
    return read if isinstance(read, Event) else [_of_column(each, of_cells) for each in read]


def _of_column(violation: Violation, columns: dict[str, str | None]) -> Violation:
    """A violation with the name of the column in place of that of the member."""
    column = columns.get(violation.path)
    path = violation.path if column is None else f"column {name_text(column)}"
    return Violation(path=path, message=violation.message)
