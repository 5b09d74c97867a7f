"""A run has the name of its input, whatever that is packed in."""

from pathlib import Path

import pytest

from batcher.cli.run_file import default_directory


@pytest.mark.parametrize(
    ("file", "directory"),
    [
        ("updates.jsonl", "updates.run"),
        ("below/updates.jsonl.gz", "updates.run"),
        ("updates.jsonl.zst", "updates.run"),
        ("s3://bucket/key/updates.jsonl", "updates.run"),
        ("updates.txt", "updates.txt.run"),
        ("-", "stdin.run"),
    ],
)
def test_the_default_directory_has_the_name_of_the_input(file: str, directory: str) -> None:
    assert default_directory(file) == Path(directory)
