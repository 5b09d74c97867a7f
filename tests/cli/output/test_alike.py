"""What is alike but for the place is said together, and nothing else is."""

from batcher.cli.output.alike import by_cause, cause_in, places_text, targets_text
from batcher.target_identity import TargetIdentity


def refused(account: int, action: str, request: int) -> str:
    return (
        f"AccessDenied: arn:aws:iam::{account:012}:role/x may not {action} in eu-west-{account}"
        f" (request {request:08x}-0000-4000-8000-{request:012x})"
    )


def test_texts_that_differ_by_place_and_request_have_one_cause() -> None:
    told = [(1, "sts:AssumeRole", 5), (2, "sts:AssumeRole", 6), (3, "profile:Get", 7)]
    items = [(cause_in(refused(*each), f"shop{each[0]}"), each[0]) for each in told]
    assert by_cause(items) == [[1, 2], [3]]


def test_the_name_of_a_target_is_no_cause_but_a_code_is() -> None:
    assert cause_in("target a-1: gone (404)", "a-1") == cause_in("target b-1: gone (404)", "b-1")
    assert cause_in("gone (404)", "a-1") != cause_in("gone (403)", "a-1")


def test_many_are_named_by_the_first() -> None:
    assert targets_text(["a"]) == "target a"
    assert targets_text(["b", "a"]) == "2 targets (a, b)"
    assert targets_text([f"t{n:04}" for n in range(1_200)]).endswith("t0009 and 1,190 more)")


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
