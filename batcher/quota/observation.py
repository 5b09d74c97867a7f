"""One request as an estimator sees it: when it left, and what its answer says about the bucket."""

from enum import Enum
from typing import Final

from msgspec import Struct


class Observation(Enum):
    """What an answer says about the bucket."""

    ACCEPTED = "accepted"  # it took a token, whatever the service said after that
    THROTTLED = "throttled"  # it took none: less than one was there
    UNKNOWN = "unknown"  # it was sent, and no answer came
    UNSENT = "unsent"  # it never left


ACCEPTED: Final = Observation.ACCEPTED  # found sooner than in its class


class Ticket(Struct, frozen=True, gc=False):
    """One request on its way.

    ``sent`` and ``decided`` in seconds: when it left, and when it could be held back last; what was
    learned later is not held against it. ``rate``: per second, at which it left; ``prompt``:
    whether it left as soon as it was allowed to.
    """

    number: int
    sent: float
    rate: float
    prompt: bool
    decided: float
