"""How fast to send while nothing was refused."""

import itertools

from batcher.quota.ramp import ramp
from batcher.quota.tuning import RampTuning


def test_it_begins_slowly_and_is_at_three_hundred_after_two_seconds() -> None:
    assert [ramp(accepted) for accepted in (0, 1, 3, 4, 23, 24)] == [4, 10, 10, 28, 28, 56]
    seconds = sum(1 / ramp(accepted) for accepted in range(2, 180))  # from the second answer on
    assert ramp(180) > 300
    assert seconds < 2.5


def test_it_never_slows_down_and_grows_gently_where_no_quota_is_expected() -> None:
    rates = [ramp(accepted) for accepted in range(2000)]
    assert all(before <= after for before, after in itertools.pairwise(rates))
    assert rates[-1] - 400 < (20 + 1.75 * 1999 - 400) / 7


def test_its_steps_can_be_others() -> None:
    assert ramp(5, RampTuning(steps=((10, 7.0),))) == 7.0
