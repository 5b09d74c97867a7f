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
