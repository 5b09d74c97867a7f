"""What is known of members that updates leave out, and what follows from it, in words."""

from collections.abc import Iterable

from batcher.number_text import ago
from batcher.storage.quota_file import seconds_between
from batcher.triggers.omission import NOT_SHOWN
from batcher.wiring.omissions import KnownOmissions


def sends_text(known: KnownOmissions, *, looks: bool, now: str | None) -> str:
    """What is sent for an update. ``looks``: at each trigger first.

    ``now``: None: no age is said, so that the text is the same wherever the same is known.
    """
    is_cleared, shown = bool(known.cleared), _seen(shown_at(known), now)
    if known.whole == "always":
        return "whole triggers (--whole always)"
    if known.whole == "never":
        but = f", although AWS clears what it leaves out{shown}" if is_cleared else ""
        return f"what each line gives (--whole never){but}"
    if is_cleared:
        unasked = "" if looks else "; each is looked at for that"
        return f"whole triggers, as AWS clears what an update leaves out{shown}{unasked}"
    if known.effects:
        return f"what each line gives, as AWS keeps what an update leaves out{shown}"
    if not looks:
        return (
            "what each line gives; whether AWS clears what an update leaves out is not known, and"
            " without a look there is nothing to send a whole trigger from"
        )
    return (
        "what each line gives; if the first of them shows that AWS clears what an update leaves"
        " out, that is put back, and whole triggers after it"
    )


def shown_at(known: KnownOmissions) -> str:
    """When AWS showed what decides what is sent, of that the oldest; empty: never."""
    return min((each.seen_at for each in known.cleared or known.effects.values()), default="")


def basis_text(known: KnownOmissions, members: Iterable[str], now: str | None) -> str:
    """What it rests on that an update can't take these members away again; ``now``: as above."""
    if (seen_at := known.seen_at(members, "kept")) is not None:
        return f"AWS keeps what an update leaves out{_seen(seen_at, now)}"
    return NOT_SHOWN


def _seen(seen_at: str, now: str | None) -> str:
    """The age of what was seen, in brackets; empty for nothing, or where no age is said."""
    if not seen_at or now is None:
        return ""
    return f" (its answers showed it {ago(seconds_between(seen_at, now))})"
