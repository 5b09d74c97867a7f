"""Standard error as JSON lines: nothing else, whoever writes, whatever is in it."""

import io
import json
import logging
from contextlib import redirect_stderr

from hypothesis import given
from hypothesis import strategies as st

from batcher.cli.output.echo import echo
from batcher.cli.output.json_lines import json_line, machine_stream, speak_json
from batcher.logs import LogOutput, logger
from tests.cli.output.snapshots import steers


def spoken(text: str) -> list[dict[str, object]]:
    return [json.loads(line) for line in text.splitlines()]


def test_whatever_is_said_for_people_is_an_object_a_line() -> None:
    out = io.StringIO()
    with redirect_stderr(out):
        speak_json()
        speak_json()
        stream = machine_stream()
        assert stream is not None
        with LogOutput("info", terminal=True):
            logger().warning("hook.failed", reason="\x1b[2J")
        echo("  a\n\nb\x1b[31m", err=True, lines=True)
        echo("Start? [y/N]: ", err=True, nl=False)
        stream.put("progress", {"done": 1})
        logging.getLogger("nobody").warning("x")
    assert machine_stream() is None
    said = spoken(out.getvalue())
    assert [each["type"] for each in said].count("progress") == 1
    texts = [str(each["text"]) for each in said if each["type"] == "message"]
    assert "hook.failed" in texts[0]
    assert texts[1:4] == ["  a", "b\\u001b[31m", "Start? [y/N]:"]
    assert "\x1b" not in out.getvalue()


@given(st.text(st.characters(), max_size=40))
def test_any_text_comes_out_as_one_line_and_the_same(text: str) -> None:
    line = json_line("message", {"text": text})
    assert line.endswith("\n")
    assert line.count("\n") == 1
    assert not steers(line[:-1])
    assert json.loads(line)["type"] == "message"
