"""What AWS does not say of when a trigger that matches fires: one row each, as for matching."""

from collections.abc import Iterator
from typing import Literal

from msgspec.structs import replace

from batcher.triggers.semantics.options import SemanticsOptions, Unknown


class FiringOptions(SemanticsOptions, frozen=True, kw_only=True):
    """One choice for each thing that AWS does not say of matching and of firing."""

    windows: Literal["rolling", "calendar"] = "rolling"
    suppressed: Literal["free", "counted"] = "free"
    default_limit: Literal["alone", "beside"] = "alone"
    month_days: Literal["30", "28", "31"] = "30"
    unlisted: Literal["member", "outside"] = "member"
    no_ingestion_time: Literal["at-once", "late"] = "at-once"
    omitted: Literal["kept", "cleared"] = "kept"


FIRING_UNKNOWNS = (
    Unknown(
        name="windows",
        flag="--windows",
        label="rolling or calendar periods",
        readings={
            "rolling": "A period of a limit is the time just before each event.",
            "calendar": "A period of a limit is a day, week or month of the calendar, and so on.",
        },
    ),
    Unknown(
        name="suppressed",
        flag="--suppressed",
        label="events that a limit holds back",
        readings={
            "free": "An event that a limit holds back does not count toward the limit.",
            "counted": "An event that a limit holds back counts toward the limit, too.",
        },
    ),
    Unknown(
        name="default_limit",
        flag="--default-limit",
        label="the default limit beside own periods",
        readings={
            "alone": "The default of 10 firings a day is for triggers without periods only.",
            "beside": (
                "The default of 10 firings a day is for triggers with periods, too, unless one is"
                " Unlimited."
            ),
        },
    ),
    Unknown(
        name="month_days",
        flag="--month-days",
        label="length of a month",
        readings={
            "30": "A month of a rolling period has 30 days.",
            "28": "A month of a rolling period has 28 days.",
            "31": "A month of a rolling period has 31 days.",
        },
    ),
    Unknown(
        name="unlisted",
        flag="--unlisted",
        label="segment of which no members are known",
        readings={
            "member": "Of a segment of which no members are given, every profile is a member.",
            "outside": "Of a segment of which no members are given, no profile is a member.",
        },
    ),
    Unknown(
        name="no_ingestion_time",
        flag="--no-ingestion-time",
        label="time of ingestion",
        readings={
            "at-once": "An event without ingested_at is processed at the moment that it happens.",
            "late": "An event without ingested_at is processed too late for any EventExpiration.",
        },
    ),
    Unknown(
        name="omitted",
        flag="--omitted",
        label="members that an update omits",
        readings={
            "kept": "A member that an update leaves out stays as it is.",
            "cleared": "A member that an update leaves out is cleared, if it can be.",
        },
    ),
)

FIRING_BY_NAME = {unknown.name: unknown for unknown in FIRING_UNKNOWNS}


def other_choices(options: FiringOptions, name: str) -> Iterator[FiringOptions]:
    """The options with each other choice of that unknown of firing."""
    for choice in FIRING_BY_NAME[name].choices:
        if choice != getattr(options, name):
            yield replace(options, **{name: choice})
