"""The manifest of a run, ``run.json``: what is being run, and how far its journals go."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct, field

from batcher.accounting.time_spent import RunTimeSpent
from batcher.errors import RunDirectoryError
from batcher.records import Count
from batcher.storage.near_paths import missing_run
from batcher.storage.regular_file import read_document
from batcher.storage.run_journals import Heads
from batcher.storage.run_sessions import RunSession
from batcher.target_identity import TargetIdentity
from batcher.updates.selection import Selection
from batcher.updates.target_names import some_names

ROLLBACK = "rollback"  # the kind of run whose updates say all that their triggers were


class InputFingerprint(Struct, frozen=True, kw_only=True):
    """What an input is known by: its path, size in bytes, SHA-256, and number of updates."""

    path: Annotated[str, Meta(pattern=r"^[^\x00]+\Z")]
    size: Count
    sha256: Annotated[str, Meta(pattern="^[0-9a-f]{64}\\Z")]
    updates: Count


class RecordedLint(Struct, frozen=True, kw_only=True):
    """What lint found in the input of a run: so many of each code, in so many updates."""

    updates: Count
    codes: dict[str, Count]


class RunManifest(Struct, frozen=True, kw_only=True):
    """``run.json``: what is being run. No secrets.

    ``selection``: which lines of the input it is a run of, None for all;
    ``heads``: of the journals; None in runs from before lines were chained. ``spent``: what its
    sessions took up to the last few seconds; None in runs from before it was kept. ``sessions``:
    the first one, and each that was of other callers, reason or labels than the one before.
    ``lint``: None where nobody looked.
    """

    run: str
    input: InputFingerprint
    settings: dict[str, Any]
    targets: dict[str, TargetIdentity]
    versions: dict[str, str]
    started_at: str
    kind: str = "run"  # or retry, rollback
    parent: str | None = None  # the directory of the run that this one follows
    complete: bool = field(default=False, name="whole")  # its updates say all of their triggers
    recreate: bool = False  # what an update can't make that is deleted and created anew
    selection: Selection | None = None
    heads: Heads | None = None
    spent: RunTimeSpent | None = None
    sessions: list[RunSession] = []
    lint: RecordedLint | None = None


SETTINGS_OF_MEANING = ("target", "skip_invalid", "create_missing", "domain_map")
"""Settings that change what a line means; the others may differ on a resume."""


def load_manifest(path: Path) -> RunManifest:
    """What a ``run.json`` says. Raises RunDirectoryError; DamageError where it is no regular file.

    RunDirectoryError: there is none, or it is not as it was written.
    """
    try:
        content = read_document(path)
        json.loads(content, object_pairs_hook=_once)
        return msgspec.json.decode(content, type=RunManifest)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise RunDirectoryError(missing_run(path.parent)) from error
    except OSError as error:
        raise RunDirectoryError(
            f"{path}: can't be read: {error.strerror or error}. Act as the user whose run it is, or"
            " give the directory of another."
        ) from error
    except (ValueError, RecursionError) as error:
        raise RunDirectoryError(
            f"{path}: can't be read ({error}). Restore it, or start anew with another --out."
        ) from error


def input_difference(before: InputFingerprint, size: int, sha256: str) -> str:
    """How an input differs from the one that a run was started with."""
    return (
        f"the input was {before.size} bytes with SHA-256 {before.sha256[:12]}…, now {size} bytes"
        f" with {sha256[:12]}…"
    )


def differences(before: RunManifest, now: RunManifest) -> list[str]:
    """Why a run can't be the one that was, in words; empty when it can."""
    found = []
    if before.input.sha256 != now.input.sha256:
        found.append(input_difference(before.input, now.input.size, now.input.sha256))
    found += meaning_differences(before.settings, now.settings)
    found += selection_difference(before.selection, now.selection)
    if before.recreate != now.recreate:
        with_or_without = "with" if before.recreate else "without"
        found.append(f"it was started {with_or_without} --recreate")
    return found


def meaning_differences(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """How settings differ in what lines mean."""
    return [
        f"{name} was {before.get(name)!r}, now {now.get(name)!r}"
        for name in SETTINGS_OF_MEANING
        if before.get(name) != now.get(name)
    ]


def selection_difference(before: Selection | None, now: Selection | None) -> list[str]:
    """How the lines differ that a run is of, by the flags that say so."""
    if before == now:
        return []
    was = "without --only or the like" if before is None else f"with {before}"
    said = "without" if now is None else f"with {now}"
    return [f"it was started {was}, now {said}"]


def missing_tables(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Which tables of targets there were, and are none now."""
    gone = [name for name in before.get("targets", {}) if name not in now.get("targets", {})]
    tables = some_names([f"[targets.{name}]" for name in gone])
    it_is = "it is" if len(gone) == 1 else "they are"
    return [f"it had {tables}, and {it_is} missing now (give its --config)"] if gone else []


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object's members, each of which stands there once: else one of them would not be read."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice in one object")
    return found
