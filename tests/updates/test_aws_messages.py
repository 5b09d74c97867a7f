"""Of a message of AWS only what is known comes out, in whatever form it quotes a value."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.foreign_text import withheld
from batcher.updates.aws_messages import AwsMessages
from tests.quoting_forms import FORMS, shows
from tests.updates.samples import MODEL

MESSAGES = AwsMessages(MODEL.constants)
SECRET = "Größter Kunde: ruf +49 170 4711, \"Zoë\" & 'Åsa'/Ⅸ"
TOKEN = "IQoJb3JpZ2luX2VjEJr//////////wEaCXVzLWVhc3QtMSJHMEUCIQDk"
RULE = "failed to satisfy constraint: Member must have length less than or equal to 1000"

QUOTING = [
    "1 validation error detected: Value '{}' at 'description' " + RULE,
    "2 validation errors detected: Value '[{}]' at 'eventTriggerConditions.1.member."
    "eventTriggerDimensions.1.member.objectAttributes' " + RULE + "; Value '{}' at 'x' " + RULE,
    "{}",
    "Invalid description: {}",
    "Value at '{}' " + RULE,
    "Value at 'description.{}' " + RULE,
    "1 validation error detected: Value at 'description' failed to satisfy constraint: {}",
    "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must"
    " satisfy regular expression pattern: {}",
    "1 validation error detected: Value at 'description' failed to satisfy constraint: Member must"
    " satisfy enum value set: [ANY, {}]",
    "User: arn:aws:sts::1:assumed-role/{} is not authorized to perform: profile:{} on resource: {}",
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. The Canonical String for this request should have"
    " been\n'PUT\n/\n\nhost:profile.eu-west-1.amazonaws.com\nx-amz-security-token:{}\n'",
]


@pytest.mark.parametrize("secret", [SECRET, TOKEN], ids=["description", "token"])
@pytest.mark.parametrize("form", FORMS)
def test_no_form_of_a_value_is_kept(form: str, secret: str) -> None:
    quoted = FORMS[form](secret)
    for template in QUOTING:
        shown = MESSAGES.keep(template.replace("{}", quoted))
        without = MESSAGES.keep(template.replace("{}", "§" * len(quoted)))
        if shown != without:
            assert not set(shows(shown, secret)) - set(shows(without, secret)), template
        assert quoted[:3].strip(" .,;:'\"\n\t\\") == "" or quoted not in shown, template


def test_there_are_at_least_the_forms_that_were_found_to_get_through() -> None:
    assert len(FORMS) >= 66


@given(st.text(min_size=1), st.sampled_from(QUOTING))
def test_what_is_kept_does_not_depend_on_the_value_but_for_its_length(
    value: str, template: str
) -> None:
    other = "§" * len(value)
    named = MESSAGES.keep(f"at '{value}' {RULE}").startswith("Value")  # a member, or a number
    if AwsMessages().keep(value) == withheld(len(value)) and not named:
        assert MESSAGES.keep(template.replace("{}", value)) == MESSAGES.keep(
            template.replace("{}", other)
        )


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (
            "1 validation error detected: Value at 'eventTriggerLimits.eventExpiration' failed to"
            " satisfy constraint: Member must have length less than or equal to 255",
            "1 validation error detected: Value at 'eventTriggerLimits.eventExpiration' failed to"
            " satisfy constraint: Member must have length less than or equal to 255",
        ),
        (
            "2 validation errors detected: Value 'x y' at 'description' failed to satisfy"
            " constraint: Member must not be null; Value '7' at 'eventTriggerLimits.periods.1"
            ".member.unit' failed to satisfy constraint: Member must satisfy enum value set:"
            " [HOURS, DAYS]",
            "2 validation errors detected: Value at 'description' failed to satisfy constraint:"
            " Member must not be null; Value at 'eventTriggerLimits.periods.1.member.unit' failed"
            " to satisfy constraint: Member must satisfy enum value set: [HOURS, DAYS]"
            " [withheld: 25 characters]",
        ),
        ("Rate exceeded", "Rate exceeded"),
        (
            "The security token included in the request is expired",
            "The security token included in the request is expired",
        ),
        (
            "User: arn:aws:sts::1:assumed-role/r/s is not authorized to perform:"
            " profile:UpdateEventTrigger on resource: arn:aws:profile:x because no identity-based"
            " policy allows the profile:UpdateEventTrigger action",
            "is not authorized to perform: profile:UpdateEventTrigger; because no identity-based"
            " policy allows the profile:UpdateEventTrigger action [withheld: 70 characters]",
        ),
        (
            "Domain acme does not exist, or access was denied.",
            "does not exist, or access was denied [withheld: 12 characters]",
        ),
        ("Segment vip is unknown", "[withheld: 22 characters]"),
        ("", ""),
    ],
)
def test_path_constraint_and_awss_own_sentences_are_kept(said: str, shown: str) -> None:
    assert MESSAGES.keep(said) == shown


def test_what_was_kept_stays_as_it_is() -> None:
    for said in (template.replace("{}", "some value") for template in QUOTING):
        kept = MESSAGES.keep(said)
        assert MESSAGES.keep(kept) == kept


def test_a_pattern_or_an_enum_value_that_the_model_publishes_is_kept() -> None:
    (pattern, *_) = [each for each in MODEL.constants if each.startswith("^")]
    said = (
        "Value at 'domainName' failed to satisfy constraint: Member must satisfy regular"
        f" expression pattern: {pattern}"
    )
    assert MESSAGES.keep(said) == said
