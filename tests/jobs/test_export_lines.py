"""Lines of an export: an answer is read as the update that brings it about, or refused in words."""

import pytest

from batcher.jobs.export_lines import object_of, read_answer, refused_line
from batcher.records import Update
from batcher.updates.line_reader import LineReader
from batcher.updates.violations import Violation
from tests.conftest import CONDITIONS
from tests.updates.samples import MODEL

READER = LineReader(MODEL, default_target="")
ANSWER = {
    "EventTriggerName": "t1",
    "ObjectTypeName": "Orders",
    "EventTriggerConditions": CONDITIONS,
    "SegmentFilter": "",
    "CreatedAt": 1.5e9,
    "Tags": {"a": "b"},
}


@pytest.mark.parametrize(
    ("raw", "found"),
    [(b'{"a": 1}\n', {"a": 1}), (b"[1]", None), (b"{", None), (b"[" * 5000, None), (b"\xff", None)],
)
def test_a_line_is_an_object_or_none(raw: bytes, found: object) -> None:
    assert object_of(raw) == found


@pytest.mark.parametrize(("named", "domain"), [({}, "given"), ({"DomainName": "own"}, "own")])
def test_an_answer_is_an_update_of_the_domain_that_it_names_or_of_the_one_given(
    named: dict[str, str], domain: str
) -> None:
    read = read_answer(ANSWER | named, 3, READER, "given")
    assert isinstance(read, Update)
    assert (read.line, read.domain, read.trigger) == (3, domain, "t1")
    assert read.request.keys() == {"DomainName"} | ANSWER.keys() - {
        "SegmentFilter",
        "CreatedAt",
        "Tags",
    }


def test_a_refused_line_is_told_with_its_place_and_what_the_file_is() -> None:
    violations = read_answer(ANSWER | {"ObjectTypeName": 7}, 3, READER)
    assert isinstance(violations, list)
    said = str(refused_line("a.jsonl", 3, violations, b"<html>", MODEL))
    assert said.startswith("a.jsonl: line 3: ObjectTypeName: has to be a string. This is an HTML")
    asked = [Violation(path="domain", message="no such member; did you mean DomainName?")]
    said = str(refused_line("a.jsonl", 3, asked, b"<html>", MODEL))
    assert said.startswith("a.jsonl: line 3: domain: no such member; did you mean DomainName? This")
    plain = str(refused_line("a.jsonl", 3, violations, b'{"DomainName": "a"}\n', MODEL))
    assert plain == "a.jsonl: line 3: ObjectTypeName: has to be a string"
