"""A place in S3 is known without the SDK."""

import pytest

from batcher.aws.s3_address import s3_place


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("s3://inputs/a b/updates.jsonl", ("inputs", "a b/updates.jsonl")),
        ("s3://inputs/", ("inputs", "")),
        ("s3://inputs", ("inputs", "")),
        ("s3://Inputs/updates.jsonl", None),  # a bucket's name has no capitals
        ("https://inputs/updates.jsonl", None),
    ],
)
def test_a_place_is_a_bucket_and_a_key(url: str, place: tuple[str, str] | None) -> None:
    assert s3_place(url) == place
