"""Whether there are throttles that have nothing to do with the rate.

A service that is spread over many buckets refuses a call now and then, whatever the rate. Such a
throttle comes alone, and slower sending does not make it rarer; an empty bucket refuses in runs,
and the rate that is measured there ends them. So for each answer the log-odds of "empty bucket"
against "stray" are added up, as in a sequential likelihood-ratio test.

Counting only. What the cause of a throttle is decided by is in ``throttle_meaning``, what an empty
bucket teaches in ``rate_state``. The method: docs/why-quota.md.
"""

import math

from batcher.quota.throttle_meaning import Cause, Hypothesis
from batcher.quota.tuning import TUNING, StrayTuning


class StrayThrottleTest:
    """What is known of stray throttles.

    ``confirmed``: the rate was found true once, by a throttle that was expected.
    """

    def __init__(self, tuning: StrayTuning = TUNING.strays) -> None:
        self.hypothesis = Hypothesis.NO_STRAYS
        self.confirmed = False
        self._tuning = tuning
        self._limit = tuning.unexplained
        # of no known cause, in the last ``memory`` calls while the bucket should have held tokens
        self._unexplained = 0.0
        self._calls = tuning.begun_with  # these calls
        self._fruitless = 0.0  # cuts to clearly less, before the rate was ever confirmed
        self._recent_share = 0.0  # of the recent answers, those that were throttles
        self._answers = tuning.begun_with
        self._log_odds = 0.0  # of an empty bucket against strays, since the last quiet moment
        self._second_within = 0  # answers in which the second of two late throttles has to come
        self._late_before = False  # the throttle before this one came far too late
        self._just_found = False  # that there are strays: grow, whatever comes alone

    @property
    def cautious(self) -> bool:
        """Whether calls were refused lately that may be of an empty bucket: no moment to grow."""
        return self._log_odds > 0 and not self._just_found

    @property
    def too_many(self) -> bool:
        """Whether so many throttles are unexplained that another one may be stray."""
        return self._aged(self._unexplained) > self._limit + self.confirmed

    @property
    def is_run(self) -> bool:
        """Whether another throttle now would be one of an empty bucket."""
        with_it = self._log_odds + self._weight_of_throttle(self._share_with(1.0))
        return with_it >= self._tuning.sure

    def late_twice(self, late: bool | None) -> bool:
        """Whether a throttle comes far too late, as the one before did, and none is awaited."""
        return bool(late) and self._late_before and self._second_within == 0

    def accepted(self, *, holding: bool, overdrawn: bool) -> bool:
        """Count a call that went through; whether strays are found by it.

        ``holding``: the bucket should have held something; ``overdrawn``: it gave much more than it
        should hold.
        """
        self._answered(0.0)
        self._second_within = max(0, self._second_within - 1)
        if holding or self.hypothesis is Hypothesis.NO_STRAYS:
            self._age()
        if self.hypothesis is Hypothesis.NO_STRAYS:
            return False
        by_strays, by_empty = self._shares(self._recent_share)
        weight = math.log((1 - by_empty) / (1 - by_strays))
        self._log_odds = max(0.0, self._log_odds + weight)
        if self.hypothesis is Hypothesis.STRAYS or self._log_odds > 0 or not overdrawn:
            return False
        self.hypothesis, self._just_found = Hypothesis.STRAYS, True
        return True

    def throttled(self, cause: Cause, *, holding: bool, late: bool | None) -> None:
        """Count a throttle of that cause.

        ``late``: it came far too late; None: too soon after a cut to tell.
        """
        if cause in (Cause.SAME_EVENT, Cause.END_OF_RAMP):
            return
        self._answered(1.0)
        self._late_before = self._late_before if late is None else late
        match cause:
            case Cause.LATE_TWICE:
                self._second_within = self._tuning.second_within
            case Cause.EXPECTED:
                self._second_within = 0
                self.confirmed = True
            case Cause.UNEXPLAINED:
                self._second_within = 0
                self._age()
            case Cause.TOO_MANY:
                self._second_within = 0
                self._age()
                self._begin_test()
                self._count_stray(holding=holding)
            case Cause.ALONE:
                self._count_stray(holding=holding)
            case Cause.RUN:
                self._end_run()

    def cut(self, *, lowered: bool) -> None:
        """Count a cut by a throttle that nobody expected; ``lowered``: to clearly less."""
        if self.hypothesis is not Hypothesis.NO_STRAYS:
            return
        self._unexplained += 1
        self._fruitless += lowered and not self.confirmed
        if self._fruitless > self._tuning.fruitless:
            self._begin_test()

    def _begin_test(self) -> None:
        self.hypothesis = Hypothesis.UNDER_TEST
        self._log_odds = self._tuning.lead

    def _count_stray(self, *, holding: bool) -> None:
        self._log_odds += self._weight_of_throttle(self._recent_share)
        if holding:
            self._age()
            self._unexplained += 1

    def _end_run(self) -> None:
        self._log_odds = self._fruitless = 0.0
        self._just_found = False
        if self.hypothesis is Hypothesis.UNDER_TEST:
            self.hypothesis = Hypothesis.NO_STRAYS
            self._unexplained = 0.0
            self._limit += self._tuning.rarer

    def _weight_of_throttle(self, recent_share: float) -> float:
        by_strays, by_empty = self._shares(recent_share)
        return math.log(by_empty / by_strays)

    def _shares(self, recent_share: float) -> tuple[float, float]:
        """The share of calls refused by strays, and by an empty bucket and strays."""
        tuning = self._tuning
        if self.hypothesis is Hypothesis.UNDER_TEST:
            return tuning.test_strays, tuning.test_empty
        # an old count may be too high, a share of late can't be
        known = min(recent_share, self._unexplained / self._calls)
        least = max(tuning.least_share, recent_share / tuning.recent_over, known)
        strays = min(tuning.most_share, least)
        return strays, tuning.empty_base + tuning.empty_strays * strays

    def _share_with(self, refused: float) -> float:
        answers = min(self._tuning.recent, self._answers + 1)
        return self._recent_share + (refused - self._recent_share) / answers

    def _answered(self, refused: float) -> None:
        self._recent_share = self._share_with(refused)
        self._answers = min(self._tuning.recent, self._answers + 1)

    def _aged(self, count: float) -> float:
        return count - count / self._tuning.memory

    def _age(self) -> None:
        self._unexplained = self._aged(self._unexplained)
        self._fruitless = self._aged(self._fruitless)
        self._calls += 1 - self._calls / self._tuning.memory
        none_left = self._unexplained < self._tuning.rare
        if none_left and self.hypothesis is not Hypothesis.NO_STRAYS:
            self.hypothesis = Hypothesis.NO_STRAYS
            self._log_odds = 0.0
