"""Runs to report on, with journals that are chained. No assertions here."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.records import Result, Seconds
from batcher.storage.hash_chain import ChainTip
from batcher.storage.run_journals import NO_LINES
from tests.conftest import change
from tests.jobs.conftest import RecordedRun


class ChainedRun(RecordedRun):
    """A run whose results are chained, and whose ``run.json`` knows their head."""

    def write(self, *, summary: bool = True, **said: Any) -> Path:
        self.facts = msgspec.structs.replace(self.facts, heads=NO_LINES)
        super().write(summary=summary, **said)
        with self.directory:
            self.directory.results.write_bytes(b"".join(self.lines()))
            head = self._tip.head()
            self.directory.write_heads(msgspec.structs.replace(NO_LINES, results=head))
        return self.path

    def lines(self) -> list[bytes]:
        """The lines of its journal."""
        self._tip = tip = ChainTip()
        found = []
        for result in self.results:
            found.append(tip.seal(msgspec.json.encode(result)))
            tip.extend(found[-1])
        return found


def timed(result: Result, second: float, seconds: float = 0.5, **more: Any) -> Result:
    """The result with a time in the first hour of 2026, in seconds."""
    return msgspec.structs.replace(
        result,
        started_at=moment(second - seconds),
        finished_at=moment(second),
        attempts=1,
        seconds=Seconds(calling=seconds),
        **more,
    )


def moment(second: float) -> str:
    return f"2026-01-01T00:{int(second // 60):02}:{second % 60:06.3f}Z"


def mixed_run(folder: Path, kind: type[RecordedRun] = ChainedRun) -> RecordedRun:
    """Six updates: two succeeded, two not found, one in doubt, one not started."""
    run = kind(folder, [change(number) for number in range(6)])
    run.add(1, "succeeded")
    run.add(3, "failed", "ResourceNotFoundException")
    run.add(2, "failed", "ResourceNotFoundException")
    run.add(4, "in_doubt", "ReadTimeoutError")
    run.add(6, "succeeded")
    run.results = [timed(each, 2.0 + each.line) for each in run.results]
    return run
