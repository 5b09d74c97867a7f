"""Who worked on a run, and why, as ``run.json`` keeps it."""

from collections.abc import Sequence

from msgspec import UNSET, Struct, UnsetType
from msgspec.structs import replace


class RunSession(Struct, frozen=True, kw_only=True):
    """One process at work on a run. ``who``: the caller's ARN by target, as far as it is known.

    ``unseen``: there, and true, where it kept no before images of what it sent.
    """

    session: str
    started_at: str
    who: dict[str, str | None]
    reason: str | None = None
    labels: dict[str, str] = {}
    unseen: bool | UnsetType = UNSET


def all_sessions(before: Sequence[RunSession], now: Sequence[RunSession]) -> list[RunSession]:
    """The sessions of a run, with what is known ``now`` of the present one.

    One that differs from the one before in its time alone is left out.
    """
    known = list(before)
    for session in now:
        if not known:
            known.append(session)
        elif known[-1].session == session.session:
            known[-1] = replace(session, started_at=known[-1].started_at)
        elif replace(known[-1], session="", started_at="") != replace(
            session, session="", started_at=""
        ):
            known.append(session)
    return known


def keeps_images(sessions: Sequence[RunSession]) -> bool:
    """Whether all of these kept one of each update that they sent, as far as they tell."""
    return all(each.unseen is UNSET for each in sessions)
