"""The places of many targets in few words."""

from collections.abc import Collection
from typing import Protocol

from batcher.number_text import number, several
from batcher.updates.target_names import some_names


class Placed(Protocol):
    """What has an account and a Region, as far as they are known."""

    @property
    def account(self) -> str | None: ...

    @property
    def region(self) -> str | None: ...


def places_text(places: Collection[Placed]) -> str:
    """``40 accounts (a, b, …), each in 3 Regions (c, d, e)``; ``in`` where not each has each.

    Those without a Region were not found out about, as a target that can't be used: where others
    have one they are counted beside these.
    """
    known = [each for each in places if each.region is not None]
    if known and len(known) < len(places):
        return f"{places_text(known)}, and {number(len(places) - len(known))} not known where"
    accounts = {each.account or "unknown account" for each in places}
    regions = {each.region or "?" for each in places}
    pairs = {(each.account, each.region) for each in places}
    in_each = len(accounts) > 1 and len(pairs) == len(accounts) * len(regions)
    return (
        f"{several(len(accounts), 'account')} ({some_names(accounts)}){', each' if in_each else ''}"
        f" in {several(len(regions), 'Region')} ({some_names(regions)})"
    )
