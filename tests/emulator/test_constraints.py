"""Whatever the model forbids is refused in the words of AWS."""

import copy
from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest

from batcher.emulator.constraints import compile_check, describe_violations
from batcher.emulator.model import ServiceModel

MODEL = botocore.session.get_session().get_service_model("customer-profiles")


def mutations(shape: Any, value: Any) -> Iterator[tuple[Any, str]]:
    """Copies of a valid value with one thing wrong each, and what the answer must say of it."""
    yield (3.5 if shape.type_name != "structure" else [1]), "Member must be a"
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    match shape.type_name:
        case "structure":
            yield {**value, "Unknown": 1}, "Member must not be present"
            for name, item in value.items():
                yield from (
                    ({**value, name: wrong}, said)
                    for wrong, said in mutations(shape.members[name], item)
                )
            for name in shape.required_members:
                yield (
                    {key: item for key, item in value.items() if key != name},
                    "Member must not be null",
                )
        case "list":
            yield value * (high + 1), f"Member must have length less than or equal to {high}"
            yield [], f"Member must have length greater than or equal to {low}"
            yield (
                [None, *value[1:]],
                "1.member' failed to satisfy constraint: Member must not be null",
            )
            yield from (
                ([wrong, *value[1:]], said) for wrong, said in mutations(shape.member, value[0])
            )
        case "integer":
            yield high + 1, f"Member must have value less than or equal to {high}"
            yield low - 1, f"Member must have value greater than or equal to {low}"
            yield True, "Member must be an integer"
            yield 2**31, "Member must be a 32-bit integer"
        case "long":
            yield 2**63, "Member must be a 64-bit integer"
        case "string" if shape.enum:
            yield "NONSENSE", f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
        case "string":
            yield "x" * (high + 1), f"Member must have length less than or equal to {high}"
            yield "", f"Member must have length greater than or equal to {low}"
            if pattern := shape.metadata.get("pattern"):
                yield "x\n", f"Member must satisfy regular expression pattern: {pattern}"


def test_every_single_thing_wrong_is_refused_in_aws_words(trigger: Any) -> None:
    shape = MODEL.operation_model("CreateEventTrigger").input_shape
    model = ServiceModel().operation("CreateEventTrigger")
    period = {"Unit": "DAYS", "Value": 1, "MaxInvocationsPerProfile": 2, "Unlimited": False}
    valid = trigger(
        Description="d",
        SegmentFilter="s",
        EventTriggerLimits={"EventExpiration": 1, "Periods": [period]},
    )
    model.check(valid)
    wrong_ones = list(mutations(shape, valid))
    assert len(wrong_ones) > 80
    for wrong, said in wrong_ones[1:]:
        before = copy.deepcopy(wrong)
        with pytest.raises(Exception, match="BadRequestException") as refused:
            model.check(wrong)
        assert said in str(refused.value)
        assert wrong == before


def test_a_tag_map_is_checked_by_key_and_value() -> None:
    with pytest.raises(
        Exception,
        match=r"Map keys must satisfy constraint: \[Member must satisfy regular expression",
    ):
        ServiceModel().operation("TagResource").check(
            {"resourceArn": "arn:aws:profile:x", "tags": {"aws:a": "b"}}
        )


def test_a_check_says_what_is_wrong_and_where_for_whatever_shape() -> None:
    shape = MODEL.shape_for("Period")
    violations: list[str] = []
    compile_check(shape)({"Unit": "DAYS", "Value": 0}, "periods.1", violations)
    assert violations == [
        "Value '0' at 'periods.1.value' failed to satisfy constraint: Member must have value"
        " greater than or equal to 1"
    ]
    assert describe_violations(violations) == f"1 validation error detected: {violations[0]}"
    assert describe_violations(["a", "b"]) == "2 validation errors detected: a; b"
