"""The page for people.

Everything is on it, nothing of it is markup, and nothing sensitive gets there.
"""

import json
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.records import Counts, Depth, Error, Result
from batcher.status.metrics import Metrics
from batcher.status.page import PARTS, StatusPage, record_page
from batcher.status.snapshot import (
    REASONS_TOLD,
    LaneSnapshot,
    RecordedFailure,
    UnusableTarget,
    WorkerSnapshot,
)
from batcher.updates.aws_messages import AwsMessages
from batcher.updates.line_reader import LineReader
from tests.status.snapshots import failure, moments, recorded, snapshot
from tests.updates.samples import MODEL, broken_lines, full


class Seen(HTMLParser):
    """A page as a browser has it: its tags in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, list[tuple[str, str | None]]]] = []
        self.text = ""
        self.feed(text)
        self.close()
        self.text = " ".join(self.text.split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))
        self.text += " "

    def handle_endtag(self, tag: str) -> None:
        self.text += " "

    def handle_data(self, data: str) -> None:
        self.text += data


def page(now: WorkerSnapshot) -> str:
    return StatusPage().whole(now, moments())


def test_before_the_first_moment_a_quota_that_targets_share_counts_once() -> None:
    lane = LaneSnapshot(
        target="t", operation="UpdateEventTrigger", rate=20.0, quota=25.0, bucket="b"
    )
    seen = Seen(StatusPage().whole(snapshot(lanes=(lane, lane)), ()))
    assert "40/s sent, with looks 20/s pace of updates 25/s quota of updates" in seen.text


def test_what_is_told_first_is_of_this_moment_and_not_of_the_latest_of_the_last_hour() -> None:
    lane = LaneSnapshot(target="t", operation="UpdateEventTrigger", rate=3.0, quota=4.0)
    seen = Seen(page(snapshot(sent=2.0, lanes=(lane,))))
    assert "2/s sent, with looks 3/s pace of updates 4/s quota of updates" in seen.text


def test_a_pace_that_is_bounded_meanwhile_is_said_to_be() -> None:
    lane = LaneSnapshot(
        target="prod", operation="UpdateEventTrigger", rate=2.0, bound=2.0, quota=50.0
    )
    seen = Seen(page(snapshot(lanes=(lane,))))
    assert "40/s sent, with looks 2/s pace of updates, bounded 50/s quota of updates" in seen.text
    assert "prod UpdateEventTrigger 2/s, bounded 50/s 0 0" in seen.text


def test_the_page_tells_all_of_a_worker() -> None:
    seen = Seen(page(snapshot()))
    for told in (
        "✓ Ready",
        "host-1:7",
        "40/s sent, with looks 48.5/s pace of updates 50/s quota of updates",
        "50/s quota of updates 1,234 waiting 5 held by workers",
        "1 min 2 s the oldest waits 2 dead letters",
        "The last hour Requests against the quota",
        "Between 40/s and 40/s, 40/s at the end; throttled in 1 of 3 spans of 20 s",
        "90 ✓ succeeded 0 = unchanged 1 ✗ failed 2 ? in doubt",
        "row-1 2026-01-01 00:00:01 UTC prod cart ✗ failed BadRequestException no such segment",
        "batcher queue dead sqs:updates.fifo",
        "row-9 prod acme basket Gone no such trigger",
        "prod UpdateEventTrigger 48.5/s 50/s 3 7 12.2 s kept",
        "none: --no-before",
        "one:7:a 16.5/s now this worker, finds the quota for all",
        "two:8:b ? /s silent for 1 min 15 s",
        "Queue sqs:updates.fifo Started 2026-01-01 00:00:00 UTC Up for 1 h 2 min Version 1.2.3",
        "Results /var/results Results files not yet in S3 4",
    ):
        assert told in seen.text, told
    assert ("a", [("href", "/failures/1")]) in seen.tags


def test_it_needs_no_script_and_nothing_of_it_stands_in_the_page() -> None:
    """A strict policy lets neither styles nor scripts in the markup count."""
    seen = Seen(page(snapshot()))
    assert ("meta", [("http-equiv", "refresh"), ("content", "5")]) in seen.tags
    assert [attrs for tag, attrs in seen.tags if tag == "script"] == [
        [("src", "/live.js"), ("defer", None)]
    ]
    attributes = [name for _, attrs in seen.tags for name, _ in attrs]
    assert not [name for name in attributes if name == "style" or name.startswith("on")]
    assert not {"style", "form", "iframe", "base", "img"} & {tag for tag, _ in seen.tags}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"ready": False, "reason": "no AWS credentials found"},
            "✗ Not ready ✗ no AWS credentials found",
        ),
        ({"ready": False, "alive": False, "reason": "no turn for 42 s"}, "Stuck ✗ no turn for 42"),
        ({"paused": "by batcher ctl"}, "Paused ‖ Paused by batcher ctl"),
        ({"depth": None}, "? waiting: the queue does not answer"),
        ({"depth": Depth(waiting=0, held=0, dead=0)}, "Dead letters None."),
        ({"letters": None}, "SQS shows one only to who takes it"),
        ({"members": None, "alone": True}, "The Redis of the limiter does not answer"),
        ({"recent": ()}, "Latest failures None since the start."),
        ({"lanes": ()}, "No target is open."),
        ({"folder": None}, "Results in the spool directory, with each file"),
    ],
)
def test_the_page_tells_what_is_otherwise(more: dict[str, Any], says: str) -> None:
    assert says in Seen(page(snapshot(**more))).text


def test_before_the_first_moment_and_without_a_fleet_it_says_so_or_says_nothing() -> None:
    empty = snapshot(members=None, depth=Depth(waiting=0, held=0, dead=None))
    seen = Seen(StatusPage().whole(empty, ()))
    assert "The first numbers come 20 s after the start." in seen.text
    assert "Who shares the quota" not in seen.text
    assert "Dead letters" not in seen.text


def test_of_thousands_of_targets_those_not_well_are_shown_and_the_others_together() -> None:
    lanes = tuple(
        LaneSnapshot(
            target=f"t{each:04}",
            operation="UpdateEventTrigger",
            waiting=1,
            counts=Counts(succeeded=1, failed=each % 3 == 0),
        )
        for each in range(3000)
    )
    away = [UnusableTarget(target=f"t{each:04}", reason="no credentials") for each in range(2000)]
    text = page(snapshot(lanes=lanes, unusable=tuple(away)))
    seen = Seen(text).text
    assert "667 targets are well all ? /s ? /s 0 667 0.0 s kept t0000" in seen
    assert "Targets that can't be used now target why t0000 no credentials" in seen
    assert "And 2,250 more targets not well" in seen, "t0000 to t0049, and more that have failures"
    assert len(text) < 200_000


def test_plots_are_made_once_for_a_moment_however_often_they_are_asked_for() -> None:
    made, hour = StatusPage(), moments()
    first = made.parts(snapshot(), hour)
    assert list(first) == list(PARTS)
    again = made.parts(snapshot(ready=False), moments())
    assert again["plots"] is first["plots"]
    assert again["state"] != first["state"]
    assert made.parts(snapshot(), moments(4))["plots"] != first["plots"]


# text of others

MARKUP = st.sampled_from(
    ["<script>alert(1)</script>", "</td>", "<b", ">", "&lt;", "&amp", '"', "'", "{{ now }}", "{%"]
)
TEXTS = st.lists(MARKUP | st.text(st.characters(exclude_categories=["Cs", "C", "Z"])), min_size=1)


def hostile(text: Callable[[str], str]) -> WorkerSnapshot:
    """A worker of which every text is that one of its name."""

    def replaced(value: Any, name: str) -> Any:
        if isinstance(value, str):
            return text(name)
        if isinstance(value, msgspec.Struct):
            names = [each for each in value.__struct_fields__ if each not in ("status", "line")]
            new = {each: replaced(getattr(value, each), f"{name}.{each}") for each in names}
            return msgspec.structs.replace(value, **new)
        if isinstance(value, tuple):
            return tuple(replaced(each, name) for each in value)
        return value

    away = (UnusableTarget(target="t", reason="r"),) * (REASONS_TOLD + 1)
    found = replaced(snapshot(reason="x", ready=False, unusable=away), "now")
    assert isinstance(found, WorkerSnapshot)
    return found


@settings(max_examples=12)
@given(TEXTS.map("".join))
def test_no_text_is_taken_for_markup(text: str) -> None:
    def tags(text: str) -> list[list[str]]:
        now, hour, made = hostile(lambda _: text), moments(), StatusPage()
        pages = [made.whole(now, hour), record_page(now, 1, now.recent[0])]
        pages += made.parts(now, hour).values()
        return [[tag for tag, _ in Seen(each).tags] for each in pages]

    assert tags(text) == tags("x")
    assert " ".join(text[:1000].split()) in Seen(page(hostile(lambda _: text))).text


def test_every_text_of_a_worker_is_shown_and_so_was_among_those() -> None:
    names: set[str] = set()

    def named(name: str) -> str:
        names.add(name)
        return f"[{name}]"

    now = hostile(named)
    text = page(now) + record_page(now, 1, now.recent[0])
    assert {name for name in names if f"[{name}]" not in text} == set()
    assert len(names) > 20


# records


def test_a_record_is_shown_as_it_stands_on_disk_and_where() -> None:
    found = recorded("row-7", 3, reason='<b>"why"</b>')
    seen = Seen(record_page(snapshot(), 3, found))
    assert "File 20260101T000000Z-a.jsonl Line 3" in seen.text
    assert "in /var/results , with .open behind its name" in seen.text
    shown = seen.text[seen.text.index("{") : seen.text.rindex("}") + 1]
    assert json.loads(shown) == msgspec.to_builtins(found.record)
    gone = Seen(record_page(snapshot(), 4, None))
    assert "Not here any more" in gone.text


def test_what_the_model_marks_sensitive_is_on_no_page_and_in_no_metric() -> None:
    line = full() | {"Description": "SECRET-TEXT"}
    line["EventTriggerConditions"][0]["EventTriggerDimensions"][0]["ObjectAttributes"][0][
        "Values"
    ] = ["SECRET-VALUE"]
    assert {"Description", "EventTriggerConditions"} <= MODEL.sensitive
    reader, messages = LineReader(MODEL, "prod"), AwsMessages(MODEL.constants)
    results: list[Result] = []
    for broken in broken_lines(line):
        faults = reader.from_mapping(broken.line, 1) if isinstance(broken.line, dict) else []
        results += (
            [Result.invalid(1, "prod", str(fault), "now") for fault in faults]
            if isinstance(faults, list)
            else []
        )
    for quoted in (
        json.dumps(line),
        "Value 'SECRET-TEXT' at 'description' failed to satisfy constraint",
        repr(line),
    ):
        error = Error(code="BadRequestException", message=messages.keep(quoted))
        results.append(failure(error=error))
    assert len(results) > 50
    metrics = Metrics()
    failures = [
        RecordedFailure(number=at, record=result, file="a.jsonl", line=at)
        for at, result in enumerate(results, 1)
    ]
    for result, each in zip(results, failures, strict=True):
        metrics.settled(result)
        text = record_page(snapshot(), each.number, each)
        assert result.error is not None
        assert result.error.message in Seen(text).text  # it is shown, and so has to be clean
        assert "SECRET" not in text
    now = snapshot(recent=tuple(failures))
    assert "SECRET" not in page(now)
    assert b"SECRET" not in metrics.exposition(now)
