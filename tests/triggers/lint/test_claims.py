from batcher.triggers.lint.claims import all_claims, certain, dependence, weakest
from batcher.triggers.lint.criterion import criterion_of

ON = criterion_of({"Source": "a", "ComparisonOperator": "ON", "Values": ["2026-01-01"]})
FEW, MORE = frozenset({"lists"}), frozenset({"between", "trim"})


def test_claims_are_put_together_by_what_they_depend_on() -> None:
    assert weakest([None, MORE, FEW]) == FEW
    assert weakest([None]) is None
    assert all_claims([FEW, MORE]) == FEW | MORE
    assert all_claims([FEW, None]) is None
    assert all_claims([]) == frozenset()


def test_a_fact_depends_on_the_options_without_which_it_does_not_hold() -> None:
    assert certain([ON], lambda options, slack: True) == frozenset()
    assert certain([ON], lambda options, slack: not slack) == frozenset({"timezone"})
    assert certain([ON], lambda options, slack: options.on == "day") == frozenset({"on"})
    assert certain([ON], lambda options, slack: options.on == "moment") is None


def test_what_a_claim_depends_on_is_told_in_the_words_of_the_simulation() -> None:
    assert dependence(frozenset()) == ""
    said = "; depends on: attributes with several values, attributes that are missing or can't be"
    assert dependence(frozenset({"comparable", "lists"})) == f"{said} compared"
