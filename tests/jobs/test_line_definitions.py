"""Definitions as they are read: with their lines, and with what keeps one from being one."""

from pathlib import Path

from batcher.jobs.definitions import Definition, DefinitionFile
from batcher.jobs.line_definitions import line_definitions
from batcher.updates.hint import Hint
from batcher.updates.line_reader import LineReader
from tests.updates.samples import MODEL


def read(path: Path, content: bytes) -> tuple[list[Definition], list[Hint]]:
    path.write_bytes(content)
    hints = list[Hint]()
    reader = LineReader(MODEL, "default")
    file = DefinitionFile(path=path, origin="x", reader=reader, on_hint=hints.append)
    return list(line_definitions(file)), hints


def test_lines_come_as_they_are_written(tmp_path: Path) -> None:
    line = b'{"target":"eu","DomainName":"acme","EventTriggerName":"t"}'
    found, hints = read(tmp_path / "x", b"\xef\xbb\xbf\n" + line + b"\r\n\n" + line)
    assert [each.line for each in found] == [2, 4]
    assert list(found[0].members) == ["target", "DomainName", "EventTriggerName"]
    assert not any(each.violations for each in found)
    assert not hints


def test_a_line_that_is_none_says_why_and_of_which_trigger_it_is(tmp_path: Path) -> None:
    wrong = b'{"DomainName":"acme","EventTriggerName":"t","Descripton":"x"}\n'
    found, hints = read(tmp_path / "x", wrong + b"{}\n" + b"[]\n")
    assert found[0].members == {"DomainName": "acme", "EventTriggerName": "t"}
    assert [bool(each.violations) for each in found] == [True] * 3
    assert not hints
    _, hints = read(tmp_path / "y", b"a: 1\nb: 2\n")
    assert hints[0].what == "YAML"
