"""What is not there is told with what may have been meant."""

from pathlib import Path

import pytest

from batcher.storage.near_paths import LOOKED_AT, missing_run, near_file


@pytest.fixture(autouse=True)
def runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs, one below another directory, a directory without a run, and files."""
    monkeypatch.chdir(tmp_path)
    for name in ("updates.run", "updates.run.rollback", "done/first.run"):
        (tmp_path / name).mkdir(parents=True)
        (tmp_path / name / "run.json").touch()
    (tmp_path / "empty.run").mkdir()
    (tmp_path / "updates.jsonl").touch()


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("updaets.run", "there is nothing of that name. {}updates.run, updates.run.rollback"),
        ("updates.jsonl", "it is no directory. {}updates.run, updates.run.rollback"),
        ("empty.run", "there is no run.json in it. {}updates.run, updates.run.rollback"),
        ("done", "there is no run.json in it. {}done/first.run"),
        ("done/frst.run", "there is nothing of that name. {}done/first.run"),
        ("none/first.run", "there is nothing of that name. {}updates.run"),
        (".", "there is no run.json in it. {}updates.run, updates.run.rollback"),
    ],
)
def test_where_there_is_no_run_those_near_are_named(path: str, said: str) -> None:
    give = "Give the directory of a run, such as "
    assert missing_run(Path(path)) == f"{path}: no run directory: {said.format(give)}."
    told = missing_run(Path(path), "no place", ", or a socket")
    assert told == f"{path}: no place: {said.format(give)}, or a socket."


def test_the_file_that_is_likely_meant_is_one_that_is_called_alike(tmp_path: Path) -> None:
    assert near_file(Path("updtes.jsonl")) == "updates.jsonl"
    assert near_file(tmp_path / "update.jsonl") == str(tmp_path / "updates.jsonl")
    assert near_file(Path("nothing.json")) is near_file(Path("none/updates.jsonl")) is None
    assert near_file(Path("empty.runs")) is None  # a directory is no file


def test_of_a_directory_with_very_many_entries_some_are_looked_at(tmp_path: Path) -> None:
    many = tmp_path / "many"
    many.mkdir()
    for number in range(LOOKED_AT + 1):
        (many / f"u{number:05}.jsonl").touch()
    assert near_file(many / "u.jsonl") is not None


def test_one_neighbour_that_can_not_be_looked_at_hides_no_other(tmp_path: Path) -> None:
    for name in ("a.run", "updates.ru"):
        (tmp_path / name).symlink_to("x" * 300)  # too long a name, for whoever asks what it is
    assert missing_run(Path("a.run")).endswith(", such as updates.run, updates.run.rollback.")
    assert near_file(Path("updates.jso")) == "updates.jsonl"
