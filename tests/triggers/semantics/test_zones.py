"""Time zones by name and offset, and how far they are from UTC at the ends of the calendar."""

from datetime import UTC

import pytest

from batcher.errors import SettingsError
from batcher.triggers.semantics.zones import DAY, OFFSETS, offset_at, offset_of_local, zone

HOUR = DAY // 24


def test_a_zone_is_known_by_name_and_by_offset() -> None:
    assert zone("UTC") is UTC
    assert offset_at(0, zone("-03:30")) == -3.5 * HOUR
    assert offset_at(0, zone("Europe/Berlin")) == HOUR
    assert all(zone(offset) is not None for offset in OFFSETS)


@pytest.mark.parametrize("name", ["", "Mars", "../x", "+25:00", "+2", "x" * 300, "a\ud800", "\0"])
def test_what_is_no_zone_is_refused_in_words(name: str) -> None:
    with pytest.raises(SettingsError, match="no time zone"):
        zone(name)


@pytest.mark.parametrize("moment", [0, 10**30, -(10**30), 10**400])
def test_each_moment_has_an_offset(moment: int) -> None:
    for name in ("UTC", "+14:00", "Pacific/Kiritimati", "America/New_York"):
        assert abs(offset_at(moment, zone(name))) <= 14 * HOUR
        assert abs(offset_of_local(moment, zone(name))) <= 14 * HOUR
