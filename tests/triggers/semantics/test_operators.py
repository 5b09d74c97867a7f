"""The operators against the installed service model."""

import botocore.session
import pytest

from batcher.triggers.semantics.definition import LOGICAL_OPERATORS
from batcher.triggers.semantics.operators import OPERATORS, operator_test
from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.relevance import BY_OPERATOR

MODEL = botocore.session.get_session().get_service_model("customer-profiles")


def test_the_operators_are_those_of_the_service_model() -> None:
    known = MODEL.shape_for("ComparisonOperator").enum
    assert sorted(OPERATORS) == sorted(known)
    assert sorted(BY_OPERATOR) == sorted(known)
    assert sorted(LOGICAL_OPERATORS) == sorted(MODEL.shape_for("EventTriggerLogicalOperator").enum)


@pytest.mark.parametrize("trim", [True, False])
def test_values_of_the_trigger_are_trimmed_where_the_options_say_so(trim: bool) -> None:
    assert operator_test("GREATER_THAN", [" 5 "], SemanticsOptions(trim=trim))(6) is trim
