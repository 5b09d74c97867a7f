"""What a throttle means in which state: the one table of it, decided from evidence alone.

Pure decisions. Each cause is counted in ``stray_throttles``, each lesson learned in ``rate_state``,
and the evidence gathered in ``estimator``.
"""

from dataclasses import dataclass
from enum import Enum
from typing import Final


class Phase(Enum):
    """How well the rate is known."""

    RAMP = "ramp"  # nothing was refused yet: ever faster
    SEARCH = "search"  # it is known roughly: ever faster, until the next throttle measures it
    HOLD = "hold"  # a little faster than the rate, so that a throttle comes when it is expected


# asked for several times a call: a look into the class of an enumeration takes ten times as long
RAMP: Final = Phase.RAMP
HOLD: Final = Phase.HOLD


class Hypothesis(Enum):
    """Whether there are stray throttles: such that have nothing to do with the rate."""

    NO_STRAYS = "no strays"  # every throttle is of an empty bucket
    UNDER_TEST = "under test"  # sent so fast that an empty bucket would refuse most calls
    STRAYS = "strays"  # a throttle is of an empty bucket only in a run of them


class Cause(Enum):
    """What refused a call; the first row that holds."""

    # It left before the rate was last cut: one event, one cut. The bucket was still empty then.
    SAME_EVENT = "same event"
    # Nothing was refused before: the burst is spent, and the rate is guessed.
    END_OF_RAMP = "end of ramp"

    # No strays are supposed:
    # It came far too late, as the one before it did, so that one of them measured nothing. A second
    # one must follow within a few answers; then it is judged by the rows below.
    LATE_TWICE = "late twice"
    # One was due: the bucket is empty, and the rate that was supposed is confirmed.
    EXPECTED = "expected"
    # Nobody expected it: the bucket is empty, and one more throttle is unexplained.
    UNEXPLAINED = "unexplained"
    # Nobody expected it, and too many before it are unexplained: strays are put to the test.
    TOO_MANY = "too many"

    # Strays are under test, or known:
    # Refusals so close together that they are of an empty bucket. A test ends with it.
    RUN = "run"
    # A stray throttle, as far as is known.
    ALONE = "alone"


class Lesson(Enum):
    """What a throttle teaches about the bucket."""

    NOTHING = "nothing"  # it is stray: no cut, no pause
    STILL_EMPTY = "still empty"  # until when the bucket of the last cut was empty
    FIRST_GUESS = "first guess"  # about the rate, from what was accepted in how long
    INTERVAL = "interval"  # the bucket holds one token: when the next one comes
    OVERFLOWED = "overflowed"  # it ran over since it was last empty: a count would prove nothing
    COUNT = "count"  # what was accepted since it was last empty is what flowed in


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that the meaning of a throttle depends on.

    ``same_event``: its call left before the last cut; ``expected``: about now one was due;
    ``late_twice``, ``too_many``, ``is_run``: see Cause; ``unit_bucket``: the bucket holds but one
    token; ``overflowed``: it was full since it was last empty.
    """

    phase: Phase
    hypothesis: Hypothesis
    same_event: bool = False
    expected: bool = False
    late_twice: bool = False
    too_many: bool = False
    is_run: bool = False
    unit_bucket: bool = False
    overflowed: bool = False


def cause_of(evidence: Evidence) -> Cause:
    """The first row of Cause that the evidence allows."""
    match evidence:
        case Evidence(same_event=True):
            return Cause.SAME_EVENT
        case Evidence(phase=Phase.RAMP):
            return Cause.END_OF_RAMP
        case Evidence(hypothesis=Hypothesis.NO_STRAYS, late_twice=True):
            return Cause.LATE_TWICE
        case Evidence(hypothesis=Hypothesis.NO_STRAYS, expected=True):
            return Cause.EXPECTED
        case Evidence(hypothesis=Hypothesis.NO_STRAYS, too_many=False):
            return Cause.UNEXPLAINED
        case Evidence(hypothesis=Hypothesis.NO_STRAYS):
            return Cause.TOO_MANY
        case Evidence(is_run=True):
            return Cause.RUN
    return Cause.ALONE


def lesson_of(cause: Cause, evidence: Evidence) -> Lesson:
    """What a throttle of that cause teaches."""
    match cause, evidence:
        case ((Cause.LATE_TWICE | Cause.TOO_MANY | Cause.ALONE), _):
            return Lesson.NOTHING
        case Cause.SAME_EVENT, _:
            return Lesson.STILL_EMPTY
        case Cause.END_OF_RAMP, _:
            return Lesson.FIRST_GUESS
        case _, Evidence(unit_bucket=True):
            return Lesson.INTERVAL
        case _, Evidence(overflowed=True):
            return Lesson.OVERFLOWED
    return Lesson.COUNT
