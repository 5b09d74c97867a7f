"""Triggers, objects and options that meet each other's corners."""

from typing import Any

from hypothesis import strategies as st

from batcher.triggers.semantics.operators import OPERATORS
from batcher.triggers.semantics.options import UNKNOWNS, SemanticsOptions

TEXTS = ["a", "A", " a", "ab", "b", "ß", "SS", "true", "x"]
NUMBERS = ["5", "5.0", " 5", "7", "-1", ".5", "1e1", "05"]
DATES = [
    "2026-11-01",
    "2026-11-02",
    "2026-11-01T12:00",
    "2026-11-01T23:30:00Z",
    "2026-11-02T01:00:00+02:00",
    "2026-10-25T00:30",
    "2026-03-29",
    "2026-02-30",
    "1793491200",
    "160000000000",
    " 160000000000 ",
    " 2026-11-01T12:00",
    "1975-01-26",
]
ZONES = ["UTC", "+02:00", "-12:00", "Asia/Tokyo", "Europe/Berlin"]
PATHS = ["a", "b", "n.m", "items.k", "items[0].k", "items[].k", "_source.a", "_source.n.m", "c.d"]

_texts = st.sampled_from(TEXTS) | st.sampled_from(NUMBERS) | st.sampled_from(DATES)
_numbers = st.sampled_from([5, 5.0, 7, -1, 0.5, 10, 1793491200, 160000000000, 1793491200.25])
_singles = _texts | _numbers | st.sampled_from(["", " ", True, False, None])
found_values = st.one_of(
    _singles,
    _singles,
    st.lists(_singles, max_size=3),
    st.lists(st.lists(_singles, max_size=2), max_size=2),
    st.dictionaries(st.sampled_from(["m", "k"]), _singles, max_size=2),
)
objects = st.fixed_dictionaries(
    {},
    optional={
        "a": found_values,
        "b": found_values,
        "n": st.fixed_dictionaries({}, optional={"m": found_values}),
        "items": st.lists(
            st.fixed_dictionaries({}, optional={"k": found_values}) | _singles, max_size=2
        ),
        "c.d": found_values,
        "c": st.fixed_dictionaries({}, optional={"d": found_values}),
        "_source": st.fixed_dictionaries({}, optional={"a": found_values}),
    },
)

options = st.builds(
    SemanticsOptions,
    **{
        each.name: st.sampled_from(ZONES if each.name == "timezone" else each.choices)
        for each in UNKNOWNS
    },
)


@st.composite
def attributes(draw: Any) -> dict[str, Any]:
    """Operators with values of their kind, most often, and of any kind."""
    operator = draw(st.sampled_from(list(OPERATORS)))
    pools = {"BEFORE": DATES, "AFTER": DATES, "ON": DATES, "EQUAL": TEXTS + NUMBERS}
    pools |= {name: NUMBERS for name in OPERATORS if "THAN" in name}
    pools |= {"BETWEEN": NUMBERS, "NOT_BETWEEN": DATES}
    own = st.sampled_from(pools.get(operator, TEXTS))
    size = 2 if "BETWEEN" in operator else 1
    values = draw(
        st.lists(own, min_size=size, max_size=size) | st.lists(_texts, min_size=1, max_size=3)
    )
    names = draw(st.sampled_from([("Source",), ("FieldName",), ("Source", "FieldName"), ()]))
    named = {name: draw(st.sampled_from(PATHS)) for name in names or ("Source",)}
    return {**named, "ComparisonOperator": operator, "Values": values}


dimensions = st.lists(attributes(), min_size=1, max_size=2).map(
    lambda found: {"ObjectAttributes": found}
)
conditions = st.builds(
    lambda operator, found: {"LogicalOperator": operator, "EventTriggerDimensions": found},
    st.sampled_from(["ALL", "ANY", "NONE"]),
    st.lists(dimensions, min_size=1, max_size=2),
)
definitions = st.lists(conditions, max_size=2).map(
    lambda found: {"ObjectTypeName": "Orders", "EventTriggerConditions": found}
)
