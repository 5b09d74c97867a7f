"""A definition, and the file that it is from."""

from pathlib import Path

from batcher.jobs.definitions import Definition, DefinitionFile
from batcher.updates.line_reader import LineReader
from tests.updates.samples import MODEL


def test_what_is_not_said_of_a_file_is_nothing() -> None:
    reader = LineReader(MODEL, "default")
    file = DefinitionFile(path=Path("x"), origin="x", reader=reader, on_hint=lambda _: None)
    file.on_note("is heard by nobody")
    assert (file.domain, file.parameters, file.template) == (None, {}, {})


def test_a_place_is_told_with_the_column_that_it_is_in_or_below() -> None:
    found = Definition(line=2, members={}, columns={"A": "column C", "A.B": "column D"})
    assert found.place("A[0].x") == "A[0].x (column C)"
    assert found.place("AB") == "AB"
