"""How far a run in waves is, ``waves.json``: replaced as a whole before anything rests on it."""

from datetime import datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from batcher.errors import RunDirectoryError
from batcher.records import Count
from batcher.storage.atomic_file import write_json
from batcher.storage.regular_file import read_document

Outcome = Literal["waits", "asks", "failed"]


class EndedWave(Struct, frozen=True, kw_only=True):
    """A wave that has ended and that the run did not go beyond so far.

    ``number`` of so many (``of``); ``changed``: updates that have changed something by its end,
    those of earlier waves included. ``outcome``: nothing so far;
    ``waits``: for somebody to run the command again; ``asks``: its check did, for a person, and the
    command with its waves goes on; ``failed``: its check did.
    """

    number: Count
    of: Count
    changed: Count
    ended_at: Annotated[datetime, Meta(tz=True)]
    outcome: Outcome | None = None


class PendingUndo(Struct, frozen=True, kw_only=True):
    """Why a run is to be put back, or was. ``directory``: of the rollback, once it has begun."""

    reason: str
    directory: str | None = None
    done: bool = False


class WaveProgress(Struct, frozen=True, kw_only=True):
    """``passed``: updates that had changed something at the end of the last wave gone beyond."""

    passed: Count = 0
    ended: EndedWave | None = None
    undo: PendingUndo | None = None


def read_waves(path: Path) -> WaveProgress:
    """How far a run is; nowhere without that file.

    Raises RunDirectoryError, and DamageError where it is no regular file.
    """
    try:
        return msgspec.json.decode(read_document(path), type=WaveProgress)
    except FileNotFoundError:
        return WaveProgress()
    except (OSError, ValueError, RecursionError) as error:
        raise RunDirectoryError(
            f"{path}: can't be read ({error}), and which waves were checked is known from nowhere"
            " else. Restore it, or start anew with another --out."
        ) from error


def write_waves(path: Path, progress: WaveProgress) -> None:
    """Replace it, durably, by who holds the run directory. Raises OutputError."""
    write_json(path, progress)
