"""Where a target is, and what a run knows of that."""

import msgspec

from batcher.target_identity import TargetIdentity, all_known

PLACE = TargetIdentity(region="eu-west-1", account="111111111111", endpoint="http://h:1")
UNKNOWN = msgspec.structs.replace(PLACE, account=None)
OTHER = msgspec.structs.replace(PLACE, account="222222222222")


def test_what_is_first_known_now_is_put_in_and_what_was_known_stays() -> None:
    was = {"eu": PLACE, "us": UNKNOWN, "ap": UNKNOWN}
    now = {"eu": OTHER, "us": OTHER, "af": PLACE}
    assert all_known(was, now) == {"eu": PLACE, "us": OTHER, "ap": UNKNOWN, "af": PLACE}


def test_a_place_in_words_is_its_account_and_region() -> None:
    assert (str(PLACE), str(UNKNOWN)) == ("111111111111, eu-west-1", "unknown account, eu-west-1")
