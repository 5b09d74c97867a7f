"""Where a target is, and what a run knows of that."""

import msgspec
import pytest

from batcher.target_identity import TargetIdentity, account_of_role, all_known

PLACE = TargetIdentity(region="eu-west-1", account="111111111111", endpoint="http://h:1")
UNKNOWN = msgspec.structs.replace(PLACE, account=None)
OTHER = msgspec.structs.replace(PLACE, account="222222222222")


def test_what_is_first_known_now_is_put_in_and_what_was_known_stays() -> None:
    was = {"eu": PLACE, "us": UNKNOWN, "ap": UNKNOWN}
    now = {"eu": OTHER, "us": OTHER, "af": PLACE}
    assert all_known(was, now) == {"eu": PLACE, "us": OTHER, "ap": UNKNOWN, "af": PLACE}


def test_a_place_in_words_is_its_account_and_region() -> None:
    assert (str(PLACE), str(UNKNOWN)) == ("111111111111, eu-west-1", "unknown account, eu-west-1")


@pytest.mark.parametrize(
    ("arn", "account"),
    [
        ("arn:aws:iam::012345678901:role/a/b", "012345678901"),
        ("arn:aws-us-gov:iam::012345678901:role/a", "012345678901"),
        ("arn:aws-cn:iam::012345678901:role/a", "012345678901"),
        ("arn:aws:iam::٠١٢٣٤٥٦٧٨٩٠١:role/a", None),
        ("arn:aws:iam::12345678901:role/a", None),
        ("arn:aws:sts::012345678901:assumed-role/a/b", None),
        ("{account}", None),
        (None, None),
    ],
)
def test_a_role_says_its_account_in_every_partition(arn: str | None, account: str | None) -> None:
    assert account_of_role(arn) == account
