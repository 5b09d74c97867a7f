"""Throttles that have nothing to do with the rate: whether there are some, and which throttle is
none of them.

Counting only. What a throttle of an empty bucket teaches is in ``rate_state``; how fast to send is
decided in ``estimator``.

A service that is spread over many buckets refuses a call now and then, whatever the rate. Such a
throttle comes alone, and slower sending does not make it rarer; an empty bucket refuses in runs,
and the rate that is measured there ends them. The method: docs/why-quota.md. The numbers here were
chosen by simulation; their reasons say which way they err.
"""

import math
from enum import Enum

MEMORY = 800.0  # calls in which unexplained throttles are remembered: a few cycles
LATELY = 100.0  # calls over which the share refused is averaged, whatever the cause
SOON = 8  # answers: an overdue throttle that was none of the rate has no second so soon
# throttles in MEMORY before another is put on trial: a search and a tenant's coming cost two or
# three
UNEXPLAINED = 2.8
# cuts that brought no calm, before the rate was ever confirmed: a third is one too many
IN_VAIN = 2.5
RARE = 1.0  # throttles in MEMORY: less is no noise any more
# of stray throttles: beyond these, two runs can't be told apart
LEAST_SHARE, MOST_SHARE = 0.005, 0.2
# on trial, calls are sent so fast that an empty bucket refuses well over half of them
TRIAL_ODDS = (0.15, 0.5)
LEAD = 2.0  # on trial an empty bucket is thought e^2 times likelier, for that is the usual case
# e^6: a run so much likelier from an empty bucket than from noise is one; less is chance too often
SURE = 6.0


class Hypothesis(Enum):
    """What is thought of noise."""

    NONE = "none"  # every throttle is of an empty bucket
    TRIAL = "trial"  # it is being found out
    BELIEVED = "believed"  # a throttle is of an empty bucket only in a run


class StrayThrottleTest:
    """What is known of stray throttles.

    ``confirmed``: the rate was found true once, by a throttle that was expected.
    """

    def __init__(self) -> None:
        self.standing = Hypothesis.NONE
        self.confirmed = False
        self._enough = UNEXPLAINED
        self._unexplained = 0.0  # throttles of no known cause, in the last MEMORY calls
        # the same calls, no more than MEMORY; ten to begin with, lest the first throttle be a share
        # of 1
        self._calls = 10.0
        self._vain = 0.0
        self._lately = 0.0
        self._answers = 10.0
        # by how much an empty bucket is likelier than noise since the last quiet moment, as a
        # logarithm
        self._run = 0.0
        self._second_within = 0
        self._hurry = False  # noise was just found: grow, whatever comes alone

    @property
    def cautious(self) -> bool:
        """Whether calls were refused lately that may be of an empty bucket: not the moment to
        grow.
        """
        return self._run > 0 and not self._hurry

    @property
    def troubled(self) -> bool:
        """Whether throttles of late may have had nothing to do with the rate."""
        return self.standing is not Hypothesis.NONE

    def accepted(self, *, holding: bool, overdrawn: bool) -> bool:
        """A call went through. Whether noise is found by it.

        ``holding``: the bucket should have held something; ``overdrawn``: it gave much more than it
        should hold.
        """
        self._answer(0.0)
        self._second_within = max(0, self._second_within - 1)
        if holding or self.standing is Hypothesis.NONE:
            self._age()
        if self.standing is Hypothesis.NONE:
            return False
        share, crowded = self._odds()
        self._run = max(0.0, self._run + math.log((1 - crowded) / (1 - share)))
        if self.standing is Hypothesis.BELIEVED or self._run > 0 or not overdrawn:
            return False
        self.standing, self._hurry = Hypothesis.BELIEVED, True
        return True

    def refused(self, *, expected: bool, overdue: bool, holding: bool) -> bool:
        """Whether this throttle is of an empty bucket.

        ``expected``: about now one was to come; ``overdue``: it comes far too late, and so did the
        one before, so that one of them was no measurement: a second must follow soon.
        """
        self._answer(1.0)
        if self.standing is Hypothesis.NONE and not self._suspicious(
            expected=expected, overdue=overdue
        ):
            return self._second_within == 0
        share, crowded = self._odds()
        self._run += math.log(crowded / share)
        if self._run >= SURE:
            self._empty()
            return True
        if holding:
            self._age()
            self._unexplained += 1
        return False

    def cut(self, *, lowered: bool) -> None:
        """The rate was cut by a throttle that nobody expected; ``lowered``: to clearly less."""
        if self.standing is not Hypothesis.NONE:
            return
        self._unexplained += 1
        self._vain += lowered and not self.confirmed
        if self._vain > IN_VAIN:
            self._try()

    def _suspicious(self, *, expected: bool, overdue: bool) -> bool:
        """Whether, with noise never thought of, this throttle puts it on trial."""
        if overdue and self._second_within == 0:
            self._second_within = SOON
            return False
        self._second_within = 0
        if expected:
            self.confirmed = True
            return False
        self._age()
        if self._unexplained <= self._enough + self.confirmed:
            return False
        self._try()
        return True

    def _try(self) -> None:
        self.standing = Hypothesis.TRIAL
        self._run = LEAD

    def _empty(self) -> None:
        """A run: the bucket is empty."""
        self._run = self._vain = 0.0
        self._hurry = False
        if self.standing is Hypothesis.TRIAL:
            self.standing = Hypothesis.NONE
            self._unexplained = 0.0
            self._enough += 1  # a trial costs some ten throttles: let them be rare

    def _odds(self) -> tuple[float, float]:
        """The share of calls refused by noise, and by an empty bucket with noise."""
        if self.standing is Hypothesis.TRIAL:
            return TRIAL_ODDS
        # an old count may be too high, a share of late can't be
        known = min(self._lately, self._unexplained / self._calls)
        share = min(MOST_SHARE, max(LEAST_SHARE, self._lately / 3, known))
        return share, 0.1 + 2 * share

    def _answer(self, refused: float) -> None:
        self._answers = min(LATELY, self._answers + 1)
        self._lately += (refused - self._lately) / self._answers

    def _age(self) -> None:
        self._unexplained -= self._unexplained / MEMORY
        self._vain -= self._vain / MEMORY
        self._calls += 1 - self._calls / MEMORY
        if self.standing is not Hypothesis.NONE and self._unexplained < RARE:
            self.standing = Hypothesis.NONE
            self._run = 0.0
