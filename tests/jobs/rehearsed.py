"""Rehearsals in this process, for the tests of their parts."""

from pathlib import Path
from typing import Any

import msgspec

from batcher.config import Settings, resolve
from batcher.jobs.checked_file import check_file
from batcher.jobs.rehearsal_phases import RehearsalWatcher
from batcher.jobs.rehearsal_report import Rehearsal
from batcher.jobs.rehearse import RehearsalOrder, rehearse_updates
from batcher.jobs.rehearsed_targets import RehearsedQuota
from batcher.jobs.trigger_keys import TriggerKey

FAST = RehearsedQuota(rate=10_000, burst=10_000, origin="given")


def fast_settings(**more: Any) -> Settings:
    """Settings that wait for no quota, and remember nothing."""
    return resolve({"rate": 10_000, "read_rate": 10_000, "remember": False} | more)


def write(path: Path, lines: list[dict[str, Any]]) -> Path:
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
    return path


async def rehearsed(
    folder: Path,
    updates: list[dict[str, Any]],
    triggers: list[dict[str, Any]] | None,
    settings: Settings | None = None,
    watcher: RehearsalWatcher | None = None,
    **order: Any,
) -> Rehearsal:
    """Rehearse updates of those triggers, None: of the live ones."""
    file, out, lines = write(folder / "updates.jsonl", updates), folder / "out", {}
    if triggers is not None:
        order["current"] = str(write(folder / "export.jsonl", triggers))

    def note(update: Any) -> None:
        lines.setdefault(TriggerKey.of(update), update.line)

    settings = settings or fast_settings()
    checked = check_file(str(file), settings, folder, on_update=note)
    out.mkdir()
    asked = RehearsalOrder(**{"quota": FAST, "speed": 1.0} | order)
    watcher = watcher or RehearsalWatcher()
    return await rehearse_updates(checked, lines, out, asked, watcher=watcher)
