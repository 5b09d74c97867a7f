"""CSV files as spreadsheets write them: separators, marks, encodings, and rows that are counted."""

import csv
import gzip
from pathlib import Path

import pytest

from batcher.errors import InputError
from batcher.sources.csv_table import COLUMNS_AT_MOST, SEPARATORS, open_csv
from batcher.updates.line_reader import LINE_AT_MOST

ROWS = 'Name;Note\r\nä;x\r\n;\r\n\r\n"a\nb";"q""q"\r\nz\r\n'
READ = [(2, ["ä", "x"]), (5, ["a\nb", 'q"q']), (6, ["z"])]


def read(path: Path, content: bytes) -> tuple[list[str], list[tuple[int, list[str]]]]:
    path.write_bytes(content)
    with open_csv(path, "t.csv", {"Name", "Note"}.__contains__) as table:
        return table.header, list(table.rows)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("separator", SEPARATORS)
def test_rows_are_read_in_whatever_a_spreadsheet_writes(
    tmp_path: Path, encoding: str, separator: str
) -> None:
    text = ROWS.replace(";", separator)
    for written in (text, text.replace("\r\n", "\n"), f"sep={separator}\r\n{text}"):
        assert read(tmp_path / "t.csv", written.encode(encoding)) == (["Name", "Note"], READ)
    packed = gzip.compress(text.encode(encoding))
    assert read(tmp_path / "t.csv.gz", packed) == (["Name", "Note"], READ)


def test_a_separator_of_its_own_can_be_told_and_blanks_around_names_are_none(
    tmp_path: Path,
) -> None:
    found = read(tmp_path / "t.csv", "sep=|\n Name |Note\N{NO-BREAK SPACE}\na|b,c;d\n".encode())
    assert found == (["Name", "Note"], [(2, ["a", "b,c;d"])])


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "row 1 is empty"),
        (b"\n\nName,Note\n", "row 1 is empty"),
        (b"\xff\xfeN\0a\0,\0\x00\xdc\x00\xdcb", "is not utf-16-le throughout; noticed after row"),
        (b'Name,Note\na,b\n"a,b\n', "row 3: no CSV: unexpected end of data"),
        (b'Name,Note\na,"b"c\n', "row 2: no CSV"),
        (b"Name,Note\n" + b"a" * (LINE_AT_MOST + 5), "row 2: no CSV: longer than"),
        (b'Name,Note\n"' + b"a\n" * LINE_AT_MOST, "row 2: no CSV: field larger"),
        (b"," * COLUMNS_AT_MOST + b"Name", "more than"),
    ],
)
def test_what_is_no_csv_is_refused_with_its_row(tmp_path: Path, content: bytes, why: str) -> None:
    with pytest.raises(InputError, match=why) as error:
        read(tmp_path / "t.csv", content)
    assert str(error.value).startswith("t.csv: ")


def test_a_name_of_any_length_that_a_line_can_have_is_read(tmp_path: Path) -> None:
    long = "x" * (LINE_AT_MOST - 10)
    csv.field_size_limit(1)  # it is one for the whole process, and others set it, too
    assert read(tmp_path / "t.csv", f"Name,{long}\na,b\n".encode()) == (
        ["Name", long],
        [(2, ["a", "b"])],
    )


def test_bytes_that_are_no_utf8_stay_in_their_cell(tmp_path: Path) -> None:
    assert read(tmp_path / "t.csv", b"Name,Note\na,\xe4\n")[1] == [(2, ["a", "\udce4"])]
