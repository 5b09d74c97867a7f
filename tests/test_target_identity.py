"""Where a target is, and what of it is another place than a run's."""

import msgspec
import pytest

from batcher.target_identity import TargetIdentity, all_known, place_differences

PLACE = TargetIdentity(region="eu-west-1", account="111111111111", endpoint="http://h:1")
UNKNOWN = msgspec.structs.replace(PLACE, account=None)
OTHER = msgspec.structs.replace(PLACE, account="222222222222")


@pytest.mark.parametrize(
    ("was", "now", "sends", "said"),
    [
        (PLACE, PLACE, True, []),
        (PLACE, msgspec.structs.replace(PLACE, endpoint="http://h:1/"), True, []),
        (UNKNOWN, PLACE, True, []),  # nobody ever knew it
        (UNKNOWN, UNKNOWN, True, []),
        (PLACE, UNKNOWN, False, []),
        (PLACE, UNKNOWN, True, ["account of target eu was 111111111111, now STS does not tell"]),
        (PLACE, OTHER, False, ["account of target eu was 111111111111, now 222222222222"]),
        (
            PLACE,
            TargetIdentity(region="us-east-1", account="2", endpoint="http://h:2"),
            True,
            ["region of target eu was eu-west-1", "endpoint of target eu", "account of target eu"],
        ),
    ],
)
def test_each_difference_names_both_places(
    was: TargetIdentity, now: TargetIdentity, sends: bool, said: list[str]
) -> None:
    found = list(place_differences({"eu": was, "us": OTHER}, {"eu": now, "ap": OTHER}, sends=sends))
    assert len(found) == len(said)
    assert all(part in sentence for part, sentence in zip(said, found, strict=True))


def test_an_account_that_was_never_known_has_to_be_named() -> None:
    was, now = {"eu": UNKNOWN, "us": UNKNOWN}, {"eu": PLACE, "us": PLACE}
    (said,) = place_differences(was, now, pinned=["us"])
    assert "account of target eu was never known" in said
    assert "--account 111111111111" in said


def test_what_is_first_known_now_is_put_in_and_what_was_known_stays() -> None:
    was = {"eu": PLACE, "us": UNKNOWN, "ap": UNKNOWN}
    now = {"eu": OTHER, "us": OTHER, "af": PLACE}
    assert all_known(was, now) == {"eu": PLACE, "us": OTHER, "ap": UNKNOWN, "af": PLACE}


def test_a_place_in_words_is_its_account_and_region() -> None:
    assert (str(PLACE), str(UNKNOWN)) == ("111111111111, eu-west-1", "unknown account, eu-west-1")
