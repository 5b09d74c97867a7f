"""Windows: rolling ones have a length, those of the calendar begin where a clock says so."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from batcher.aws.service_model import installed_service_model
from batcher.errors import InputError
from batcher.triggers.semantics.firing_options import FiringOptions
from batcher.triggers.semantics.firing_windows import LENGTHS, MONTHS, firing_windows

CALENDAR = FiringOptions(windows="calendar", timezone="Europe/Berlin")


def micros(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=ZoneInfo("Europe/Berlin")).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("unit", "value", "at", "start"),
    [
        ("HOURS", 1, (2026, 7, 1, 14, 59), (2026, 7, 1, 14)),
        ("DAYS", 1, (2026, 3, 29, 23), (2026, 3, 29)),  # it has 23 hours
        ("WEEKS", 1, (2026, 11, 1, 12), (2026, 10, 26)),  # Sunday, and the Monday before
        ("MONTHS", 1, (2026, 3, 31, 12), (2026, 3, 1)),
        ("MONTHS", 3, (2026, 12, 31), (2026, 10, 1)),
    ],
)
def test_a_window_of_the_calendar_begins_with_its_unit_in_the_time_zone(
    unit: str, value: int, at: tuple[int, ...], start: tuple[int, ...]
) -> None:
    period = {"Unit": unit, "Value": value, "MaxInvocationsPerProfile": 1}
    (window,) = firing_windows({"Periods": [period]}, CALENDAR)
    assert window.before(micros(*at)) == micros(*start) - 1
    assert window.span > micros(*at) - micros(*start)


@pytest.mark.parametrize("at", [-(10**17), 10**17, 253402300799 * 10**6])
def test_moments_beyond_the_calendar_have_a_window_too(at: int) -> None:
    period = {"Unit": "MONTHS", "Value": 60, "MaxInvocationsPerProfile": 1}
    (window,) = firing_windows({"Periods": [period]}, CALENDAR)
    assert window.before(at) < at


def test_every_unit_of_the_installed_model_has_a_length() -> None:
    known = installed_service_model()["shapes"]["PeriodUnit"]["enum"]
    assert set(known) == {*LENGTHS, MONTHS}


def test_a_unit_of_a_later_model_is_refused_by_name() -> None:
    period = {"Unit": "AEONS", "Value": 1, "MaxInvocationsPerProfile": 1}
    with pytest.raises(InputError, match="AEONS"):
        firing_windows({"Periods": [period]}, FiringOptions())
