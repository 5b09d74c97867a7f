"""A CSV file as a stream of rows, as spreadsheets write it: marks, separators and encodings.

What a cell means is not looked at here.
"""

import csv
import io
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from msgspec import Struct

from batcher.errors import InputError
from batcher.sources.input_file import BOM, InputFile, open_input
from batcher.sources.read_errors import damage
from batcher.updates.csv_cell import BLANKS
from batcher.updates.input_hint import LOOKED_AT, WIDE_MARKS
from batcher.updates.line_reader import LINE_AT_MOST

SEPARATORS = (",", ";", "\t")
_TOLD = [f"sep={each}" for each in (*SEPARATORS, "|")]
COLUMNS_AT_MOST = 1_000

# by how a file begins; without a mark the zero bytes beside ASCII tell
_ENCODINGS = ((BOM, "utf-8-sig"), *WIDE_MARKS)


class CsvTable(Struct, frozen=True, kw_only=True):
    """An open CSV file: the names of its columns, and its other rows from row 2 on.

    ``rows``: the row's number, as a spreadsheet counts them, and its cells; never an empty row.
    Bytes that are no UTF-8 are halves of surrogate pairs.
    """

    header: list[str]
    rows: Iterator[tuple[int, list[str]]]


@contextmanager
def open_csv(path: Path, origin: str, is_name: Callable[[str], bool]) -> Iterator[CsvTable]:
    """Open a CSV file. ``is_name``: whether a text is the name of a column: it tells the separator.

    Raises InputError, also while the rows are read.
    """
    with open_input(path, origin) as file:
        encoding = _encoding(file)
        # bytes that are no UTF-8 stay in their cells, so that these can be told
        errors = "surrogateescape" if encoding.startswith("utf-8") else "strict"
        text = io.TextIOWrapper(file.stream, encoding, errors, newline="")
        try:
            with _told_errors(origin):
                first, separator = _first_line(text, is_name)
            rows = _rows(_lines(text, first), separator, origin)
            number, header = next(rows, (0, []))
            if number != 1:
                raise InputError(f"{origin}: row 1 is empty; it has to name the columns.")
            if len(header) > COLUMNS_AT_MOST:
                raise InputError(f"{origin}: row 1: more than {COLUMNS_AT_MOST:,} columns.")
            yield CsvTable(header=[name.strip(BLANKS) for name in header], rows=rows)
        finally:
            text.detach()  # the stream is closed by who has opened it


def _encoding(file: InputFile) -> str:
    head = file.stream.peek(LOOKED_AT)
    for mark, encoding in _ENCODINGS:
        if head.startswith(mark):
            return encoding
    if head[1:2] == b"\0":
        return "utf-16-le"
    return "utf-16-be" if head[:1] == b"\0" else "utf-8"


def _first_line(text: io.TextIOWrapper, is_name: Callable[[str], bool]) -> tuple[str, str]:
    """The line of the names, and what separates them; Excel's line sep=; goes before it."""
    line = text.readline(LINE_AT_MOST)
    if (told := line.rstrip("\r\n").lower()) in _TOLD:
        return text.readline(LINE_AT_MOST), told[-1]
    return line, max(SEPARATORS, key=lambda each: _count_names(line, each, is_name))


def _count_names(line: str, separator: str, is_name: Callable[[str], bool]) -> int:
    csv.field_size_limit(LINE_AT_MOST)
    names = next(csv.reader([line], delimiter=separator), [])
    return sum(is_name(name.strip(BLANKS)) for name in names)


def _lines(text: io.TextIOWrapper, first: str) -> Iterator[str]:
    """The first line and all others. Raises csv.Error for one that is too long."""
    line = first
    while line:
        if len(line) >= LINE_AT_MOST and not line.endswith(("\r", "\n")):
            raise csv.Error(f"longer than {LINE_AT_MOST:,} characters")
        yield line
        line = text.readline(LINE_AT_MOST)


def _rows(lines: Iterator[str], separator: str, origin: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LINE_AT_MOST)
    number = 0
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        try:
            with _told_errors(origin, number):
                cells = next(reader, None)
        except csv.Error as error:
            where = f"{origin}: row {number + 1}"
            raise InputError(f"{where}: no CSV: {error}. Look at its quotes.") from None
        if cells is None:
            return
        number += 1
        if any(cell.strip(BLANKS) for cell in cells):
            yield number, cells


@contextmanager
def _told_errors(origin: str, row: int = 0) -> Iterator[None]:
    try:
        yield
    except UnicodeError as error:
        what = f"is not {getattr(error, 'encoding', 'text')} throughout; noticed after row {row}"
        raise InputError(f"{origin}: {what}. Save it as CSV UTF-8.") from error
    except (OSError, EOFError, zlib.error) as error:
        raise InputError(f"{origin}: {damage(error)}; noticed after row {row}") from error
