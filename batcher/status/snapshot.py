"""A worker at one moment: records that the worker fills in and the page and the metrics show."""

from msgspec import Struct

from batcher.records import Counts, Depth, Result


class LaneSnapshot(Struct, frozen=True, kw_only=True):
    """One (target, operation): its pace in requests per second, and what is under way.

    ``rate`` is the pace at present, ``quota`` what AWS is thought to allow; None while nothing is
    known. ``token_seconds`` were spent waiting for tokens since the worker began. ``counts`` are
    of results, None for an operation without any. ``no_images``: why no before images are kept,
    None where they are.
    """

    target: str
    operation: str
    rate: float | None = None
    quota: float | None = None
    in_flight: int = 0
    waiting: int = 0
    token_seconds: float = 0.0
    counts: Counts | None = None
    no_images: str | None = None


class WorkerSnapshot(Struct, frozen=True, kw_only=True):
    """A worker at one moment.

    No secrets: ``queue`` is the URL without a password; no message in ``recent`` quotes a value.

    ``reason``: why it is not ready, or not alive; a text for people. ``alive``: its loop turns.
    ``paused``: why it sends nothing, though it could; None: it does.
    ``depth`` is None where the queue could not be asked. ``recent`` are results, newest first.
    ``started_at`` is UTC, ISO 8601, ``heartbeat_at`` seconds since the epoch. ``files_waiting``:
    results files not yet sent on, None where none are.
    """

    ready: bool
    reason: str | None = None
    paused: str | None = None
    alive: bool
    queue: str
    worker: str
    started_at: str
    heartbeat_at: float | None = None
    depth: Depth | None = None
    files_waiting: int | None = None
    lanes: tuple[LaneSnapshot, ...] = ()
    recent: tuple[Result, ...] = ()
