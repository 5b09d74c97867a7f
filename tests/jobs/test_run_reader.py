"""A run that was, read from its directory by a line reader: no settings, no AWS."""

import json
from pathlib import Path

import pytest

from batcher.compact import LineSet
from batcher.config import Settings
from batcher.errors import JournalError, RunDirectoryError
from batcher.jobs.run_reader import RunReader, settings_of
from batcher.wiring.line_readers import line_reader
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


def reader_of(path: Path) -> RunReader:
    return RunReader(path, line_reader(Settings(), any_target=True))


@pytest.fixture
def recorded(tmp_path: Path) -> RecordedRun:
    return RecordedRun(
        tmp_path, [change(0), change(1, id="b", target="other"), change(0), change(2)]
    )


def test_updates_are_read_by_their_lines_whichever_target_they_name(recorded: RecordedRun) -> None:
    run = reader_of(recorded.write())
    assert [(each.id, each.target) for each in run.updates([2, 1])] == [
        ("b", "other"),
        ("1", "default"),
    ]
    assert [each.line for each in run.updates_but(LineSet([1, 3]))] == [2, 4]
    with run.lines_again() as again:
        assert [again.update(2), again.update(1)] == list(run.updates([2, 1]))
        assert again.update_of("b", 2) == again.update(2)
        assert (again.update_of("b", 1), again.update_of("1", 9), again.update(9)) == (None,) * 3
    with pytest.raises(JournalError, match="result of line 9"):
        list(run.updates([9]))


def test_who_needs_no_line_any_more_lets_go_of_all(recorded: RecordedRun) -> None:
    run = reader_of(recorded.write())
    run.let_go_of_lines()
    assert (run.indexes, len(run.ids), run.lines.of_target) == ({}, 0, {})


def test_what_an_update_was_based_on_counts_by_content_and_not_by_time(tmp_path: Path) -> None:
    line = change(0, based_on={"sha256": "0" * 64, "LastUpdatedAt": 1.5})
    (update,) = reader_of(RecordedRun(tmp_path, [line]).write()).updates([1])
    assert update.based_on is not None
    assert (update.based_on.sha256, update.based_on.last_updated_at) == ("0" * 64, None)


@pytest.mark.parametrize("place", ["input.jsonl of the run", "beside the run", "where it was"])
def test_its_input_is_found_where_it_was_copied_or_moved_to(
    recorded: RecordedRun, tmp_path: Path, place: str
) -> None:
    path, was = recorded.write(), tmp_path / "updates.jsonl"
    if place == "input.jsonl of the run":
        was.rename(path / "input.jsonl")
    elif place == "beside the run":
        path = path.rename(tmp_path / "moved.run")
        was.rename(tmp_path / "moved.jsonl")
    assert len(list(reader_of(path).updates([1, 2, 3, 4]))) == 4


def test_an_input_that_is_gone_or_changed_is_an_error_that_says_which(
    recorded: RecordedRun, tmp_path: Path
) -> None:
    path = recorded.write()
    (tmp_path / "updates.jsonl").write_bytes(b"{}\n")
    with pytest.raises(RunDirectoryError, match=r"not what the run .* was started with any more"):
        reader_of(path)
    (tmp_path / "updates.jsonl").unlink()
    with pytest.raises(RunDirectoryError, match="is gone; put it back"):
        reader_of(path)


def test_its_settings_are_those_it_was_begun_with(recorded: RecordedRun, tmp_path: Path) -> None:
    assert settings_of(recorded.write()) == Settings()
    with pytest.raises(RunDirectoryError, match="no run directory"):
        settings_of(tmp_path / "nothing.run")
    facts = recorded.path / "run.json"
    facts.write_text(facts.read_text().replace('"settings": {}', '"settings": {"rate": "soon"}'))
    with pytest.raises(RunDirectoryError, match="its settings can't be read"):
        settings_of(recorded.path)
    facts.write_text(json.dumps(json.loads(facts.read_text()) | {"versions": {"batcher": "99.0"}}))
    with pytest.raises(RunDirectoryError, match=r"batcher 99\.0 began the run, .* that version\."):
        settings_of(recorded.path)
