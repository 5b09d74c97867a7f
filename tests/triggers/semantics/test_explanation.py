"""What each part of a trigger says of an object."""

from batcher.triggers.semantics.definition import conditions_of
from batcher.triggers.semantics.explanation import conditions_verdicts
from batcher.triggers.semantics.options import SemanticsOptions
from tests.triggers.semantics.samples import attribute, condition, dimension, trigger

DEFINITION = trigger(
    condition(
        "NONE",
        dimension(attribute("EQUAL", "5"), attribute("CONTAINS", "X", source="b.c")),
        dimension(attribute("EXCLUSIVE", "x", source="absent")),
    ),
    condition("ALL", dimension(attribute("BEFORE", "2026-01-01"))),
)


def test_every_part_is_told_also_those_that_decide_nothing() -> None:
    options = SemanticsOptions(missing="satisfied")
    found = {"a": 5, "b": {"c": ["x", {}]}}
    none, every = conditions_verdicts(conditions_of(DEFINITION), found, options, {})
    five, text = none.dimensions[0].attributes
    (absent,) = none.dimensions[1].attributes
    assert (five.outcome, five.met, five.seen) == ("true", True, 5)
    assert (text.outcome, text.path, text.seen) == ("false", "b.c", ["x", {}])
    assert text.depends_on == ("case_sensitive",)
    assert (absent.outcome, absent.met, absent.seen) == ("missing", True, None)
    assert absent.depends_on == ("missing",)
    assert [each.met for each in none.dimensions] == [False, True]
    assert (none.operator, none.met, every.met) == ("NONE", False, True)
