"""Current definitions: the ones asked for, from an export or live; a missing one is a value."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from batcher.config import Settings
from batcher.error_codes import RESOURCE_NOT_FOUND
from batcher.errors import InputError
from batcher.jobs.current_triggers import LIVE, current_triggers, exported_triggers
from batcher.jobs.trigger_keys import TriggerKey, TriggerKeys
from batcher.records import Error
from batcher.triggers.diff import same
from tests.conftest import CONDITIONS, trigger
from tests.jobs.conftest import SettingsFor, seeded

BODY = {"ObjectTypeName": "Orders", "EventTriggerConditions": CONDITIONS}
T1, MISSING = TriggerKey("default", "acme", "t1"), TriggerKey("default", "acme", "gone")


def written(path: Path, *lines: Any) -> str:
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return str(path)


def exported(number: int, **more: Any) -> dict[str, Any]:
    return {
        "DomainName": "acme",
        "EventTriggerName": f"t{number}",
        "ObjectTypeName": "Orders",
        "EventTriggerConditions": CONDITIONS,
    } | more


async def test_live_ones_are_requests_and_one_that_is_not_there_is_a_value(
    settings_for: SettingsFor,
) -> None:
    emulator = seeded(3)
    async with emulator as url:
        found = await current_triggers(LIVE, {T1, MISSING}, settings_for(url))
    missing = found[MISSING]
    assert isinstance(missing, Error)
    assert missing.code == RESOURCE_NOT_FOUND
    assert same(found[T1], trigger(1))  # type: ignore[arg-type] # one that is there
    assert "LastUpdatedAt" not in found[T1]  # type: ignore[operator] # a mapping
    assert {call.operation for call in emulator.calls()} == {"GetEventTrigger"}


def test_of_an_export_only_the_wanted_are_kept_and_answers_of_the_api_are_understood(
    tmp_path: Path,
) -> None:
    answer = exported(1, CreatedAt=1.5e9, LastUpdatedAt="2026-01-01", Tags={"a": "b"})
    del answer["DomainName"]
    wanted = [T1, MISSING, TriggerKey("eu", "acme", "t2"), TriggerKey("us", "acme", "t2")]
    lines = [answer, exported(2, target="eu"), exported(3), {"EventTriggerName": "another"}]
    path = tmp_path / "export.jsonl.gz"
    path.write_bytes(gzip.compress(b"\xef\xbb\xbf" + b"\r\n".join(map(msgspec.json.encode, lines))))
    found = exported_triggers(str(path), wanted, Settings())
    assert found[wanted[0]] == exported(1)
    assert found[wanted[2]] == exported(2)
    assert [key for key in wanted if isinstance(found[key], Error)] == [MISSING, wanted[3]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "no triggers"),
        (b"\r\n \n", "no triggers"),
        (b'{"EventTriggerName": "t1", "SegmentFilter": 7}\n', "line 1: SegmentFilter: has to be"),
        (b'\n{"DomainName": "acme"}\n', "line 2: EventTriggerName: missing"),
        (b"[1]\n", "JSON"),
        (b'{"EventTriggerName": "t1",\n"ObjectTypeName": "Orders"}\n', "indented JSON"),
        (b'{"EventTriggerName": ["SECRET"]}\n', "EventTriggerName: has to be a string"),
    ],
)
def test_what_is_no_export_is_refused_with_its_line(
    tmp_path: Path, content: bytes, said: str
) -> None:
    path = tmp_path / "export.jsonl"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as refused:
        exported_triggers(str(path), [T1], Settings())
    assert "SECRET" not in str(refused.value)


def test_a_trigger_that_is_there_twice_has_to_be_the_same(tmp_path: Path) -> None:
    path = written(tmp_path / "a.jsonl", exported(1), exported(1))
    assert exported_triggers(path, [T1], Settings()) == {T1: exported(1)}
    path = written(tmp_path / "b.jsonl", exported(1), exported(1, SegmentFilter="vip"))
    with pytest.raises(InputError, match="line 2: EventTriggerName: is there twice"):
        exported_triggers(path, [T1], Settings())


_ENTRY = st.fixed_dictionaries(
    {"EventTriggerName": st.sampled_from(["t1", "t2"])},
    optional={
        "DomainName": st.sampled_from(["acme", "other"]),
        "target": st.sampled_from(["default", "eu"]),
        "Description": st.sampled_from(["🙂", "two\nlines"]),
    },
)
_KEYS = st.builds(
    TriggerKey,
    st.sampled_from(["default", "eu", "us"]),
    st.sampled_from(["acme", "other"]),
    st.sampled_from(["t1", "t2", "gone"]),
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(_ENTRY, min_size=1, max_size=8), st.sets(_KEYS), st.booleans())
def test_what_is_wanted_of_an_export_is_what_its_lines_say(
    tmp_path: Path, entries: list[dict[str, Any]], wanted: set[TriggerKey], wide: bool
) -> None:
    """A line without a target or a domain is of any; ``wide``: many targets are asked for."""
    keys = [*wanted, *(TriggerKey(f"far-{each}", "acme", "far") for each in range(20 * wide))]
    expected, twice = dict[TriggerKey, dict[str, Any]](), False
    for entry in entries:
        for key in wanted:
            is_of = entry.get("target", key.target) == key.target
            names = entry.get("DomainName", key.domain), entry["EventTriggerName"]
            if is_of and names == (key.domain, key.trigger):
                request = {**entry, "DomainName": key.domain}
                request.pop("target", None)
                first = expected.setdefault(key, request)
                twice |= any(first.get(name) != value for name, value in request.items())
    path = written(tmp_path / "export.jsonl", *(BODY | entry for entry in entries))
    if twice:
        with pytest.raises(InputError, match="is there twice"):
            exported_triggers(path, keys, Settings())
        return
    found = exported_triggers(path, keys, Settings())
    assert ({*found}, len(found)) == ({*keys}, len(keys))
    for key in keys:
        there = found[key]
        if key in expected:
            assert there == BODY | expected[key]
        else:
            assert isinstance(there, Error)
            assert there.code == RESOURCE_NOT_FOUND
    with pytest.raises(KeyError):
        found[TriggerKey("nobody", "asked", "for")]


def test_a_trigger_of_an_export_is_held_in_few_bytes_more_than_its_line(tmp_path: Path) -> None:
    lines = [exported(number, target="eu") for number in range(2_000)]
    path = written(tmp_path / "export.jsonl", *lines)
    keys = TriggerKeys(TriggerKey("eu", "acme", f"t{number}") for number in range(2_000))
    del lines
    tracemalloc.start()
    try:
        found = exported_triggers(path, keys, Settings())
        taken, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(found) == 2_000
    assert taken < 1.3 * Path(path).stat().st_size
