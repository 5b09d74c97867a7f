"""What lint says of a file is found in the sources, wherever in them the step works."""

from pathlib import Path

import pytest

from batcher.cli.output.source_place import source_place


def test_a_path_counts_from_the_root_of_the_sources(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = tmp_path / "src" / "triggers"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    assert source_place("u.jsonl") == "u.jsonl"
    monkeypatch.setenv("GITHUB_WORKSPACE", str(tmp_path / "src"))
    for given in ("u.jsonl", str(below / "u.jsonl"), "../triggers/u.jsonl"):
        assert source_place(given) == "triggers/u.jsonl"
    for given in ("-", "s3://b/k", "../../u.jsonl", "/u.jsonl"):
        assert source_place(given) == given
    monkeypatch.chdir(tmp_path / "src")
    assert source_place("a/../u.jsonl") == "a/../u.jsonl"
