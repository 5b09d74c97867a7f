"""What AWS does not say of how a trigger is matched: one row each, with the choices there are.

No choice is made anywhere else. A reading that has no row is in docs/semantics.md.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any, Literal, TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from batcher.triggers.semantics.zones import OFFSETS

Choice: TypeAlias = str | bool


class SemanticsOptions(Struct, frozen=True, kw_only=True):
    """One choice for each thing that AWS does not say; the defaults are those of ``UNKNOWNS``."""

    case_sensitive: bool = True
    trim: bool = False
    inclusive: Literal["any", "all"] = "any"
    exclusive: Literal["none", "not-all"] = "none"
    inclusive_match: Literal["whole", "part"] = "whole"
    contains: Literal["part", "whole"] = "part"
    several_values: Literal["any", "all"] = "any"
    lists: Literal["any", "all"] = "any"
    between: Literal["inclusive", "exclusive"] = "inclusive"
    reversed_ends: Literal["empty", "swapped"] = "empty"
    text_numbers: Literal["numbers", "texts"] = "numbers"
    numbers_as_text: Literal["texts", "never"] = "texts"
    equal_text: Literal["text", "never"] = "text"
    timezone: str = "UTC"
    epoch: Literal["auto", "seconds", "milliseconds"] = "auto"
    on: Literal["day", "moment"] = "day"
    day_bound: Literal["start", "end"] = "start"
    missing: Literal["unsatisfied", "satisfied"] = "unsatisfied"
    empty_text: Literal["present", "missing"] = "present"
    both_named: Literal["source", "field"] = "source"


class Unknown(Struct, frozen=True, kw_only=True):
    """One thing that AWS does not say.

    ``name``: of the member of SemanticsOptions. ``label``: as in *depends on*. ``readings``: each
    choice with the assumption that it makes; the first is the default. A time zone has no list of
    choices: its reading holds for any, as ``{}``.
    """

    name: str
    flag: str
    label: str
    readings: dict[Choice, str]

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What may be chosen; the first is the default."""
        return tuple(self.readings)


UNKNOWNS = (
    Unknown(
        name="case_sensitive",
        flag="--case-sensitive/--ignore-case",
        label="case sensitivity",
        readings={True: "Upper and lower case differ.", False: "Upper and lower case are alike."},
    ),
    Unknown(
        name="trim",
        flag="--trim/--keep-blanks",
        label="blanks at the ends",
        readings={
            False: "Blanks at the ends of a text count.",
            True: "Blanks at the ends of a text do not count.",
        },
    ),
    Unknown(
        name="inclusive",
        flag="--inclusive",
        label="several values of INCLUSIVE",
        readings={
            "any": "INCLUSIVE holds for an attribute with one value that is any of Values.",
            "all": "INCLUSIVE holds for an attribute with one value if that is all of Values.",
        },
    ),
    Unknown(
        name="exclusive",
        flag="--exclusive",
        label="several values of EXCLUSIVE",
        readings={
            "none": "EXCLUSIVE holds if none of Values is in the attribute.",
            "not-all": "EXCLUSIVE holds if not all of Values are in the attribute.",
        },
    ),
    Unknown(
        name="inclusive_match",
        flag="--inclusive-match",
        label="whole or part for INCLUSIVE and EXCLUSIVE",
        readings={
            "whole": "INCLUSIVE and EXCLUSIVE compare whole texts.",
            "part": "INCLUSIVE and EXCLUSIVE look for a value within the text.",
        },
    ),
    Unknown(
        name="contains",
        flag="--contains",
        label="whole or part for CONTAINS",
        readings={
            "part": "CONTAINS looks for a value within the text.",
            "whole": "CONTAINS compares whole texts.",
        },
    ),
    Unknown(
        name="several_values",
        flag="--several-values",
        label="several values of an operator for one",
        readings={
            "any": "Of several Values one is enough, for operators that compare with one.",
            "all": "Of several Values each has to be met, for operators that compare with one.",
        },
    ),
    Unknown(
        name="lists",
        flag="--lists",
        label="attributes with several values",
        readings={
            "any": (
                "Of an attribute with several values one is enough; NOT_BETWEEN is met where"
                " BETWEEN is not."
            ),
            "all": (
                "Of an attribute with several values each has to meet the operator; NOT_BETWEEN is"
                " met where BETWEEN is not."
            ),
        },
    ),
    Unknown(
        name="between",
        flag="--between",
        label="the ends of BETWEEN",
        readings={
            "inclusive": "BETWEEN includes its ends, and NOT_BETWEEN does not.",
            "exclusive": "BETWEEN does not include its ends, and NOT_BETWEEN does.",
        },
    ),
    Unknown(
        name="reversed_ends",
        flag="--reversed-ends",
        label="reversed ends of BETWEEN",
        readings={
            "empty": "A range whose first end is above its second holds nothing.",
            "swapped": "A range whose first end is above its second is read the other way round.",
        },
    ),
    Unknown(
        name="text_numbers",
        flag="--text-numbers",
        label="numbers given as text",
        readings={
            "numbers": "A text of digits counts as a number where numbers are compared.",
            "texts": "A text of digits is no number.",
        },
    ),
    Unknown(
        name="numbers_as_text",
        flag="--numbers-as-text",
        label="numbers where text is compared",
        readings={
            "texts": "A number, true or false counts as its text where texts are compared.",
            "never": "A number, true or false can't be compared with a text.",
        },
    ),
    Unknown(
        name="equal_text",
        flag="--equal-text",
        label="EQUAL with text",
        readings={
            "text": "EQUAL compares texts where one of both is no number.",
            "never": "EQUAL compares numbers only.",
        },
    ),
    Unknown(
        name="timezone",
        flag="--timezone",
        label="time zone",
        readings={"UTC": "Dates without an offset, and the days of ON, are of the time zone {}."},
    ),
    Unknown(
        name="epoch",
        flag="--epoch",
        label="unit of epoch times",
        readings={
            "auto": "A number as a date is epoch seconds, from 100,000,000,000 on milliseconds.",
            "seconds": "A number as a date is epoch seconds.",
            "milliseconds": "A number as a date is epoch milliseconds.",
        },
    ),
    Unknown(
        name="on",
        flag="--on",
        label="day or moment for ON",
        readings={
            "day": "ON holds on the whole day of its time.",
            "moment": "ON holds at the very moment of its time.",
        },
    ),
    Unknown(
        name="day_bound",
        flag="--day-bound",
        label="a date without a time as a bound",
        readings={
            "start": "A date without a time is the start of its day.",
            "end": "A date without a time is the end of its day for AFTER and the end of a range.",
        },
    ),
    Unknown(
        name="missing",
        flag="--missing",
        label="what is missing, for EXCLUSIVE and NOT_BETWEEN",
        readings={
            "unsatisfied": "An attribute that is missing, or can't be compared, meets no operator.",
            "satisfied": (
                "An attribute that is missing, or can't be compared, meets EXCLUSIVE and"
                " NOT_BETWEEN, and no other operator."
            ),
        },
    ),
    Unknown(
        name="empty_text",
        flag="--empty-text",
        label="empty text",
        readings={
            "present": "An empty text is a value.",
            "missing": "An empty text counts as missing.",
        },
    ),
    Unknown(
        name="both_named",
        flag="--both-named",
        label="both Source and FieldName",
        readings={
            "source": "Of Source and FieldName in one attribute, Source counts.",
            "field": "Of Source and FieldName in one attribute, FieldName counts.",
        },
    ),
)

BY_NAME = {unknown.name: unknown for unknown in UNKNOWNS}


@lru_cache(maxsize=256)
def alternatives(options: SemanticsOptions, name: str) -> tuple[SemanticsOptions, ...]:
    """The options with each other choice of that one; of a time zone each offset in use.

    Offsets from -12:00 to +14:00, in quarters of an hour.
    """
    choices: Iterable[Any] = OFFSETS if name == "timezone" else BY_NAME[name].choices
    own = getattr(options, name)
    return tuple(replace(options, **{name: each}) for each in choices if each != own)


def assumption(options: SemanticsOptions, unknown: Unknown) -> str:
    """The sentence that says what is assumed of that one."""
    choice = getattr(options, unknown.name)
    return unknown.readings.get(choice, unknown.readings[unknown.choices[0]]).format(choice)
