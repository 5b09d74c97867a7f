"""What is logged where, and what never is."""

import json
import logging
from pathlib import Path

import pytest

from batcher.logs import LogOutput, logger


def test_an_event_is_a_line_of_json_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput("info", file=path.open("a")):
        logger(run="r1").info("run.started", updates=3, out=tmp_path)
        logger().debug("attempt.answered")
    (line,) = path.read_text().splitlines()
    event = json.loads(line)
    assert event.pop("timestamp").endswith("Z")
    assert event == {
        "event": "run.started",
        "level": "info",
        "run": "r1",
        "updates": 3,
        "out": str(tmp_path),
    }


def test_of_foreign_records_only_the_template_is_kept_and_that_is_redacted(tmp_path: Path) -> None:
    path = tmp_path / "log.jsonl"
    with LogOutput(
        "debug", file=path.open("a"), redact=lambda text: text.replace("Response", "[redacted]")
    ):
        try:
            raise ValueError("SECRET-VALUE-1")
        except ValueError:
            logging.getLogger("botocore").warning("Response %s", "SECRET-VALUE-2", exc_info=True)
        logging.getLogger("botocore").info("too little to be told of")
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["event"] == "[redacted] %s"
    assert "SECRET" not in line


def test_a_terminal_gets_warnings_and_nothing_is_left_behind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = {name: logging.getLogger(name).level for name in ("batcher", "botocore")}
    with LogOutput("debug", terminal=True):
        logger().info("run.started")
        logger().warning("run.draining", grace=20)
    said = capsys.readouterr().err
    assert ("run.draining" in said, "run.started" in said) == (True, False)
    assert before == {name: logging.getLogger(name).level for name in before}
    handlers = logging.getLogger("batcher").handlers
    assert not any(type(handler) is logging.StreamHandler for handler in handlers)


def test_a_log_that_can_not_be_written_stops_nothing() -> None:
    with LogOutput("info", file=Path("/dev/full").open("a")):
        logger().info("run.started")
