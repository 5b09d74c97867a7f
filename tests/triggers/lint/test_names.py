import pytest

from batcher.triggers.lint.names import content_findings
from batcher.triggers.lint.sample_conditions import condition, trigger
from tests.triggers.lint.found import names

UUID = "0b0ee1a5-9c2f-4c5e-8f0a-2f8f3f1f6c11"


@pytest.mark.parametrize(
    ("members", "said"),
    [
        ({}, {"sets-nothing"}),
        ({"DomainName": "string", "EventTriggerName": "welcome"}, {"sets-nothing", "placeholder"}),
        ({"ObjectTypeName": "_profile"}, {"standard-object-type"}),
        ({"ObjectTypeName": "Orders_2"}, set()),
        ({"EventTriggerName": f"x-{UUID.upper()}", "SegmentFilter": "vip"}, {"generated-name"}),
        ({"EventTriggerName": "a" * 64, "SegmentFilter": "vip"}, set()),  # hexadecimal, too long
        ({"EventTriggerName": "cart-abandoned-20261101", "SegmentFilter": "vip"}, set()),
        ({"Description": "Sent where a < b and c > d; {braces} and 100%"}, set()),
        ({"Description": "For {{team}}"}, {"placeholder"}),
        ({"Description": "<your text here>"}, {"placeholder"}),
        ({"SegmentFilter": "segmentFilter"}, {"placeholder"}),
        ({"SegmentFilter": "STRING_VALUE"}, {"placeholder"}),
    ],
)
def test_names_that_are_wrong_and_names_that_are_not(members, said) -> None:
    assert names(members) == said


def test_a_placeholder_is_found_at_any_depth_and_a_source_may_be_called_source() -> None:
    attribute = {"Source": "source", "ComparisonOperator": "CONTAINS", "Values": ["a", "values"]}
    (members,) = trigger(condition("ALL", [attribute]))
    (finding,) = content_findings(members, None)
    assert finding.where.endswith("ObjectAttributes[0].Values[1]")
