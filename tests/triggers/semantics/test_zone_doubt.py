"""When the time zone could matter to a date."""

import pytest

from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.zone_doubt import zone_doubt

UTC, BERLIN = SemanticsOptions(), SemanticsOptions(timezone="Europe/Berlin")
BARE, EXACT = "2026-11-01T12:00:00", "2026-11-01T12:00:00Z"


@pytest.mark.parametrize(
    ("operator", "bound", "value", "options", "doubtful"),
    [
        ("BEFORE", EXACT, BARE, UTC, True),
        ("BEFORE", BARE, EXACT, UTC, True),
        ("BEFORE", EXACT, EXACT, UTC, False),
        ("BEFORE", BARE, BARE, UTC, False),
        ("BEFORE", BARE, BARE, BERLIN, True),
        ("BEFORE", EXACT, "2026-11-09T12:00:00", UTC, False),
        ("BEFORE", EXACT, "2026-11-02T03:00:00", UTC, False),
        ("BEFORE", EXACT, "2026-11-02T02:00:00", UTC, True),
        ("BEFORE", EXACT, "2026-10-31T23:00:00", UTC, False),
        ("BEFORE", EXACT, "2026-11-01T00:00:00", UTC, True),
        ("ON", EXACT, "2026-11-02T11:00:00Z", UTC, True),
        ("ON", EXACT, "2026-11-02T12:00:00Z", UTC, False),
        ("ON", EXACT, EXACT, UTC, True),
        ("ON", BARE, BARE, UTC, False),
        ("ON", EXACT, "2026-11-09T12:00:00Z", UTC, False),
        ("ON", EXACT, EXACT, SemanticsOptions(on="moment"), False),
        ("BEFORE", "tomorrow", BARE, UTC, False),
    ],
)
def test_close_dates_of_which_one_has_no_offset_are_doubtful_and_close_days(
    operator: str, bound: str, value: str, options: SemanticsOptions, doubtful: bool
) -> None:
    assert zone_doubt(operator, [bound], options)(value) is doubtful
    assert zone_doubt(operator, [bound], options)([None, [value]]) is doubtful
