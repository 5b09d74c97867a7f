"""What is told of an input that is no JSON Lines, and the command for it."""

import pytest

from batcher.updates.hint import mends


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        ("u.json", "This mends it: jq . < u.json > u.mended.jsonl"),
        ("u.csv.gz", "This mends it: gunzip < u.csv.gz | jq . > u.mended.jsonl"),
        ("d.1/u", "This mends it: jq . < d.1/u > d.1/u.mended.jsonl"),
        (
            "s3://b/a/u.jsonl.zst",
            "This mends it: aws s3 cp s3://b/a/u.jsonl.zst - | zstd -dc | jq . > u.mended.jsonl",
        ),
        ("-", "Put this before batcher, as one more filter: jq ."),
    ],
)
def test_a_command_takes_the_input_from_where_it_is(origin: str, command: str) -> None:
    assert mends(origin, "jq .") == command
