"""What is alike but for the place is said together, and nothing else is."""

from batcher.accounting.denials import Action
from batcher.accounting.limit import Limit
from batcher.accounting.tally import Tally, stop_reason
from batcher.accounting.verdicts import Verdict
from batcher.operations import UPDATE_TRIGGER
from batcher.updates.target_causes import (
    TOGETHER_FROM,
    by_cause,
    cause_in,
    in_common,
    reasons_text,
    targets_text,
)


def refused(account: int, action: str, request: int) -> str:
    return (
        f"AccessDenied: arn:aws:iam::{account:012}:role/x may not {action} in eu-west-{account}"
        f" (request {request:08x}-0000-4000-8000-{request:012x})"
    )


def test_texts_that_differ_by_place_and_request_have_one_cause() -> None:
    told = [(1, "sts:AssumeRole", 5), (2, "sts:AssumeRole", 6), (3, "profile:Get", 7)]
    items = [(cause_in(refused(*each), f"shop{each[0]}"), each[0]) for each in told]
    assert by_cause(items) == [[1, 2], [3]]


def test_how_much_it_took_to_see_a_cause_is_no_part_of_it() -> None:
    """As the engine words it."""
    limit = Limit("5%")
    failing, refused = [Tally() for _ in range(3)], [Tally() for _ in range(3)]
    action = Action(UPDATE_TRIGGER, "acme")
    for number in range(3):
        failing[number].add_alike("failed", 1, 0, 100 + number)
        for _ in range(20 + number):
            refused[number].count_attempt(Verdict.DENIED, action)
    reasons = [stop_reason(each, limit) for each in (*failing, *refused)]
    assert len(set(reasons)) == 6
    items = [(cause_in(str(reason), "t"), n) for n, reason in enumerate(reasons)]
    assert by_cause(items) == [[0, 1, 2], [3, 4, 5]]


def test_the_name_of_a_target_is_no_cause_but_a_code_is() -> None:
    assert cause_in("target a-1: gone (404)", "a-1") == cause_in("target b-1: gone (404)", "b-1")
    assert cause_in("gone (404)", "a-1") != cause_in("gone (403)", "a-1")
    assert cause_in("target a: bad data", "a") == cause_in("target b: bad data", "b")


def test_many_are_named_by_the_first() -> None:
    assert targets_text(["a"]) == "target a"
    assert targets_text(["b", "a"]) == "2 targets (a, b)"
    assert targets_text([f"t{n:04}" for n in range(1_200)]).endswith("t0009 and 1,190 more)")


def test_what_keeps_many_targets_away_is_said_once_for_each_cause_and_all_are_counted() -> None:
    few = {"a": "gone.", "b": "target b: gone."}
    assert reasons_text(few) == "target a: gone; target b: gone."
    assert in_common(few) == "2 targets (a, b) for one cause, such as target a: gone."
    told = {f"t{n:03}": f"target t{n:03}: account {n:012} refuses." for n in range(TOGETHER_FROM)}
    said = reasons_text(told | {"odd": "no route."})
    assert said.startswith("11 targets (t000, t001, ")
    assert said.endswith(
        " and 1 more) for one cause, such as target t000: account 000000000000 refuses; target odd:"
        " no route."
    )
    some = {"a": "gone.", "b": "target b: gone.", "d": "no route.", "c": "gone.", "e": "no key."}
    assert reasons_text(some) == (
        "3 targets (a, b, c) for one cause, such as target a: gone; target d: no route;"
        " target e: no key."
    )
    many = {f"t{n}": f"code {n}" for n in range(40)}
    assert reasons_text(many).endswith("target t2: code 2; and 37 more targets for other causes")
