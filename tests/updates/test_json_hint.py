"""JSON whose updates are not one a line: what it is called, and that jq makes them so."""

import codecs
import json
from pathlib import Path
from typing import Any

import pytest

from batcher.updates.json_hint import json_hint
from tests.updates.mended_files import (
    MODEL,
    PLAIN,
    UPDATES,
    WITH_LIMITS,
    assert_mended,
    lines,
)


def sns(update: Any) -> dict[str, Any]:
    return {
        "Type": "Notification",
        "MessageId": "5f2c",
        "TopicArn": "arn:aws:sns:eu-west-1:111122223333:updates",
        "Message": json.dumps(update),
        "Timestamp": "2026-11-26T12:00:00.000Z",
    }


def event(update: Any) -> dict[str, Any]:
    return {"version": "0", "detail-type": "update", "source": "crm", "detail": update}


INDENTED = json.dumps(UPDATES, indent=2).encode()


@pytest.mark.parametrize(
    ("what", "content", "tool"),
    [
        ("a comma after its last entry", b"[\n" + PLAIN.replace(b"}\n", b"},\n") + b"]\n", "sed"),
        ("a JSON list", json.dumps(UPDATES).encode(), "jq"),
        ("a JSON list", INDENTED, "jq"),
        ("a JSON list", codecs.BOM_UTF8 + INDENTED, "jq"),
        ("a JSON list", b"[\n" + b",\n".join(lines([u]).strip() for u in UPDATES) + b"\n]\n", "jq"),
        ("a JSON list", json.dumps(UPDATES * 3000).encode(), "jq"),
        ("a JSON list", json.dumps([UPDATES]).encode(), "jq"),
        ("indented JSON", "".join(json.dumps(u, indent=1) for u in WITH_LIMITS).encode(), "jq"),
        ("several JSON objects on a line", PLAIN.replace(b"\n", b" "), "jq"),
        ("objects with commas", PLAIN.replace(b"}\n", b"},\n"), "sed"),
        ("several JSON objects on a line", PLAIN.replace(b"\n", b"\r"), "jq"),
        ("notifications of SNS", lines(list(map(sns, UPDATES))), "jq"),
        ("notifications of SNS", json.dumps([sns(u) for u in UPDATES], indent=2).encode(), "jq"),
        (
            "messages of SQS",
            lines([{"MessageId": "1", "Body": json.dumps(u)} for u in UPDATES]),
            "jq",
        ),
        (
            "messages of SQS",
            json.dumps({"Messages": [{"Body": json.dumps(u)} for u in UPDATES]}, indent=4).encode(),
            "jq",
        ),
        (
            "notifications of SNS",
            json.dumps({"Records": [{"body": json.dumps(sns(u))} for u in UPDATES]}).encode(),
            "jq",
        ),
        ("events of EventBridge", lines(list(map(event, UPDATES))), "jq"),
        ("JSON within a text", lines([json.dumps(u) for u in UPDATES]), "jq"),
        ("further in", json.dumps({"n": 8, "Müller": {"x": UPDATES}}).encode(), "jq"),
        ("further in", lines([{"n": 8, "Müller": json.dumps(u)} for u in UPDATES]), "jq"),
    ],
)
def test_updates_in_other_json_are_told_by_what_holds_them_and_jq_makes_lines_of_them(
    tmp_path: Path, what: str, content: bytes, tool: str
) -> None:
    assert_mended(tmp_path, what, content, tool)


def test_a_constant_that_json_does_not_have_is_not_made_a_text() -> None:
    assert json_hint(PLAIN.decode().replace('"acme"', "NaN"), MODEL) is None


def test_names_that_the_input_made_up_are_not_in_the_filter() -> None:
    found = json_hint(json.dumps({"Müller": {"n": 1, "x": UPDATES}}), MODEL)
    assert found is not None
    assert "Müller" not in found.text("updates.json")
