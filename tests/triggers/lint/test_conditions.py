from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from batcher.triggers.lint.attribute_names import attributes_of
from batcher.triggers.lint.claims import COMPARABLE, LISTS
from batcher.triggers.lint.condition_codes import (
    ALWAYS_TRUE,
    CONTRADICTION,
    DOUBLED,
    FIRES_ALWAYS,
    FIRES_HARDLY,
    FIRES_NEVER,
    LIKELY_CONTRADICTION,
    NEVER_TRUE,
    REDUNDANT_ATTRIBUTE,
    REDUNDANT_DIMENSION,
    SHADOWED,
)
from batcher.triggers.lint.conditions import ClaimFound, condition_claims
from batcher.triggers.lint.criterion import criterion_of
from batcher.triggers.semantics.compiled_trigger import compile_trigger
from tests.triggers.lint.definitions import (
    CONDITIONS,
    OBJECTS,
    OPTIONS,
    SINGLE,
    has_list,
    with_defaults,
    without,
)

NEVER = (FIRES_NEVER, FIRES_HARDLY, NEVER_TRUE)
ALWAYS = (FIRES_ALWAYS, ALWAYS_TRUE)
ADDS_NOTHING = (SHADOWED, REDUNDANT_DIMENSION, REDUNDANT_ATTRIBUTE, DOUBLED)


@settings(max_examples=50)
@given(
    conditions=CONDITIONS,
    objects=st.lists(OBJECTS, min_size=1, max_size=8),
    options=st.lists(OPTIONS, min_size=1, max_size=3),
    data=st.data(),
)
def test_no_event_and_no_option_that_a_finding_does_not_name_makes_it_wrong(
    conditions, objects, options, data
) -> None:
    for claim in condition_claims({"EventTriggerConditions": conditions}):
        tried = objects
        if COMPARABLE & claim.claim:
            comparable = _comparable(conditions)
            tried = [] if comparable.is_empty else data.draw(st.lists(comparable, max_size=8))
        for option in options:
            known = with_defaults(option, claim.claim)
            for each in tried:
                if not (claim.claim >= LISTS and has_list(each)):
                    _holds(claim, conditions, each, known)


def _comparable(conditions: list[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    """Objects whose attributes can all be compared; none where they are of several kinds."""
    kinds = {
        "number" if kind == "equal" else kind
        for _, each in attributes_of({"EventTriggerConditions": conditions})
        if (kind := criterion_of(each).kind)
    }
    if len(kinds) != 1 or not kinds <= SINGLE.keys():
        return st.nothing()
    single = SINGLE[kinds.pop()]
    return st.fixed_dictionaries(
        {"a": single, "b": single, "c": st.fixed_dictionaries({"d": single})}
    )


def _holds(claim: ClaimFound, conditions: list, found: dict, options) -> None:
    of = conditions if len(claim.path) == 1 else [conditions[claim.path[1]]]
    if claim.code in NEVER:
        assert not _fires(of, found, options), claim
    elif claim.code in ALWAYS:
        assert _fires(of, found, options), claim
    elif claim.code in (CONTRADICTION, LIKELY_CONTRADICTION):
        way = of[0] if of[0]["LogicalOperator"] == "ALL" else _dimension(of[0], claim.path)
        assert not _fires([way], found, options), claim
    elif claim.code in ADDS_NOTHING:
        rest = without(conditions, claim.path)
        assert _fires(conditions, found, options) == _fires(rest, found, options), claim


def _dimension(condition: dict, path: tuple) -> dict:
    dimensions = condition["EventTriggerDimensions"]
    return {
        "EventTriggerDimensions": dimensions if len(path) == 2 else [dimensions[path[3]]],
        "LogicalOperator": "ALL",
    }


def _fires(conditions: list, found: dict, options) -> bool:
    return compile_trigger({"EventTriggerConditions": conditions}, options).fires(found)


def test_nothing_is_claimed_of_a_logical_operator_that_a_newer_model_has() -> None:
    nonsense = {"Source": "a", "ComparisonOperator": "GREATER_THAN", "Values": ["x"]}
    condition = {"EventTriggerDimensions": [{"ObjectAttributes": [nonsense]}]}
    given = {"EventTriggerConditions": [{**condition, "LogicalOperator": "SOME"}]}
    assert list(condition_claims(given)) == []
