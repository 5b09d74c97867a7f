from hypothesis import given, settings

from batcher.operations import TRIGGER_NAMES
from batcher.triggers.lint.definition_rules import NAME_RULES, RULES
from batcher.triggers.lint.finding import LintContext
from batcher.triggers.lint.linter import FINDINGS_KEPT, KEPT_AT_MOST, DefinitionLinter
from tests.triggers.samples import requests

LINTER = DefinitionLinter()


@settings(max_examples=50)
@given(request=requests())
def test_what_is_remembered_is_what_the_rules_say_and_no_valid_definition_breaks_one(
    request,
) -> None:
    for whole in (False, True, False):
        context = LintContext(whole=whole)
        content = {name: each for name, each in request.items() if name not in TRIGGER_NAMES}
        expected = [each for rule in RULES for each in rule(content, context)]
        expected += [each for rule in NAME_RULES for each in rule(request, context)]
        assert list(LINTER.look(request, whole=whole).findings) == expected
        for finding in expected:
            assert finding.text(frozenset())


def test_it_remembers_so_many_definitions_and_no_more() -> None:
    linter = DefinitionLinter()
    for number in range(KEPT_AT_MOST + 10):
        linter.look({"SegmentFilter": f"s{number}"}, whole=False)
    assert repr(linter) == "<DefinitionLinter: 10 definitions>"


def test_it_remembers_so_many_findings_and_no_more() -> None:
    values = ["x"] * (FINDINGS_KEPT // 3)  # each is said before, but for the first
    attribute = {"Source": "a", "ComparisonOperator": "INCLUSIVE", "Values": values}
    dimensions = [{"ObjectAttributes": [attribute]}]
    conditions = [{"EventTriggerDimensions": dimensions, "LogicalOperator": "ALL"}]
    linter = DefinitionLinter()
    for number in range(5):
        looked = {"EventTriggerConditions": conditions, "SegmentFilter": f"s{number}"}
        assert len(linter.look(looked, whole=False).findings) == len(values) - 1
    assert repr(linter) == "<DefinitionLinter: 2 definitions>"
