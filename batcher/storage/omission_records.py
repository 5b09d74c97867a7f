"""What the answers of a place have shown of members that updates omit: records of the quota file.

What it means is in ``triggers.omission``.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from itertools import chain

from msgspec import Struct

from batcher.triggers.omission import Effect

FORGOTTEN_AFTER = timedelta(days=30)  # as AWS may change it; then an update shows it anew


class OmissionPlace(Struct, frozen=True, kw_only=True, order=True):
    """Where it is so. ``account`` as in QuotaKey."""

    account: str
    region: str
    endpoint: str


class Omission(Struct, frozen=True, kw_only=True, order=True):
    """What became of one member. ``seen_at``: when an answer showed it last, UTC, ISO 8601."""

    account: str
    region: str
    endpoint: str
    member: str
    effect: Effect
    seen_at: str

    @property
    def place(self) -> OmissionPlace:
        return OmissionPlace(account=self.account, region=self.region, endpoint=self.endpoint)


def known_effects(
    entries: Iterable[Omission], place: OmissionPlace, now: str
) -> dict[str, Omission]:
    """What is known of a place at ``now``, by member; what is too old is not."""
    oldest = datetime.fromisoformat(now) - FORGOTTEN_AFTER
    return {
        entry.member: entry
        for entry in entries
        if entry.place == place and datetime.fromisoformat(entry.seen_at) >= oldest
    }


def omissions_of(place: OmissionPlace, effects: Mapping[str, Effect], now: str) -> list[Omission]:
    """What an answer has shown at ``now``, as entries."""
    return [
        Omission(
            account=place.account,
            region=place.region,
            endpoint=place.endpoint,
            member=member,
            effect=effect,
            seen_at=now,
        )
        for member, effect in effects.items()
    ]


def with_omissions(entries: Iterable[Omission], news: Iterable[Omission]) -> list[Omission]:
    """The entries with those in place of what was known of the same members of the same places."""
    after = {_of_what(entry): entry for entry in chain(entries, news)}
    return sorted(after.values())


def _of_what(entry: Omission) -> tuple[str, str, str, str]:
    return entry.account, entry.region, entry.endpoint, entry.member


def check_omission(entry: Omission) -> None:
    """Raise ValueError for a time that can't be."""
    if datetime.fromisoformat(entry.seen_at).tzinfo is None:
        raise ValueError(f"{entry.seen_at} says no time zone")
