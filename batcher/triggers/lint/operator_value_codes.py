"""The codes of values that do not fit their operator."""

from batcher.triggers.lint.finding import LintCode
from batcher.triggers.lint.sample_conditions import compared

NO_NUMBER = LintCode(
    code="BT020",
    name="not-a-number",
    severity="error",
    title="A comparison of numbers with what is no number",
    reason="Nothing is greater or less than a text: the comparison is never met.",
    instead="Write a number, or take AFTER or BEFORE for dates and INCLUSIVE for texts.",
    example=compared("total", "GREATER_THAN", "abc"),
    mended=compared("total", "GREATER_THAN", "100"),
)
NUMBER_FORMAT = LintCode(
    code="BT021",
    name="number-format",
    severity="warning",
    title="A number as people write it",
    reason=(
        "It has blanks, a unit, or marks between its digits. Most likely AWS reads no number in "
        "it, and then the comparison is never met."
    ),
    instead="Write digits with a point for fractions: 1000, not 1,000.",
    example=compared("total", "GREATER_THAN", "1,000") + compared("total", "EQUAL", "24.0 "),
    mended=compared("total", "GREATER_THAN", "1000") + compared("total", "EQUAL", "24"),
)
RANGE_NOT_TWO = LintCode(
    code="BT022",
    name="range-without-two-ends",
    severity="error",
    title="A range that has not two ends",
    reason="BETWEEN and NOT_BETWEEN need a first end and a last one, and no more.",
    instead="Give Values exactly two entries: the least value, then the greatest.",
    example=compared("total", "BETWEEN", "10") + compared("total", "NOT_BETWEEN", "1", "2", "3"),
    mended=compared("total", "BETWEEN", "10", "20"),
)
RANGE_REVERSED = LintCode(
    code="BT023",
    name="range-reversed",
    severity="warning",
    title="A range whose ends are reversed",
    reason=(
        "Nothing lies between them, unless AWS turns them round, of which it says nothing: BETWEEN "
        "would never be met, and NOT_BETWEEN always."
    ),
    instead="Write the least value first.",
    example=compared("total", "BETWEEN", "20", "10"),
    mended=compared("total", "BETWEEN", "10", "20"),
)
RANGE_MIXED = LintCode(
    code="BT024",
    name="range-of-number-and-date",
    severity="warning",
    title="A range from a number to a date, or the other way round",
    reason="A value is compared as a number or as a date, so one of the ends does not fit.",
    instead="Write two numbers, or two dates in ISO 8601.",
    example=compared("created", "BETWEEN", "10", "2026-11-01"),
    mended=compared("created", "BETWEEN", "2026-10-01", "2026-11-01"),
)
NO_RANGE_END = LintCode(
    code="BT025",
    name="range-end-unreadable",
    severity="error",
    title="An end of a range that is neither a number nor a date",
    reason="Nothing can be compared with it, so nobody can say what is in the range.",
    instead="Write two numbers, or two dates in ISO 8601.",
    example=compared("total", "BETWEEN", "low", "high"),
    mended=compared("total", "BETWEEN", "10", "20"),
)
NO_DATE = LintCode(
    code="BT026",
    name="not-a-date",
    severity="error",
    title="A comparison of dates with what is no date",
    reason="No calendar has it, so nothing is before or after it: the comparison is never met.",
    instead="Write a moment in ISO 8601 with its offset: 2026-11-01T00:00:00Z.",
    example=compared("created", "BEFORE", "tomorrow") + compared("created", "ON", "2026-02-30"),
    mended=compared("created", "BEFORE", "2026-11-01T00:00:00Z"),
)
DATE_FORMAT = LintCode(
    code="BT027",
    name="date-format",
    severity="warning",
    title="A date that is not written as in ISO 8601",
    reason="AWS does not say which formats it reads; elsewhere this API takes ISO 8601.",
    instead="Write a moment in ISO 8601 with its offset: 2026-11-01T00:00:00Z.",
    example=compared("created", "AFTER", "01/11/2026"),
    mended=compared("created", "AFTER", "2026-11-01T00:00:00Z"),
)
NO_ZONE = LintCode(
    code="BT028",
    name="time-without-zone",
    severity="warning",
    title="A time without an offset from UTC",
    reason="AWS does not say in which time zone it reads such a time: it may be hours off.",
    instead="Add the offset: 2026-11-01T09:00:00+01:00, or Z for UTC.",
    example=compared("created", "AFTER", "2026-11-01T09:00:00"),
    mended=compared("created", "AFTER", "2026-11-01T09:00:00Z"),
)
ON_WITH_TIME = LintCode(
    code="BT029",
    name="on-with-time",
    severity="warning",
    title="ON with a time of day",
    reason="ON is of a day; of a moment it may hold for the whole day, or hardly ever.",
    instead="Write the day alone: 2026-11-01, or a range with BETWEEN.",
    example=compared("created", "ON", "2026-11-01T09:00:00Z"),
    mended=compared("created", "ON", "2026-11-01"),
)
EPOCH_TIME = LintCode(
    code="BT030",
    name="epoch-time",
    severity="warning",
    title="A number as a date",
    reason="AWS does not say whether it would count seconds or milliseconds since 1970.",
    instead="Write a moment in ISO 8601 with its offset: 2026-11-01T00:00:00Z.",
    example=compared("created", "AFTER", "1793491200"),
    mended=compared("created", "AFTER", "2026-11-01T00:00:00Z"),
)
EQUAL_WITH_TEXT = LintCode(
    code="BT031",
    name="equal-with-text",
    severity="warning",
    title="EQUAL with a text",
    reason="AWS names EQUAL for numbers: compared with a text it may never be met.",
    instead="Take INCLUSIVE for texts.",
    example=compared("country", "EQUAL", "NL"),
    mended=compared("country", "INCLUSIVE", "NL"),
)
SEVERAL_VALUES = LintCode(
    code="BT032",
    name="several-values",
    severity="warning",
    title="Several values for an operator that compares with one",
    reason="AWS does not say whether any of them is enough or all have to be met.",
    instead="Write one value, or an attribute or a condition for each.",
    example=compared("total", "GREATER_THAN", "10", "20"),
    mended=compared("total", "GREATER_THAN", "10"),
)
SEVERAL_INCLUSIVE = LintCode(
    code="BT033",
    name="inclusive-with-several-values",
    severity="info",
    title="INCLUSIVE with several values",
    reason=(
        "AWS says that the attribute includes all the values. Whether one of them is enough for an "
        "attribute that has one value, it does not say."
    ),
    instead="Try it with an event first, or write a condition for each value: these are OR-ed.",
    example=compared("country", "INCLUSIVE", "NL", "BE"),
    mended=compared("country", "INCLUSIVE", "NL"),
)
BLANKS_AROUND = LintCode(
    code="BT034",
    name="blanks-around-value",
    severity="warning",
    title="Blanks at the ends of a value",
    reason="They most likely count: a text without them is another text.",
    instead="Take the blanks away.",
    example=compared("country", "INCLUSIVE", "NL "),
    mended=compared("country", "INCLUSIVE", "NL"),
)
CASE_ONLY = LintCode(
    code="BT035",
    name="values-differ-in-case",
    severity="info",
    title="Values that differ in case only",
    reason="AWS does not say whether case counts; if it does not, one of them is enough.",
    instead="Keep both if you do not know how the data is written, else the one that is.",
    example=compared("country", "CONTAINS", "nl", "NL"),
    mended=compared("country", "CONTAINS", "NL"),
)
DOUBLED_VALUE = LintCode(
    code="BT036",
    name="doubled-value",
    severity="warning",
    title="A value that stands there twice",
    reason="It changes nothing; most likely another one was meant.",
    instead="Take one of them out, or write what was meant.",
    example=compared("country", "EXCLUSIVE", "NL", "NL"),
    mended=compared("country", "EXCLUSIVE", "NL"),
)
ONE_POINT = LintCode(
    code="BT037",
    name="range-of-one-value",
    severity="info",
    title="A range whose ends are equal",
    reason="It holds one value, or nothing if the ends do not count, of which AWS says nothing.",
    instead="Take EQUAL for one number, ON for one day, or widen the range.",
    example=compared("total", "BETWEEN", "10", "10"),
    mended=compared("total", "EQUAL", "10"),
)

OPERATOR_VALUE_CODES = (
    NO_NUMBER,
    NUMBER_FORMAT,
    RANGE_NOT_TWO,
    RANGE_REVERSED,
    RANGE_MIXED,
    NO_RANGE_END,
    NO_DATE,
    DATE_FORMAT,
    NO_ZONE,
    ON_WITH_TIME,
    EPOCH_TIME,
    EQUAL_WITH_TEXT,
    SEVERAL_VALUES,
    SEVERAL_INCLUSIVE,
    BLANKS_AROUND,
    CASE_ONLY,
    DOUBLED_VALUE,
    ONE_POINT,
)
