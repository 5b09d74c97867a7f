"""The codes of limits, with what is wrong and what to write instead."""

from typing import Any

from batcher.triggers.lint.finding import LintCode


def _limits(**members: Any) -> tuple[dict[str, Any], ...]:
    return ({"EventTriggerLimits": members},)


def _of_periods(*periods: dict[str, Any]) -> tuple[dict[str, Any], ...]:
    return _limits(Periods=list(periods))


def _in_days(days: int, at_most: int | None = None, **others: Any) -> dict[str, Any]:
    limit = {} if at_most is None else {"MaxInvocationsPerProfile": at_most}
    return {"Unit": "DAYS", "Value": days, **limit, **others}


UNLIMITED = LintCode(
    code="BT049",
    name="unlimited",
    severity="info",
    title="No limit at all on how often a profile is reached",
    reason=(
        "With Unlimited not even AWS's default of 10 a day holds: a profile with a thousand events "
        "a day is called, mailed or messaged a thousand times."
    ),
    instead="Give the period MaxInvocationsPerProfile in place of Unlimited, if that is not meant.",
    example=_of_periods(_in_days(1, Unlimited=True)),
    mended=_of_periods(_in_days(1, 3)),
)
NO_PERIODS = LintCode(
    code="BT050",
    name="no-periods",
    severity="info",
    title="No limit on how often a profile is reached",
    reason=(
        "Without a period AWS's default holds: 10 firings a day for each profile and trigger. For "
        "a trigger that calls, mails or messages people that is a lot."
    ),
    instead="Say in EventTriggerLimits.Periods how often a profile may be reached.",
    example=({"ObjectTypeName": "Orders"},),
    mended=_of_periods(_in_days(1, 3)),
)
UNLIMITED_WITH_MAX = LintCode(
    code="BT051",
    name="unlimited-with-maximum",
    severity="warning",
    title="MaxInvocationsPerProfile beside Unlimited",
    reason="Unlimited means that there is no limit, so the maximum beside it has no effect.",
    instead="Take away Unlimited if the maximum is meant, or else the maximum.",
    example=_of_periods(_in_days(1, 3, Unlimited=True)),
    mended=_of_periods(_in_days(1, 3, Unlimited=False)),
)
NO_MAX = LintCode(
    code="BT052",
    name="period-without-maximum",
    severity="warning",
    title="A period that limits nothing",
    reason="It says neither MaxInvocationsPerProfile nor Unlimited, so nobody knows what it means.",
    instead="Give the period MaxInvocationsPerProfile, or leave it out.",
    example=_of_periods(_in_days(1)),
    mended=_of_periods(_in_days(1, 3)),
)
LIFTED_BESIDE_LIMITED = LintCode(
    code="BT053",
    name="unlimited-beside-limits",
    severity="warning",
    title="A period with Unlimited beside periods with a limit",
    reason="AWS does not say whether Unlimited lifts its own period only, or those beside it, too.",
    instead="Leave out the period with Unlimited if the others are meant to hold.",
    example=_of_periods(_in_days(1, Unlimited=True), _in_days(7, 3)),
    mended=_of_periods(_in_days(7, 3)),
)
DOUBLED_PERIOD = LintCode(
    code="BT054",
    name="doubled-period",
    severity="warning",
    title="Two periods that say the same",
    reason="The second one changes nothing; most likely another period or number was meant.",
    instead="Take one of them out, or change it to what was meant.",
    example=_of_periods(_in_days(1, 3), {**_in_days(24, 3), "Unit": "HOURS"}),
    mended=_of_periods(_in_days(1, 3), _in_days(7, 10)),
)
PERIOD_NEVER_BINDS = LintCode(
    code="BT055",
    name="period-never-binds",
    severity="info",
    title="A period whose limit can't be reached",
    reason=(
        "Another period is tighter: a profile that keeps within that one keeps within this one, "
        "too, if periods slide, as the simulation takes it."
    ),
    instead="Take out the looser period, or make it tighter.",
    example=_of_periods(_in_days(1, 3), _in_days(7, 21)),
    mended=_of_periods(_in_days(1, 3), _in_days(7, 20)),
)
ABOVE_THE_CAP = LintCode(
    code="BT056",
    name="expiration-above-campaign-cap",
    severity="warning",
    title="EventExpiration above the 15 minutes of campaigns",
    reason="Campaigns take no event that is older than 15 minutes, whatever the trigger allows.",
    instead="Write 900000 (milliseconds) or less.",
    example=_limits(EventExpiration=3_600_000),
    mended=_limits(EventExpiration=900_000),
)
BELOW_A_SECOND = LintCode(
    code="BT057",
    name="expiration-below-a-second",
    severity="warning",
    title="EventExpiration below a second",
    reason=(
        "It is in milliseconds: hardly any event is processed that soon, so the trigger would "
        "hardly ever fire. Most likely seconds or minutes were meant."
    ),
    instead="Write milliseconds: 600000 for ten minutes.",
    example=_limits(EventExpiration=600),
    mended=_limits(EventExpiration=600_000),
)
NEGATIVE = LintCode(
    code="BT058",
    name="expiration-below-zero",
    severity="error",
    title="EventExpiration below zero",
    reason="No event is processed before it happens, so none would be in time.",
    instead="Write milliseconds: 600000 for ten minutes.",
    example=_limits(EventExpiration=-1),
    mended=_limits(EventExpiration=600_000),
)
LOOKS_LIKE_A_TIME = LintCode(
    code="BT059",
    name="expiration-looks-like-a-time",
    severity="warning",
    title="EventExpiration that reads like a moment",
    reason=(
        "It is a duration in milliseconds, and this one is more than eleven days long: it reads "
        "like a time since 1970. Every event would be in time."
    ),
    instead="Write how long after it happened an event may still count: 600000 for ten minutes.",
    example=_limits(EventExpiration=1_700_000_000),
    mended=_limits(EventExpiration=600_000),
)

LIMIT_CODES = (
    UNLIMITED,
    NO_PERIODS,
    UNLIMITED_WITH_MAX,
    NO_MAX,
    LIFTED_BESIDE_LIMITED,
    DOUBLED_PERIOD,
    PERIOD_NEVER_BINDS,
    ABOVE_THE_CAP,
    BELOW_A_SECOND,
    NEGATIVE,
    LOOKS_LIKE_A_TIME,
)
