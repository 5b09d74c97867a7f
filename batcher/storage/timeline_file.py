"""What a run did over time, ``timeline.jsonl``: a line a target every few seconds, not chained.

Nothing rests on it but the picture of a run: what of it can't be read is left out.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from batcher.errors import DamageError
from batcher.records import Count
from batcher.storage.regular_file import open_regular

LONGEST_LINE = 1 << 16  # bytes

Span = Annotated[float, Meta(ge=0, le=1e6)]
PerSecond = Annotated[float, Meta(ge=0, le=1e9)]


class TimelineSample(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one target did in the ``seconds`` up to ``at`` (UTC, ISO 8601).

    ``answered``: requests that change something and were answered other than by a throttle;
    ``throttles``: those answered by one; ``in_flight``: on their way by then. ``quota``: requests
    per second that AWS was estimated to allow, ``rate``: those that the pace allowed; None where
    there was none.
    """

    at: str
    target: str
    seconds: Span
    answered: Count = 0
    throttles: Count = 0
    in_flight: Count = 0
    quota: PerSecond | None = None
    rate: PerSecond | None = None


def read_timeline(path: Path) -> Iterator[TimelineSample]:
    """The samples, oldest first, but for lines that are none; none where it can't be read."""
    decoder = msgspec.json.Decoder(TimelineSample)
    try:
        descriptor = open_regular(path)
    except (OSError, DamageError):
        return
    with os.fdopen(descriptor, "rb") as file:
        while line := file.readline(LONGEST_LINE):
            try:
                sample = decoder.decode(line)
            except (ValueError, RecursionError):
                continue
            yield sample
