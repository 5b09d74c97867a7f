"""Rows as definitions, and definitions as rows: what goes out comes back the same."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.errors import InputError
from batcher.jobs.compose import changed_members
from batcher.jobs.csv_definitions import CsvWriter, columns_of, csv_definitions
from batcher.jobs.definitions import NAMES, Definition, DefinitionFile
from batcher.updates.line_reader import LineReader
from batcher.updates.member_path import put_at
from tests.updates.samples import MODEL, SECRET, valid_lines

FLAT = [
    "DomainName",
    "EventTriggerName",
    "ObjectTypeName",
    "Description",
    "SegmentFilter",
    "EventTriggerLimits.EventExpiration",
]


WIDE = {"EventTriggerConditions", "EventTriggerLimits", "id", "target", "SegmentFilter"}


def read(path: Path, content: str | bytes, **template: Any) -> list[Definition]:
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    reader = LineReader(MODEL, "default")
    file = DefinitionFile(
        path=path, origin="t.csv", reader=reader, on_hint=pytest.fail, template=template
    )
    return list(csv_definitions(file))


def whole(found: Definition, now: dict[str, Any] | None = None) -> dict[str, Any]:
    wanted = {**(now or {}), **found.members}
    for path, value in found.parts:
        wanted = put_at(wanted, path, value)
    return wanted


@settings(max_examples=25)
@given(st.lists(valid_lines(), min_size=1, max_size=2), st.booleans())
def test_a_table_comes_back_as_it_was_written(
    tmp_path_factory: pytest.TempPathFactory, lines: list[dict[str, Any]], wide: bool
) -> None:
    columns = columns_of([",".join(WIDE)] if wide else [], MODEL.schema)
    written = bytearray()
    writer = CsvWriter(columns, written.extend)
    for line in lines:
        writer.add(line)
    found = read(tmp_path_factory.mktemp("csv") / "t.csv", bytes(written))
    for line, definition in zip(lines, found, strict=True):
        assert definition.violations == []
        again = whole(definition, line)
        assert {name: again[name] for name in NAMES} == {name: line[name] for name in NAMES}
        assert changed_members(line, again) == {}
        assert set(definition.members) <= {str(path) for path in columns}
        if wide:
            assert definition.members.get("id") == line.get("id")
            assert (
                changed_members(whole(definition), {name: line[name] for name in WIDE & set(line)})
                == {}
            )


def test_a_row_that_names_the_columns_again_is_refused(tmp_path: Path) -> None:
    table = "DomainName,EventTriggerName,SegmentFilter\nacme,t,vip\n"
    found = read(tmp_path / "t.csv", table + "\ufeff" + table.replace("vip", "gold"))
    assert [len(each.violations) for each in found] == [0, 1, 0]
    assert "row out" in found[1].violations[0].message


def test_the_members_without_lists_are_the_columns_where_none_are_asked_for() -> None:
    assert list(map(str, columns_of([], MODEL.schema))) == FLAT
    some = columns_of(["EventTriggerLimits.Periods[0].Value, id", "DomainName"], MODEL.schema)
    assert list(map(str, some)) == [*FLAT[:2], "EventTriggerLimits.Periods[0].Value", "id"]
    with pytest.raises(InputError, match=r"--columns Segment: .* did you mean SegmentFilter\?"):
        columns_of(["Segment"], MODEL.schema)
    with pytest.raises(InputError, match=r"a cell is one value: write \[0\]"):
        columns_of(["EventTriggerLimits.Periods[].Value"], MODEL.schema)


def test_cells_are_put_into_the_template_members_before_what_is_in_them(tmp_path: Path) -> None:
    limits = {"Periods": [{"Unit": "DAYS", "Value": 1}]}
    (found,) = read(
        tmp_path / "t.csv",
        "EventTriggerName,EventTriggerLimits.Periods[1].Value,EventTriggerLimits.Periods[1].Unit,"
        "EventTriggerLimits.EventExpiration,,id\nt,2,DAYS,24.0,,24,,\n",
        DomainName="acme",
        EventTriggerLimits=limits,
    )
    periods = [*limits["Periods"], {"Value": 2, "Unit": "DAYS"}]
    assert whole(found) == {
        "DomainName": "acme",
        "EventTriggerName": "t",
        "id": "24",
        "EventTriggerLimits": {"Periods": periods, "EventExpiration": 24},
    }
    (found,) = read(
        tmp_path / "t.csv",
        "EventTriggerLimits.EventExpiration,EventTriggerLimits,DomainName,EventTriggerName\n"
        f'5,"{msgspec.json.encode(limits).decode().replace(chr(34), chr(34) * 2)}",a,t\n',
    )
    assert whole(found)["EventTriggerLimits"] == limits | {"EventExpiration": 5}


def test_what_is_wrong_is_told_with_row_and_column_and_quotes_nothing(tmp_path: Path) -> None:
    header = "DomainName,EventTriggerName,EventTriggerLimits.EventExpiration,EventTriggerConditions"
    found = read(tmp_path / "t.csv", f"{header}\n\na,t,{SECRET},{SECRET},,{SECRET}\n")
    assert found[0].line == 3
    said = [f"{found[0].place(each.path)}: {each.message}" for each in found[0].violations]
    assert said[0].startswith("EventTriggerLimits.EventExpiration (column C): has to be an int")
    assert said[1].startswith("EventTriggerConditions (column D): not JSON")
    assert said[2] == "column F: has a value, and row 1 no name for it"
    assert SECRET not in str(said)


@pytest.mark.parametrize(
    ("header", "why"),
    [
        ("DomainName,EventTriggerNam", "column B: no name of a member: .* EventTriggerName"),
        (f"acme,{SECRET}", "column A: no name of a member: no such member"),
        ("DomainName", "no column EventTriggerName"),
        ("DomainName,DomainName,EventTriggerName", "column B: DomainName is there twice"),
        ("DomainName,EventTriggerName,based_on", "column C: based_on can't be a column"),
        ("DomainName,EventTriggerName,EventTriggerLimits.Periods[].Value", "a cell is one value"),
    ],
)
def test_a_header_that_names_no_members_is_refused(tmp_path: Path, header: str, why: str) -> None:
    with pytest.raises(InputError, match=f"t.csv: row 1.*{why}") as error:
        read(tmp_path / "t.csv", f"{header}\na,b,c\n")
    assert SECRET not in str(error.value)
