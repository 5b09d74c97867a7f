"""What is known of members that updates leave out, and what follows from it, in words."""

from collections.abc import Iterable

from batcher.number_text import ago
from batcher.storage.quota_file import seconds_between
from batcher.triggers.omission import NOT_SHOWN
from batcher.wiring.omissions import KnownOmissions


def sends_text(known: KnownOmissions, *, looks: bool, now: str) -> str:
    """What is sent for an update. ``looks``: at each trigger first."""
    cleared = _seen((each.seen_at for each in known.cleared), now)
    if known.whole == "always":
        return "whole triggers (--whole always)"
    if known.whole == "never":
        but = f", although AWS clears what it leaves out{cleared}" if cleared else ""
        return f"what each line gives (--whole never){but}"
    if cleared:
        unasked = "" if looks else "; each is looked at for that"
        return f"whole triggers, as AWS clears what an update leaves out{cleared}{unasked}"
    if known.effects:
        kept = _seen((each.seen_at for each in known.effects.values()), now)
        return f"what each line gives, as AWS keeps what an update leaves out{kept}"
    if not looks:
        return (
            "what each line gives; whether AWS clears what an update leaves out is not known, and"
            " without a look there is nothing to send a whole trigger from"
        )
    return (
        "what each line gives; if the first of them shows that AWS clears what an update leaves"
        " out, that is put back, and whole triggers after it"
    )


def basis_text(known: KnownOmissions, members: Iterable[str], now: str) -> str:
    """What it rests on that an update can't take these members away again."""
    if (seen_at := known.seen_at(members, "kept")) is not None:
        return f"AWS keeps what an update leaves out{_seen([seen_at], now)}"
    return NOT_SHOWN


def _seen(times: Iterable[str], now: str) -> str:
    """The age of what was seen longest ago, in brackets; empty for nothing."""
    oldest = min(times, default=None)
    return "" if oldest is None else f" (its answers showed it {ago(seconds_between(oldest, now))})"
