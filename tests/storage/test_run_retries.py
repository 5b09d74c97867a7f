"""``retries.json``: each retry of a run is noted in the run before it sends anything."""

from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.errors import DamageError, RunDirectoryError
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.storage.run_retries import NotedRetry, note_in_parent, noted_retries

RUN = InputFingerprint(path="/in.jsonl", size=1, sha256="a" * 64, updates=1)


def manifest(kind: str, parent: Path | None, run: str = "r1") -> RunManifest:
    return RunManifest(
        run=run,
        input=RUN,
        settings={},
        targets={},
        versions={},
        started_at="",
        kind=kind,
        parent=None if parent is None else str(parent),
    )


@pytest.fixture
def parent(tmp_path: Path) -> RunDirectory:
    (tmp_path / "a.run").mkdir()
    return RunDirectory(tmp_path / "a.run")


def test_a_retry_is_noted_once_with_its_id_and_place_wherever_that_is(
    parent: RunDirectory, tmp_path: Path
) -> None:
    first, second = RunDirectory(tmp_path / "else" / "where"), RunDirectory(tmp_path / "b")
    note_in_parent(first, manifest("retry", parent.path))
    with first:
        first.claim(manifest("retry", parent.path))
    note_in_parent(first, manifest("retry", parent.path, run="of a resume"))
    note_in_parent(second, manifest("retry", parent.path, run="r2"))
    assert noted_retries(parent) == [
        NotedRetry(run="r1", directory=str(first.path)),
        NotedRetry(run="r2", directory=str(second.path)),
    ]


@pytest.mark.parametrize(("kind", "has_parent"), [("run", False), ("rollback", True)])
def test_other_runs_are_noted_nowhere(
    parent: RunDirectory, tmp_path: Path, kind: str, has_parent: bool
) -> None:
    note_in_parent(
        RunDirectory(tmp_path / "b"), manifest(kind, parent.path if has_parent else None)
    )
    assert list(parent.path.iterdir()) == []


@pytest.mark.parametrize("content", [b"", b"[", b"{}", b'[{"run":"r"}]', b"\xff"])
def test_what_is_no_record_of_retries_is_told_and_left_as_it_is(
    parent: RunDirectory, tmp_path: Path, content: bytes
) -> None:
    parent.retries.write_bytes(content)
    with pytest.raises(RunDirectoryError, match=r"retries\.json: can't be read"):
        note_in_parent(RunDirectory(tmp_path / "b"), manifest("retry", parent.path))
    assert parent.retries.read_bytes() == content


@pytest.mark.parametrize(
    ("spoil", "error", "text"),
    [
        (lambda path: path.symlink_to("else"), DamageError, "a symbolic link"),
        (lambda path: path.parent.rmdir(), RunDirectoryError, "can't be written"),
    ],
    ids=["a link", "the run is gone"],
)
def test_where_it_can_not_be_noted_the_retry_does_not_begin(
    parent: RunDirectory,
    tmp_path: Path,
    spoil: Callable[[Path], None],
    error: type[Exception],
    text: str,
) -> None:
    spoil(parent.retries)
    with pytest.raises(error, match=text):
        note_in_parent(RunDirectory(tmp_path / "b"), manifest("retry", parent.path))
    assert not (tmp_path / "b").exists()
