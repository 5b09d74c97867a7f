"""What a run came to, in one sentence: what a reader with a moment to spare takes along."""

from typing import Literal, TypeAlias

from msgspec import Struct

from batcher.number_text import maybe_applied_text, number, several
from batcher.report.run_report import MaybeSentSection, RunReport

Tone: TypeAlias = Literal["good", "warning", "bad", "note"]

_WELL = ("succeeded", "unchanged")


class Conclusion(Struct, frozen=True, kw_only=True):
    """A sentence, and how good it is. ``symbol``: says the tone without colour."""

    tone: Tone
    symbol: str
    text: str


def conclusion(report: RunReport) -> Conclusion:
    """What a run came to."""
    accounts, state = report.accounts, report.facts.state
    if accounts.damage is not None or not accounts.balanced:
        return Conclusion(tone="bad", symbol="✗", text="The books of this run do not add up.")
    well = sum(accounts.outcomes.get(status, 0) for status in _WELL)
    left = accounts.outcomes.get("not_started", 0)
    ill = accounts.total - well - left
    of_all = f"{number(well)} of {several(accounts.total, 'update')}"
    if state == "finished" and not ill and not left:
        all_of = (
            f"All {several(well, 'update')}" if well > 1 else several(well, "update").capitalize()
        )
        return Conclusion(tone="good", symbol="✓", text=f"{all_of} succeeded or changed nothing.")
    parts = [f"{of_all} succeeded or changed nothing"]
    parts += [f"{number(ill)} did not{maybe_applied_text(accounts.maybe_applied)}"] if ill else []
    parts += [_left_text(left, report.maybe_sent)] if left else []
    text = f"{_STATES[state]}{', '.join(parts)}."
    if state == "under_way":
        return Conclusion(tone="note", symbol="…", text=text)
    if ill:
        return Conclusion(tone="bad", symbol="✗", text=text)
    return Conclusion(tone="warning", symbol="!", text=text)


def _left_text(left: int, maybe_sent: MaybeSentSection | None) -> str:
    has = f"{number(left)} {'has' if left == 1 else 'have'}"
    if maybe_sent is None:
        return f"{has} not been started"
    return f"{has} no result (up to {number(maybe_sent.updates)} of them may have been changed)"


_STATES = {
    "finished": "",
    "stopped": "Stopped early: ",
    "interrupted": "Interrupted: ",
    "under_way": "Under way: ",
    "killed": "Ended by force: ",
}
