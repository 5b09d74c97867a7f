"""What a file is written in, by its name."""

import pytest

from batcher.jobs.definition_kinds import KINDS, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a.csv", "csv"),
        ("a.b/C.CSV.gz", "csv"),
        ("a.tsv.zst", "csv"),
        ("s3://bucket/a.csv", "csv"),
        ("stack.yml", "cloudformation"),
        ("terraform.tfstate.gz", "awscc"),
        ("a.jsonl", "updates"),
        ("-", "updates"),
        ("csv", "updates"),
    ],
)
def test_a_name_tells_the_kind(name: str, kind: str) -> None:
    assert kind_of(name) == kind
    assert KINDS[kind].is_wanted is (kind != "updates")
