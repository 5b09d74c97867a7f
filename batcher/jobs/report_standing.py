"""How a run stands, as its directory tells: at work, ended, stopped, or killed."""

import os
import re
import socket

from msgspec import Struct

from batcher.number_text import number, several
from batcher.records import INTERRUPTED, Summary
from batcher.report.run_report import RunState
from batcher.storage.run_directory import RunDirectory

_HOLDER = re.compile(r"process (\d+) on (\S+)")


class Standing(Struct, frozen=True, kw_only=True):
    """How a run stands, and a sentence about it."""

    state: RunState
    text: str

    @classmethod
    def of(
        cls, directory: RunDirectory, summary: Summary | None, left: int, total: int
    ) -> "Standing":
        """``left``: updates without a result, of ``total``."""
        missing = f"{number(left)} of {several(total, 'update')} have no result yet"
        if not left:
            missing = f"{several(total, 'update')}, and each has its result"
        if (holder := directory.noted_holder()) is not None:  # its number may be another's by now
            if not directory.is_held():
                return cls(state="killed", text=f"It was ended by force: {missing}.")
            if not _is_mine(holder):
                text = f"It is under way, by {holder}: {missing}."
                return cls(state="under_way", text=text)
        if summary is None:
            return cls(state="killed", text=f"Its books were never closed: {missing}.")
        if summary.stopped == INTERRUPTED:
            return cls(state="interrupted", text=f"It was interrupted: {missing}.")
        if summary.stopped is not None:
            reason = summary.stopped.removesuffix(".")
            return cls(state="stopped", text=f"It stopped early: {reason}. {missing}.")
        if left:
            return cls(state="stopped", text=f"It ended, and {missing}.")
        return cls(state="finished", text=f"It is done: {missing}.")


def _is_mine(holder: str) -> bool:
    """Whether it is this process that holds it: what ends the run makes its report."""
    found = _HOLDER.fullmatch(holder)
    return found is not None and found.groups() == (str(os.getpid()), socket.gethostname())
