"""A Region with a slip in it is told apart from those that botocore knows."""

import pytest

from batcher.aws.known_regions import partition_of, role_fault, unknown_regions

ROLE = "arn:{}:iam::111122223333:role/path/x"


def test_what_botocore_does_not_know_is_told_with_what_is_likely_meant() -> None:
    given = ["eu-west-1", "us-gov-west-1", "cn-north-1", "us-esat-1", "us-esat-1", "x9"]
    assert unknown_regions(given) == {"us-esat-1": "us-east-1", "x9": None}


@pytest.mark.parametrize(
    ("region", "partition"),
    [
        ("eu-west-1", "aws"),
        ("eu-newest-9", "aws"),
        ("cn-north-1", "aws-cn"),
        ("us-gov-west-1", "aws-us-gov"),
        ("local", None),
    ],
)
def test_a_role_is_assumed_in_regions_of_its_own_partition_only(
    region: str, partition: str | None
) -> None:
    assert partition_of(region) == partition
    for other in ("aws", "aws-cn", "aws-us-gov", "awz"):
        fault = role_fault(ROLE.format(other), region)
        assert (fault is None) == (partition in (None, other))
        if fault is not None:
            assert f"role of partition {other}, and Region {region} is of {partition}" in fault
            assert f"(arn:{partition}:…)" in fault


@pytest.mark.parametrize(
    "arn", ["batcher", "arn:aws:iam::1:role/x", ROLE[:-6].format("aws"), "\x1b"]
)
def test_what_is_no_arn_of_a_role_is_told_as_that(arn: str) -> None:
    fault = str(role_fault(arn, "cn-north-1"))
    assert "is no ARN of a role. Write it like arn:aws-cn:iam::" in fault
    assert fault.isprintable()
