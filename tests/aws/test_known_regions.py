"""A Region with a slip in it is told apart from those that botocore knows."""

from batcher.aws.known_regions import unknown_regions


def test_what_botocore_does_not_know_is_told_with_what_is_likely_meant() -> None:
    given = ["eu-west-1", "us-gov-west-1", "cn-north-1", "us-esat-1", "us-esat-1", "x9"]
    assert unknown_regions(given) == {"us-esat-1": "us-east-1", "x9": None}
