"""How fast to send while a quota was never met: slowly at first, then with what was accepted."""

from batcher.quota.tuning import TUNING, RampTuning


def ramp(accepted: int, tuning: RampTuning = TUNING.ramp) -> float:
    """Requests per second after so many accepted calls, while none was refused."""
    for below, rate in tuning.steps:
        if accepted < below:
            return rate
    slope = tuning.slope if accepted < tuning.steep_from else tuning.steep_slope
    rate = tuning.base + slope * accepted
    if rate < tuning.unlikely:
        return rate
    return tuning.unlikely + (rate - tuning.unlikely) / tuning.unlikely_slower
