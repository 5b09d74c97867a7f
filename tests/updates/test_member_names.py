"""By what other names a member of the model is found, and where."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.updates.member_names import MISSPELT, folded, is_alike
from tests.updates.samples import MODEL

NAMES = MODEL.names
CONDITIONS = ("EventTriggerConditions",)
DIMENSIONS = (*CONDITIONS, "EventTriggerDimensions")
ATTRIBUTES = (*DIMENSIONS, "ObjectAttributes")
LIMITS = ("EventTriggerLimits",)
PERIODS = (*LIMITS, "Periods")


@pytest.mark.parametrize(
    ("place", "names", "meant"),
    [
        ((), "domain Domain domain_name domain-name DOMAIN_NAME", "DomainName"),
        ((), "trigger event_trigger trigger_name eventTriggerName Name", "EventTriggerName"),
        ((), "segment segment_filter Filter Audience", "SegmentFilter"),
        ((), "conditions EventTriggerCondition Rules", "EventTriggerConditions"),
        ((), "limits eventTriggerLimit", "EventTriggerLimits"),
        ((), "object_type ObjectType Type", "ObjectTypeName"),
        ((), "Comment", "Description"),
        ((), "domainmap", "domain_map"),
        ((), "basedOn", "based_on"),
        ((), "targets", "target"),
        ((), "account Account AccountId aws_account_id", "target"),
        ((), "Unit PeriodUnit", "EventTriggerLimits.Periods[].Unit"),
        ((), "EventExpiration timeout", "EventTriggerLimits.EventExpiration"),
        (LIMITS, "period Frequency", "EventTriggerLimits.Periods"),
        (LIMITS, "ttl Expiry", "EventTriggerLimits.EventExpiration"),
        (
            LIMITS,
            "Max MaxInvocations MaximumFirings max_executions",
            "EventTriggerLimits.Periods[].MaxInvocationsPerProfile",
        ),
        (PERIODS, "Cap", "EventTriggerLimits.Periods[].MaxInvocationsPerProfile"),
        (CONDITIONS, "Operator Combine", "EventTriggerConditions[].LogicalOperator"),
        (CONDITIONS, "Dimension", "EventTriggerConditions[].EventTriggerDimensions"),
        (
            DIMENSIONS,
            "Value",
            "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].Values",
        ),
        (
            ATTRIBUTES,
            "key Field Attribute",
            "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].FieldName",
        ),
        (
            ATTRIBUTES,
            "Value value operand",
            "EventTriggerConditions[].EventTriggerDimensions[].ObjectAttributes[].Values",
        ),
    ],
)
def test_a_member_is_found_by_what_else_it_is_called(
    place: tuple[str, ...], names: str, meant: str
) -> None:
    for name in names.split():
        found = NAMES.meant(name, None, place)
        assert found is not None, name
        assert found.text == meant, name


@pytest.mark.parametrize(
    ("place", "value", "meant"),
    [
        (ATTRIBUTES, "BEGINS_WITH", "ComparisonOperator"),
        (DIMENSIONS, "less-than", "ComparisonOperator"),
        (CONDITIONS, "ANY", "LogicalOperator"),
        ((), "hours", "Unit"),
        (CONDITIONS, "segment_filter", "SegmentFilter"),
    ],
)
def test_a_constant_or_a_name_of_the_model_as_value_tells_which_member_is_meant(
    place: tuple[str, ...], value: str, meant: str
) -> None:
    found = NAMES.meant("Zq", value, place)
    assert found is not None
    assert found.name == meant


@pytest.mark.parametrize("name", ["Zq", "Enabled", "", "-", "x" * 10_000, "\ud800"])
def test_nothing_is_guessed_of_a_name_that_says_nothing(name: str) -> None:
    assert NAMES.meant(name, "hush", ()) is None


@pytest.mark.parametrize(
    "name", ["Limited", "min_invocations_per_profile", "ExcludeSegments", "NotUnlimited"]
)
def test_no_member_is_meant_by_a_name_of_the_opposite(name: str) -> None:
    for place in ((), LIMITS, PERIODS):
        assert NAMES.meant(name, None, place) is None


@given(st.sampled_from(["snake", "camel", "kebab", "upper"]))
def test_the_spellings_of_other_languages_are_the_same_name(spelling: str) -> None:
    for place in ((), CONDITIONS, DIMENSIONS, ATTRIBUTES, LIMITS, PERIODS):
        for member in NAMES.at(place):
            name = _spelled(member.name, spelling)
            assert NAMES.spelled(name, place) == member.name
            assert NAMES.meant(name, None, place) == member
            assert NAMES.is_public(name)


def test_members_of_answers_are_known_as_such() -> None:
    for name in ("CreatedAt", "last_updated_at", "tags", "ResponseMetadata"):
        assert NAMES.is_answered(name)
        assert NAMES.is_public(name)
    assert not NAMES.is_answered("DomainName")
    assert not NAMES.is_public("hush")


def test_a_slip_of_the_pen_is_told_from_a_name_that_is_data() -> None:
    assert is_alike("DomanName", ["DomainName"], MISSPELT)
    assert not is_alike("Domitian", ["DomainName"], MISSPELT)
    shown = {name for name in ("DomanName", "Domitian", "tags") if NAMES.may_be_shown(name, ())}
    assert shown == {"DomanName", "tags"}
    assert not NAMES.may_be_shown("DomanName", PERIODS)


def _spelled(name: str, spelling: str) -> str:
    parted = "".join(f"_{each}" if each.isupper() else each for each in name).strip("_")
    match spelling:
        case "snake":
            return parted.lower()
        case "kebab":
            return parted.lower().replace("_", "-")
        case "upper":
            return parted.upper()
    assert folded(parted) == folded(name)
    return name[0].lower() + name[1:]
