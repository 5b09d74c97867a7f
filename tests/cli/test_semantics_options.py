"""The choices for what AWS does not say are taken out of the flags, and a time zone is one."""

import pytest

from batcher.cli.semantics_options import taken_firing
from batcher.errors import SettingsError
from batcher.triggers.semantics.firing_options import FiringOptions


def test_the_choices_are_taken_and_the_rest_is_left() -> None:
    given = {"trim": True, "windows": "calendar", "more": 1}
    assert taken_firing(given) == FiringOptions(trim=True, windows="calendar")
    assert given == {"more": 1}


def test_a_time_zone_that_there_is_none_of_is_refused() -> None:
    with pytest.raises(SettingsError):
        taken_firing({"timezone": "Nowhere/Atlantis"})
