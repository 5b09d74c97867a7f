"""The shape of what a hook is told."""

import json
from datetime import datetime

from batcher.hooks.cloud_event import CloudEvent

REQUIRED = {"id", "source", "specversion", "type"}
OPTIONAL = {"time", "subject", "datacontenttype", "data"}


def check_event(raw: bytes | str) -> dict:
    """One CloudEvents 1.0 object in structured JSON form; returns it."""
    event = json.loads(raw)
    assert event.keys() == REQUIRED | OPTIONAL  # no extension: they have no place here
    assert event["specversion"] == "1.0"
    assert event["datacontenttype"] == "application/json"
    for name in ("id", "source", "type", "subject"):
        assert isinstance(event[name], str)
        assert event[name]
    assert " " not in event["source"]  # a URI reference
    assert datetime.fromisoformat(event["time"]).utcoffset() is not None
    assert isinstance(event["data"], dict)
    return event


def test_an_event_has_what_cloudevents_require_in_one_line() -> None:
    event = CloudEvent(
        id="s-1",
        source="/batcher/runs/r",
        type="batcher.run.started",
        time="2026-11-26T21:00:00.000Z",
        subject="updates.run",
        data={"input": {"path": "é\n"}},
    )
    raw = event.encoded()
    assert b"\n" not in raw
    assert check_event(raw)["data"] == {"input": {"path": "é\n"}}
