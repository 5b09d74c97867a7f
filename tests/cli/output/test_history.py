"""History for people and as JSON: from what to what, and nothing that is sensitive."""

import json
from typing import Any

from batcher.cli.output.history import history_json, history_lines
from batcher.jobs.history import TriggerHistory
from batcher.jobs.recorded_touches import Touch
from batcher.records import Error

HIDDEN = frozenset({"Description"})


def touch(**more: Any) -> Touch:
    given = {
        "at": "2026-01-01T00:00:01.000Z",
        "domain": "acme",
        "trigger": "t1",
        "status": "succeeded",
        "run": "u.run",
        "kind": "run",
        "id": "i",
        "line": 1,
        "target": "default",
    }
    return Touch(**{**given, **more})


def history_of(*touches: Touch, **more: Any) -> TriggerHistory:
    given = {"older": 0, "directories": 3, "notes": [], "unread": []}
    return TriggerHistory(touches=list(touches), **{**given, **more})


def test_people_read_who_why_and_from_what_to_what() -> None:
    one = touch(
        who="arn:x",
        account="1",
        region="r",
        reason="why",
        labels={"a": "b"},
        before={"SegmentFilter": "a", "Description": "SECRET"},
        asked={"SegmentFilter": "b", "Description": "TOO"},
    )
    two = touch(status="in_doubt", error=Error(code="Timeout", message="m"), unknown="it is gone")
    found = history_of(one, two, older=1200, notes=["n"], unread=["u"])
    assert list(history_lines(found, HIDDEN)) == [
        "2026-01-01T00:00:01.000Z  acme/t1  succeeded",
        "    run u.run, id i, target default (1, r)",
        "    by arn:x",
        "    why: why [a=b]",
        '    ~ SegmentFilter: "a" → "b"',
        "    ~ Description: [hidden]",
        "2026-01-01T00:00:01.000Z  acme/t1  in doubt (Timeout)",
        "    run u.run, id i, target default (unknown account, unknown Region)",
        "    from what to what is not known: it is gone",
        "1,200 older ones are not shown; --limit and --since choose.",
        "Note: n",
        "Not read: u",
    ]
    assert "SECRET" in "\n".join(history_lines(found, frozenset()))
    assert list(history_lines(history_of(), HIDDEN)) == [
        "Nothing of that is there, in 3 runs looked at."
    ]


def test_json_has_changes_in_place_of_what_may_be_sensitive() -> None:
    one = touch(before={}, asked={"Description": "SECRET", "SegmentFilter": "b"})
    found = json.loads(history_json(history_of(one, touch(), older=2), HIDDEN))
    first, second = found.pop("touches")
    assert found == {"older": 2, "directories": 3, "notes": [], "unread": []}
    assert first["changes"] == [
        {"path": "Description", "after": "[hidden]"},
        {"path": "SegmentFilter", "after": "b"},
    ]
    assert second["changes"] is None
    assert not {"before", "asked"} & first.keys()
