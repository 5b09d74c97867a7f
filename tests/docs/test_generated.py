"""What of the pages is made of the code is as the code is now."""

import pytest

from batcher.cli.flags import known_values
from tests.docs.flag_values import flag_values
from tests.docs.generated import PARTS, Part
from tests.docs.log_events import MEANINGS, NO_EVENTS, dotted_names, logged_events


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.name)
def test_a_part_that_is_made_of_the_code_is_up_to_date(part: Part) -> None:
    assert part.shown() == part.made(), f"make reference puts it into {part.page}"


def test_what_flags_say_of_other_modules_is_what_those_have_and_nothing_else() -> None:
    held = {name: each for name, each in vars(known_values).items() if name.isupper()}
    assert held == flag_values(), "make reference puts it into batcher/cli/flags/known_values.py"


def test_every_event_that_is_logged_has_a_meaning_and_no_other_has() -> None:
    assert set(logged_events()) == set(MEANINGS), "tests/docs/log_events.py"


def test_every_name_that_looks_like_an_event_is_one_or_is_known_to_be_none() -> None:
    assert dotted_names() - set(MEANINGS) == NO_EVENTS, "tests/docs/log_events.py"
