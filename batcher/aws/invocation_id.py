"""The ids of requests, by which AWS tells one from another: never the same in two processes."""

import os
import random
from collections.abc import Callable

from batcher.clock import nanoseconds

_drawn = random.Random()  # nobody else seeds it
os.register_at_fork(after_in_child=_drawn.seed)  # or both processes would draw the same
_LAST = (1 << 48) - 1


def invocation_id(bits: Callable[[int], int] = _drawn.getrandbits) -> str:
    """A random UUID, version 4, in about half the time that ``uuid4`` takes.

    ``bits``: gives so many random ones. Copies of a machine's memory, as of a function that starts
    from a snapshot, draw the same, and hardly ever in the same nanosecond.
    """
    version, variant = 0x4000 | bits(12), 0x8000 | bits(14)
    last = bits(48) ^ (nanoseconds() & _LAST)
    return f"{bits(32):08x}-{bits(16):04x}-{version:x}-{variant:x}-{last:012x}"
