"""Events from JSON Lines and from CSV, packed or not; what is wrong is told with its line."""

import gzip
from pathlib import Path
from typing import Any

import pytest

from batcher.errors import InputError
from batcher.sources.event_file import EventColumns, read_events
from batcher.triggers.semantics.event_line import Event, EventReader
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.updates.violations import Violation

COLUMNS = EventColumns(object_type="Orders", profile="customerId", time="createdAt", id="no")
AT = 1793527200_000_000
LINE = (
    b'{"profile":"p","object_type":"Orders","timestamp":"2026-11-01T10:00:00Z","object":{"a":1}}\n'
)


def read(path: Path, columns: EventColumns | None = COLUMNS) -> list[Any]:
    return list(read_events(path, path.name, EventReader(SemanticsOptions()), columns))


def test_lines_are_events_with_their_numbers_and_blank_ones_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + LINE + b"\r\n" + LINE + b"oops\n"))
    first, third, bad = read(path, None)
    assert (first[0], first[1].at, third[0], third[1].id) == (1, AT, 3, "3")
    assert (bad[0], isinstance(bad[1][0], Violation)) == (4, True)


def test_a_row_of_a_csv_is_an_object_whose_empty_cells_are_not_there(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(
        "\N{BYTE ORDER MARK}no;customerId;createdAt;note;total\r\n"
        'n-1;p-1; 2026-11-01T10:00:00Z ;"two\nlines; and ""more""";24.0\r\n'
        "n-2;p-2;1793527200;;7\r\n".encode()
    )
    (_, first), (line, second) = read(path)
    assert first == Event(
        id="n-1",
        profile="p-1",
        object_type="Orders",
        at=AT,
        object={
            "no": "n-1",
            "customerId": "p-1",
            "createdAt": " 2026-11-01T10:00:00Z ",
            "note": 'two\nlines; and "more"',
            "total": "24.0",
        },
    )
    assert (line, second.at, "note" in second.object) == (4, AT, False)


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("n,p", "column createdAt: missing"),
        ("n,,2026-11-01T10:00:00Z", "column customerId: missing"),
        ("n,p,yesterday", "column createdAt: is no time"),
        ("n,p,2026-11-01T10:00:00Z,x", "has 4 cells, and the header 3"),
    ],
)
def test_a_row_that_is_no_event_is_told_by_its_column(tmp_path: Path, row: str, said: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(f"no,customerId,createdAt\n{row}\n")
    ((line, violations),) = read(path)
    assert line == 2
    assert said in str(violations[0])


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"no,customerId\n1,p\n", "no column createdAt; there are no, customerId"),
        (b"no,customer\rId,createdAt\n1,p,2\n", "line 1: new-line character"),
        (b"no,customerId,createdAt\n1,\xff,2\n", "line 2: not UTF-8 at byte 3"),
        (b'no,customerId,createdAt\n1,"' + b"x" * 200_000 + b'",2\n', "line 2: field larger"),
    ],
)
def test_a_csv_that_can_not_be_read_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said):
        read(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("no,customerId,createdAt,a,b,a\n", "a is the name of several columns"),
        ('no,customerId,createdAt,a\n1,p,2026-11-01,"x\n2,p,2026-11-01,y\n', "line 3: unexpected"),
    ],
)
def test_no_row_or_cell_of_a_csv_is_lost_without_a_word(
    tmp_path: Path, content: str, said: str
) -> None:
    path = tmp_path / "orders.csv"
    path.write_text(content)
    with pytest.raises(InputError, match=said):
        read(path)


def test_an_empty_csv_has_no_events(tmp_path: Path) -> None:
    path = tmp_path / "orders.csv"
    path.write_bytes(b"")
    assert read(path) == []
