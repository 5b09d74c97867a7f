"""Definitions in a CSV file: a row each, the columns are paths; and rows made of definitions."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from batcher.errors import InputError
from batcher.jobs.definitions import NAMES, OURS, Definition, DefinitionFile, Definitions
from batcher.operations import TRIGGER_NAMES
from batcher.sources.csv_table import open_csv
from batcher.sources.input_file import BOM
from batcher.updates.csv_cell import BLANKS, cell_of, cell_value
from batcher.updates.given_value import ValueTextError
from batcher.updates.json_schema import Schema
from batcher.updates.member_names import members_of
from batcher.updates.member_path import (
    ABSENT,
    EACH,
    MemberPath,
    PathError,
    is_member_path,
    member_path,
    values_at,
)
from batcher.updates.violations import Violation

HEADER_AGAIN = Violation(message="has the names of the columns again; leave this row out")


class _Columns(Struct, frozen=True, kw_only=True):
    """The columns that have a name: where in a row, and what it is of; in the order of use.

    ``called``: by path, what people call it; ``named``: the places.
    """

    paths: list[tuple[int, MemberPath]]
    called: dict[str, str]
    named: frozenset[int]


def csv_definitions(file: DefinitionFile) -> Definitions:
    """The definitions of a CSV file: what its template has, and the cells of a row put into it.

    An empty cell is of no member. Raises InputError for a header that is no row of paths, and when
    the file can't be read.
    """
    schema = file.reader.model.schema
    with open_csv(file.path, file.origin, lambda name: is_member_path(name, schema)) as table:
        columns = _columns(table.header, schema, file)
        for row, cells in table.rows:
            if _is_header(cells, table.header):
                yield Definition(line=row, members={}, violations=[HEADER_AGAIN])
            else:
                yield _definition(row, cells, columns, file.template)


def columns_of(texts: Iterable[str], schema: Schema) -> list[MemberPath]:
    """The columns of a CSV file to be written: the names of triggers, and then these.

    ``texts``: paths, several with commas between; none for all members that are no lists and hold
    none. Raises InputError.
    """
    asked = [name.strip() for text in texts for name in text.split(",") if name.strip()]
    paths = [_column(name, f"--columns {name}", schema) for name in (*NAMES, *asked)]
    if not asked:
        paths += [member_path(name, schema) for name in _flat_members(schema)]
    found = {str(path): path for path in paths}
    return list(found.values())


class CsvWriter:
    """Writes definitions as rows of a CSV file, each as soon as it comes, the header at once."""

    def __init__(self, columns: Sequence[MemberPath], write: Callable[[bytes], None]) -> None:
        self._columns = columns
        self._rows = csv.writer(_Encoded(write))
        write(BOM)  # by which spreadsheets know UTF-8
        self._rows.writerow([str(path) for path in columns])

    def add(self, definition: Mapping[str, Any]) -> None:
        """Write what a definition has of the columns."""
        self._rows.writerow(
            cell_of(next(values_at(definition, path.steps), ABSENT), path.rule)
            for path in self._columns
        )


class _Encoded:
    """As much of a text file as a writer of CSV needs."""

    def __init__(self, write: Callable[[bytes], None]) -> None:
        self._write = write

    def write(self, text: str) -> None:
        self._write(text.encode("utf-8"))


def _definition(
    row: int,
    cells: Sequence[str],
    columns: _Columns,
    template: Mapping[str, Any],
) -> Definition:
    parts, faults = list[tuple[MemberPath, Any]](), list[tuple[int, Violation]]()
    empty = list[MemberPath]()
    for place, path in columns.paths:
        try:
            value = cell_value(cells[place], path.rule) if place < len(cells) else ABSENT
        except ValueTextError as error:
            faults.append((place, Violation(path=str(path), message=str(error))))
            continue
        if value is ABSENT:
            empty.append(path)
        else:
            parts.append((path, value))
    faults += _nameless(cells, columns.named)
    top = {path.top: value for path, value in parts if len(path.steps) == 1}
    below = tuple(part for part in parts if len(part[0].steps) > 1)
    return Definition(
        line=row,
        members={**template, **top},
        parts=below,
        violations=[fault for _, fault in sorted(faults, key=lambda each: each[0])],
        columns=columns.called,
        empty=tuple(empty),
    )


def _is_header(cells: Sequence[str], header: Sequence[str]) -> bool:
    """Whether a row has the names of the columns, as where one file was put behind another."""
    given = [cell.strip(BLANKS) for cell in cells]
    return given == header[: len(given)] and not any(header[len(given) :])


def _nameless(cells: Sequence[str], named: frozenset[int]) -> list[tuple[int, Violation]]:
    """Cells with something in them in columns without a name."""
    message = "has a value, and row 1 no name for it"
    return [
        (place, Violation(path=f"column {_letters(place)}", message=message))
        for place, cell in enumerate(cells)
        if place not in named and cell.strip(BLANKS)
    ]


def _columns(header: Sequence[str], schema: Schema, file: DefinitionFile) -> _Columns:
    """The columns of a header: whole members before what is in them, entries in order."""
    paths, called = list[tuple[int, MemberPath]](), dict[str, str]()
    for place, name in enumerate(header):
        if not name:
            continue
        column = f"column {_letters(place)}"
        path = _column(name, f"{file.origin}: row 1, {column}", schema)
        if called.setdefault(str(path), column) is not column:
            raise InputError(f"{file.origin}: row 1, {column}: {path} is there twice.")
        paths.append((place, path))
    missing = TRIGGER_NAMES - called.keys() - file.template.keys()
    if missing:
        raise InputError(
            f"{file.origin}: row 1: no column {' and none '.join(sorted(missing))}. Its cells are"
            " the names of members (batcher schema lists all); what is common to all rows can be in"
            " --template."
        )
    paths.sort(key=lambda each: _order(each[1]))
    return _Columns(paths=paths, called=called, named=frozenset(place for place, _ in paths))


def _order(path: MemberPath) -> tuple[int, list[int]]:
    return len(path.steps), [step for step in path.steps if isinstance(step, int)]


def _column(name: str, where: str, schema: Schema) -> MemberPath:
    """The path that a column is of. Raises InputError, which quotes no name that may be data."""
    try:
        path = member_path(name, schema)
    except PathError as error:
        raise InputError(f"{where}: no name of a member: {error}") from None
    if EACH in path.steps:
        raise InputError(f"{where}: a cell is one value: write [0] for the first entry.")
    if path.top[0].islower() and path.top not in OURS:
        raise InputError(f"{where}: {path.top} can't be a column.")
    return path


def _flat_members(schema: Schema) -> list[str]:
    """The members of AWS's that are neither lists nor in one, as paths."""
    return [
        each.text
        for each in members_of(schema)
        if all(name[0].isupper() for name in each.place) and "[]" not in each.text
        if each.schema.get("type") != "array" and "properties" not in each.schema
    ]


def _letters(place: int) -> str:
    """What spreadsheets call a column: 0 -> A, 26 -> AA."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
