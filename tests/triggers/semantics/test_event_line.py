"""Lines become events, in both formats; what is wrong is told by its path, and never quoted."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.triggers.semantics.event_line import FIRST_MOMENT, LAST_MOMENT, Event, EventReader
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import parse_instant

OPTIONS = SemanticsOptions()
LINE: dict[str, Any] = {
    "id": "e-1",
    "profile": "p-17",
    "object_type": "Orders",
    "timestamp": "2026-11-01T10:00:00Z",
    "object": {"Total": 12},
}
AT = 1793527200_000_000
RECORD: dict[str, Any] = {
    "SchemaVersion": 0,
    "EventId": "e-2",
    "EventTimestamp": "2026-11-01T10:00:00.000Z",
    "EventType": "CREATED",
    "DomainName": "acme",
    "ObjectTypeName": "Orders",
    "AssociatedProfileId": "p-17",
    "ProfileObjectUniqueKey": "k",
    "Object": {"Total": 12},
    "IsMessageRealTime": True,
}


def read(value: Any, reader: EventReader | None = None) -> Any:
    raw = value if isinstance(value, bytes) else msgspec.json.encode(value)
    return (reader or EventReader(OPTIONS)).read(raw, 7)


def test_a_line_is_an_event_with_its_time_in_microseconds_and_its_delay() -> None:
    event = read(LINE | {"domain": "acme", "ingested_at": "2026-11-01T11:00:01.5+01:00"})
    assert event == Event(
        id="e-1",
        profile="p-17",
        object_type="Orders",
        at=AT,
        object={"Total": 12},
        domain="acme",
        delay=1_500_000,
    )
    assert read({name: LINE[name] for name in LINE if name != "id"}).id == "7"


def test_records_of_the_event_stream_are_understood_also_between_other_lines() -> None:
    reader = EventReader(OPTIONS)
    wanted = Event(
        id="e-2", profile="p-17", object_type="Orders", at=AT, object={"Total": 12}, domain="acme"
    )
    assert [read(each, reader) for each in (RECORD, RECORD)] == [wanted, wanted]
    assert read(LINE, reader).id == "e-1"
    of_profile = RECORD | {"AssociatedProfileId": None, "Object": {"ProfileId": "p-18"}}
    assert read(of_profile, reader).profile == "p-18"
    as_printed = RECORD | {"EventTimestamp": "2026-11-01 10:00:00.000 +0000 UTC"}
    assert read(as_printed, reader).at == AT


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (b'{"profile": "SECRET"', "not JSON"),
        (b'{"a": 1}{"a": 1}', "another value after the first"),
        (b"\xff\xfe", "UTF-8"),
        (b"[" * 100_000, "nested"),
        (b"[]", "has to be a JSON object"),
        ({}, "profile: missing"),
        (LINE | {"SECRET": 1}, "has a member that does not exist; there are id, profile"),
        (LINE | {"profile": 17}, "profile: expected `str`, got `int`"),
        (LINE | {"profile": ""}, "profile: is empty"),
        (LINE | {"object": ["SECRET"]}, "object: expected `object`, got `array`"),
        (LINE | {"timestamp": "SECRET"}, "timestamp: is no time"),
        (LINE | {"timestamp": 1e300}, "timestamp: is no time"),
        (LINE | {"timestamp": "2026-13-01T10:00:00Z"}, "timestamp: is no time"),
        (LINE | {"timestamp": "2026-11-01x10:00:00Z"}, "timestamp: is no time"),
        (LINE | {"ingested_at": "SECRET"}, "ingested_at: is no time"),
        (RECORD | {"EventTimestamp": "SECRET"}, "EventTimestamp: is no time"),
        (RECORD | {"AssociatedProfileId": None}, "AssociatedProfileId: missing"),
        (b'{"profile": "a' + b"b" * (1 << 20) + b'"}', "longer than"),
    ],
)
def test_what_is_no_event_is_told_by_its_path_and_never_quoted(value: Any, said: str) -> None:
    found = read(value)
    assert isinstance(found, list)
    assert said in str(found[0])
    assert "SECRET" not in str(found)


@given(st.datetimes().map(lambda each: each.isoformat() + "Z") | st.text("0123456789-T:Z.W"))
def test_a_time_is_read_as_in_conditions(text: str) -> None:
    found, wanted = read(LINE | {"timestamp": text}), parse_instant(text, OPTIONS)
    is_time = wanted is not None and FIRST_MOMENT <= wanted.at <= LAST_MOMENT
    assert (found.at if isinstance(found, Event) else None) == (wanted.at if is_time else None)


@given(st.binary() | st.recursive(st.none() | st.text() | st.floats(), st.lists))
def test_whatever_a_line_is_it_is_an_event_or_told(value: Any) -> None:
    found = read(value)
    assert isinstance(found, Event) or found


RAW_LINE = b'{"profile":"p","object_type":"o","timestamp":1,"object":{"a":1%b}}'
RAW_RECORD = (
    b'{"EventTimestamp":1,"ObjectTypeName":"o","AssociatedProfileId":"p","More":{"x":1},'
    b'"Object":{"a":1%b}}'
)


@pytest.mark.parametrize("line", [RAW_LINE, RAW_RECORD])
@pytest.mark.parametrize("again", [b',"a":2', b',"b":{"c":1,"c":":"}', b',"\\u0061":"\\u003a"'])
def test_a_member_that_is_given_twice_is_told_wherever_it_stands(line: bytes, again: bytes) -> None:
    reader = EventReader(SemanticsOptions())
    for _ in range(2):  # the second time it is known which format it is
        assert isinstance(reader.read(line % b"", 1), Event)
        (violation,) = reader.read(line % again, 1)
        assert violation.message == "a member is given twice in one object"
        assert isinstance(reader.read(line % b',"b":"\\u003a:"', 1), Event)
