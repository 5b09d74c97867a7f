"""The places of many targets are said in few words."""

from batcher.target_identity import TargetIdentity
from batcher.updates.target_places import places_text


def test_it_is_said_where_each_account_has_each_region() -> None:
    places = [
        TargetIdentity(account=f"{account:012}", region=region, endpoint="URL")
        for account in range(12)
        for region in ("eu-west-1", "us-east-1")
    ]
    said = places_text(places)
    assert said.startswith("12 accounts (000000000000, 000000000001, ")
    assert said.endswith("000000000009 and 2 more), each in 2 Regions (eu-west-1, us-east-1)")
    assert " more) in 2 Regions" in places_text(places[1:])


class Unknown:
    account: str | None = "000000000007"
    region: str | None = None


def test_what_is_not_known_is_no_place_beside_those_that_are() -> None:
    known = [TargetIdentity(account=f"{n:012}", region="r", endpoint="URL") for n in range(2)]
    unknown = Unknown()
    said = "2 accounts (000000000000, 000000000001), each in 1 Region (r), and 1 not known where"
    assert places_text([*known, unknown]) == said
    assert places_text([unknown]) == "1 account (000000000007) in 1 Region (?)"
