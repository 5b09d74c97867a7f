"""The trigger and the event that are asked about, as they are found in files."""

import json
from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings
from batcher.errors import InputError
from batcher.jobs.explained_inputs import read_event, read_trigger
from batcher.triggers.semantics.options import SemanticsOptions
from tests.triggers.semantics.samples import of_one

OPTIONS, SETTINGS = SemanticsOptions(), Settings()
DEFINITION = of_one("EQUAL", "5")
LIVE = {"EventTriggerName": "t1", **DEFINITION, "CreatedAt": "2026-01-01T00:00:00Z", "Tags": {}}
EVENT = {"id": "e-1", "profile": "p", "object_type": "Orders", "timestamp": 5, "object": {"a": 1}}


def _update(name: str, domain: str = "acme", **members: Any) -> dict[str, Any]:
    return {"DomainName": domain, "EventTriggerName": name, **DEFINITION, **members}


def _file(tmp_path: Path, *values: Any, indent: int | None = None) -> str:
    path = tmp_path / "a.jsonl"
    path.write_text("\n".join(json.dumps(value, indent=indent) for value in values))
    return str(path)


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("value", [LIVE, _update("t1"), _update("t1", id="row-1", target="prod")])
def test_an_update_an_export_and_an_answer_are_triggers(
    tmp_path: Path, value: Any, indent: int | None
) -> None:
    found = read_trigger(_file(tmp_path, value, indent=indent), SETTINGS)
    assert (found.name, found.has_more) == ("t1", False)
    conditions = "EventTriggerConditions"
    assert found.definition[conditions] == DEFINITION[conditions]


def test_of_several_triggers_the_first_counts_or_the_one_that_is_named(tmp_path: Path) -> None:
    file = _file(tmp_path, _update("t1"), _update("t2"), _update("t2", "other"), LIVE)
    assert read_trigger(file, SETTINGS).has_more
    found = read_trigger(file, SETTINGS, "other/t2")
    assert (found.line, found.has_more) == (3, False)
    with pytest.raises(InputError, match="lines 2 and 3"):
        read_trigger(file, SETTINGS, "t2")
    with pytest.raises(InputError, match="no trigger of the name"):
        read_trigger(file, SETTINGS, "t3")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"SECRET": 1}, "DomainName"),
        (_update("t1", EventTriggerConditions="SECRET"), "EventTriggerConditions"),
        (LIVE | {"SegmentFilter": 5}, "SegmentFilter"),
        ([LIVE], "line 1"),
    ],
)
def test_what_is_no_trigger_is_told_with_its_place_and_not_quoted(
    tmp_path: Path, value: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        read_trigger(_file(tmp_path, value), SETTINGS)
    assert "SECRET" not in str(error.value)


@pytest.mark.parametrize(
    ("value", "kind", "profile"),
    [
        (EVENT, "Orders", "p"),
        ({"object_type": "Orders", "object": {"a": 1}}, "Orders", None),
        ({"object": {"a": 1}}, None, None),
        ({"a": 1}, None, None),
        (
            {
                "EventTimestamp": "2026-11-01T10:00:00Z",
                "ObjectTypeName": "Orders",
                "AssociatedProfileId": "p",
                "Object": {"a": 1},
            },
            "Orders",
            "p",
        ),
    ],
)
def test_an_event_is_a_line_a_part_of_one_a_record_of_a_stream_or_an_object(
    tmp_path: Path, value: Any, kind: str | None, profile: str | None
) -> None:
    found = read_event(_file(tmp_path, value), SETTINGS, OPTIONS)
    assert (found.object, found.object_type, found.profile) == ({"a": 1}, kind, profile)
    named = read_event(_file(tmp_path, value), SETTINGS, OPTIONS, object_type="Given")
    assert named.object_type == (kind or "Given")


def test_of_several_events_the_first_counts_or_the_one_that_is_named(tmp_path: Path) -> None:
    file = _file(tmp_path, EVENT, EVENT | {"id": "e-2"}, EVENT | {"id": "e-3"})
    assert read_event(file, SETTINGS, OPTIONS).has_more
    found = read_event(file, SETTINGS, OPTIONS, "e-2")
    assert (found.id, found.has_more) == ("e-2", False)
    for missing in (file, _file(tmp_path)):
        with pytest.raises(InputError, match="holds no event"):
            read_event(missing, SETTINGS, OPTIONS, "e-4")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (EVENT | {"timestamp": "SECRET"}, "timestamp"),
        ({"object": {}, "object_type": ["SECRET"]}, "object_type"),
        (["SECRET"], "JSON object"),
    ],
)
def test_what_is_no_event_is_told_with_its_place_and_not_quoted(
    tmp_path: Path, value: Any, said: str
) -> None:
    with pytest.raises(InputError, match=said) as error:
        read_event(_file(tmp_path, value), SETTINGS, OPTIONS)
    assert "SECRET" not in str(error.value)
