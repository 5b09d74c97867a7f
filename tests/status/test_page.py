"""The page for people.

Everything is on it, nothing of it is markup, and nothing sensitive gets there.
"""

import json
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.records import Error, Result
from batcher.status.metrics import Metrics
from batcher.status.page import page
from batcher.updates.aws_messages import AwsMessages
from batcher.updates.line_reader import LineReader
from tests.status.snapshots import failure, snapshot
from tests.updates.samples import MODEL, broken_lines, full


class Seen(HTMLParser):
    """A page as a browser has it: its tags in order, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, object]] = []
        self.text = ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, attrs))

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page_tells_state_queue_pace_results_and_failures() -> None:
    seen = Seen(page(snapshot()))
    for told in (
        "Ready",
        "sqs:updates.fifo",
        "host-1:7",
        "1,234",
        "62 s",
        "48.5/s",
        "50/s",
        "12.2 s",
        "in doubt",
        "90",
        "before images",
        "kept",
        "none: --no-before",
    ):
        assert told in seen.text
    assert "row-1" in seen.text
    assert "row-2" not in seen.text  # it succeeded
    assert ("meta", [("http-equiv", "refresh"), ("content", "5")]) in seen.tags
    assert not {"script", "a", "img", "link", "form"} & {tag for tag, _ in seen.tags}


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (
            {"ready": False, "reason": "no AWS credentials found"},
            "Not ready: no AWS credentials found",
        ),
        ({"ready": False, "alive": False, "reason": "no turn for 42 s"}, "Stuck: no turn for 42 s"),
        ({"depth": None}, "The queue does not answer"),
    ],
)
def test_the_page_tells_what_is_wrong(more: dict[str, object], says: str) -> None:
    assert says in Seen(page(snapshot(**more))).text


MARKUP = st.sampled_from(["<script>", "</td>", "<b", ">", "&lt;", "&amp", '"', "'", "{state}", "{"])


@given(
    st.lists(MARKUP | st.text(st.characters(exclude_categories=["Cs", "Cc"])), min_size=1).map(
        "".join
    )
)
def test_no_text_is_taken_for_markup(text: str) -> None:
    def shown(text: str) -> Seen:
        error = Error(code=text, message=text)
        return Seen(
            page(
                snapshot(
                    ready=False,
                    reason=text,
                    queue=text,
                    worker=text,
                    recent=[failure(text, trigger=text, error=error)],
                )
            )
        )

    assert shown(text).tags == shown("x").tags
    assert text in shown(text).text


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
    for result in results:
        metrics.settled(result)
        now = snapshot(recent=(result,))
        assert result.error is not None
        assert result.error.message in Seen(page(now)).text  # it is shown, and so has to be clean
        assert "SECRET" not in page(now)
    assert b"SECRET" not in metrics.exposition(snapshot(recent=tuple(results)))
