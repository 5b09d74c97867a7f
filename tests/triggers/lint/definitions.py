"""Definitions, objects and options to try claims with. No assertions here.

Values are few and near each other, so that comparisons meet, imply and exclude one another often.
"""

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

from hypothesis import strategies as st
from msgspec.structs import replace

from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions

SOURCES = ("a", "b", "c.d")
NUMBERS = ("1", "2", "3", "2.0", "2.5", "-1", "1e0", "0", "12", "1e999")
DAYS = ("2026-03-28", "2026-03-29", "2026-03-30", "2026-04-05")
TIMES = (
    "2026-03-29T02:30:00",
    "2026-03-29T03:00:00",
    "2026-03-29T10:00:00Z",
    "2026-03-29T12:00:00+02:00",
    "2026-03-30T23:59:59.5-08:00",
    "1774778400",
)
FEW_TEXTS = ("N", "NL", "L", "LE")
TEXTS = ("NL", "nl", "N", "L", "NLX", "BE", "Straße", "STRASSE", "abc", "1,000", "NL ", " ")
ZONES = ("UTC", "Europe/Berlin", "Pacific/Apia", "America/St_Johns", "+14:00", "-12:00")
BY_KIND = {
    "number": (
        ("GREATER_THAN", "LESS_THAN", "GREATER_THAN_OR_EQUAL", "LESS_THAN_OR_EQUAL", "EQUAL"),
        NUMBERS,
    ),
    "date": (("BEFORE", "AFTER", "ON"), (*DAYS, *TIMES)),
    "text": (("INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH"), TEXTS),
    "few": (("INCLUSIVE", "EXCLUSIVE", "CONTAINS", "BEGINS_WITH", "ENDS_WITH"), FEW_TEXTS),
}
RANGED = ("BETWEEN", "NOT_BETWEEN")


def attributes(kind: str, sources: tuple[str, ...] = SOURCES) -> st.SearchStrategy[dict[str, Any]]:
    operators, values = BY_KIND[kind]
    given = st.lists(st.sampled_from(values), min_size=1, max_size=2)
    plain = st.builds(_attribute, st.sampled_from(sources), st.sampled_from(operators), given)
    if kind in ("text", "few"):
        return plain
    ends = st.lists(st.sampled_from(values), min_size=2, max_size=2)
    return plain | st.builds(_attribute, st.sampled_from(sources), st.sampled_from(RANGED), ends)


def _attribute(source: str, operator: str, values: list[str]) -> dict[str, Any]:
    return {"Source": source, "ComparisonOperator": operator, "Values": values}


OF_ANY_KIND = st.one_of(
    [
        *map(attributes, BY_KIND),
        st.builds(
            _attribute,
            st.sampled_from(SOURCES),
            st.sampled_from([*RANGED, *(each for of, _ in BY_KIND.values() for each in of)]),
            st.lists(st.sampled_from([*NUMBERS, *DAYS, *TIMES, *TEXTS]), min_size=1, max_size=3),
        ),
    ]
)


def conditions(attribute: st.SearchStrategy[dict[str, Any]], most: int = 3) -> st.SearchStrategy:
    def some(entry: st.SearchStrategy) -> st.SearchStrategy:
        return st.lists(entry, min_size=1, max_size=most)

    dimension = st.fixed_dictionaries({"ObjectAttributes": some(attribute)})
    operator = st.sampled_from(["ALL", "ANY", "NONE"])
    condition = st.fixed_dictionaries(
        {"EventTriggerDimensions": some(dimension), "LogicalOperator": operator}
    )
    return some(condition)


ONE_KIND = st.sampled_from(list(BY_KIND)).flatmap(
    lambda kind: conditions(attributes(kind, ("a",)), 2)
)
CONDITIONS = conditions(OF_ANY_KIND) | ONE_KIND

TEXT_SCALARS = (*NUMBERS, *DAYS, *TIMES, *TEXTS, "", "x", "1774778401", "1.5")
NUMBER_SCALARS = (0, 1, 2, 2.0, 2.5, 3, 12, -1, 10**400, 1774778400, 1774778400000)
SCALARS = st.sampled_from([*TEXT_SCALARS, *NUMBER_SCALARS, True, False, None])
OF_FEW_TEXTS = st.sampled_from([*FEW_TEXTS, "NLE", "LEN", "nl"])
HELD = SCALARS | st.lists(SCALARS, max_size=3)
OBJECTS = st.fixed_dictionaries(
    {},
    optional={
        "a": HELD | OF_FEW_TEXTS | st.lists(OF_FEW_TEXTS, max_size=3) | st.just({"x": 1}),
        "b": HELD,
        "c": st.fixed_dictionaries({}, optional={"d": HELD}),
    },
)
SINGLE = {
    "number": st.sampled_from([0, 1, 1.5, 2, 2.25, 2.5, 3, 11, 12, 13, -1, -2, 10**400]),
    "date": st.sampled_from([each for each in TIMES if each[-1] == "Z" or each[-6] in "+-"]),
    "text": st.sampled_from([*TEXTS[:-1], "x"]),
}

OPTIONS = st.builds(
    SemanticsOptions,
    **{each.name: st.sampled_from(each.choices) for each in UNKNOWNS if each.name != "timezone"},
    timezone=st.sampled_from(ZONES),
)


def with_defaults(options: SemanticsOptions, names: frozenset[str]) -> SemanticsOptions:
    """The options with the defaults of these."""
    known = names & {each.name for each in UNKNOWNS}
    return replace(options, **{name: getattr(SemanticsOptions(), name) for name in known})


def has_list(found: Mapping[str, Any]) -> bool:
    return any(
        isinstance(each, list)
        for each in (found.get("a"), found.get("b"), *found.get("c", {}).values())
    )


def without(given: list[dict[str, Any]], path: tuple[str | int, ...]) -> list[dict[str, Any]]:
    """The conditions without the entry at a path of a definition."""
    definition: Any = deepcopy({"EventTriggerConditions": given})
    place = definition
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return definition["EventTriggerConditions"]
