"""What the tests of the jobs share.

An emulator in this process, settings for it, and a run that was.
"""

from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.accounting.tally import Tally, summarize
from batcher.config import Settings, resolve
from batcher.emulator import Emulator
from batcher.records import Error, Result, Status
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import InputFingerprint, RunManifest
from batcher.target_identity import TargetIdentity
from tests.conftest import trigger

SettingsFor = Callable[..., Settings]


def seeded(count: int = 5, **options: Any) -> Emulator:
    """An emulator with that many triggers t0, t1 … in domain acme."""
    emulator = Emulator(latency=(0.0, 0.0), **options)
    emulator.seed([trigger(number) for number in range(count)])
    return emulator


@pytest.fixture
def settings_for(stand_in_credentials: None) -> SettingsFor:
    """Settings of a target at that address, which remember nothing."""

    def make(url: str, **more: Any) -> Settings:
        given = {"endpoint_url": url, "region": "eu-west-1", "remember": False, "read_rate": 1000}
        return resolve(given | more)

    return make


class RecordedRun:
    """A run directory made by hand: the update of each line, and the result that it got."""

    def __init__(
        self,
        folder: Path,
        updates: list[dict[str, Any]],
        settings: dict[str, Any] | None = None,
        kind: str = "run",
        parent: Path | None = None,
    ) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "updates.run"
        self.directory = RunDirectory(self.path)
        self.results: list[Result] = []
        self.updates = updates
        lines = b"".join(msgspec.json.encode(update) + b"\n" for update in updates)
        (folder / "updates.jsonl").write_bytes(lines)
        self.facts = RunManifest(
            run="r",
            input=InputFingerprint(
                path=str(folder / "updates.jsonl"),
                size=len(lines),
                sha256=sha256(lines).hexdigest(),
                updates=len(updates),
            ),
            settings=settings or {},
            targets={},
            versions={},
            started_at="2026-01-01T00:00:00.000Z",
            kind=kind,
            parent=None if parent is None else str(parent),
        )

    def add(self, line: int, status: Status, code: str | None = None) -> Result:
        """Put in the result of a line."""
        update = self.updates[line - 1]
        result = Result(
            id=str(line),
            line=line,
            target=update.get("target", "default"),
            domain=update["DomainName"],
            trigger=update["EventTriggerName"],
            status=status,
            error=None if code is None else Error(code=code, message="m"),
            started_at="2026-01-01T00:00:00.000Z",
            finished_at="2026-01-01T00:00:01.000Z",
        )
        self.results.append(result)
        return result

    def put_at(self, **accounts: str | None) -> None:
        """Say in which account each of its targets is, of one Region and endpoint."""
        places = {
            name: TargetIdentity(region="eu-west-1", account=account, endpoint="http://h")
            for name, account in accounts.items()
        }
        self.facts = msgspec.structs.replace(self.facts, targets=places)

    def write(self, *, summary: bool = True, **said: Any) -> Path:
        """Write its files; what is ``said`` replaces members of its summary."""
        with self.directory:
            self.directory.claim(self.facts)
            records = [msgspec.json.encode(result) + b"\n" for result in self.results]
            self.directory.results.write_bytes(b"".join(records))
            if summary:
                tally = Tally()
                for result in self.results:
                    tally.add(result)
                found = summarize(
                    {"default": tally},
                    {"default": len(self.updates)},
                    {},
                    wall_seconds=1.0,
                    stopped=None,
                )
                self.directory.write_summary(msgspec.structs.replace(found, **said))
        return self.path
