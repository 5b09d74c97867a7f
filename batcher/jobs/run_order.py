"""What is asked of a run: its input, its directory, its settings, and on whose behalf."""

from collections.abc import Callable, Iterable
from math import inf
from pathlib import Path

from msgspec import UNSET, Struct, UnsetType
from structlog.typing import FilteringBoundLogger

from batcher.config import Settings
from batcher.engine.breaker_gate import OnBreaker
from batcher.engine.pace_control import PaceControl
from batcher.hooks.hooks import Hooks
from batcher.jobs.told_results import OnKept
from batcher.ports import Clock
from batcher.records import Result, SelectedPart, Superseded
from batcher.storage.run_directory import RunDirectory
from batcher.storage.run_manifest import ROLLBACK, RunManifest
from batcher.target_identity import TargetIdentity
from batcher.telemetry.telemetry import Telemetry
from batcher.updates.json_schema import HIGHEST_PRIORITY
from batcher.updates.selection import Selection
from batcher.wiring.lanes import OnAttempt

UNDO_PRIORITY = HIGHEST_PRIORITY  # of a rollback, unless another is asked for
RUN = "run"  # the kind of run that follows from no other


class Following(Struct, frozen=True, kw_only=True):
    """What a run follows from: another run's directory (retry, rollback), or nothing.

    ``targets``: where that run belongs; ``force``: change what is stale. ``complete``: its updates
    say all that their triggers are to be; ``recreate``: those that an update can't make that are
    deleted and created anew; ``left_out``: of that run, as superseded; ``part``: what of that run
    it was narrowed to.
    """

    kind: str = RUN
    parent: str | None = None
    targets: dict[str, TargetIdentity] = {}
    force: bool = False
    complete: bool = False
    recreate: bool = False
    left_out: Superseded | UnsetType = UNSET
    part: SelectedPart | None = None


class Unattended(Struct, frozen=True, kw_only=True):
    """A run that nobody watches: what fails for a target in trouble is left for a later session.

    ``on_result`` and ``on_attempt`` are told of each, ``on_breaker`` as in BreakerGate; ``on_kept``
    of each record; ``outage_limit``: seconds that a target is waited for.
    """

    on_result: Callable[[Result], None]
    on_attempt: OnAttempt
    on_kept: OnKept | None = None
    on_breaker: OnBreaker | None = None
    outage_limit: float = inf


class RunOrder(Struct, frozen=True, kw_only=True, eq=False):
    """All that a run is told before it starts.

    ``origin``: a path, ``-`` for standard input, the URL of an object in S3, or the lines
    themselves; ``copies``: where inputs are copied that can't be read twice; ``control``: what the
    process is told about its pace meanwhile; ``hooks``: told of what happens, by ``RunEvents``;
    ``selection``: which of its lines are part of the run, None for all; ``notes``, in words: how
    its targets differ from those that were given.
    """

    run_id: str
    origin: str | Iterable[bytes]
    directory: RunDirectory
    copies: Path
    settings: Settings
    following: Following
    unattended: Unattended | None
    selection: Selection | None
    dry_run: bool
    clock: Clock
    log: FilteringBoundLogger
    control: PaceControl
    hooks: Hooks
    telemetry: Telemetry
    notes: list[str] = []

    @property
    def outage_limit(self) -> float:
        """Seconds that a target is waited for while it is away."""
        return (self.unattended or self.settings).outage_limit


def is_complete(manifest: RunManifest) -> bool:
    """Whether the updates of a run say all that their triggers are to be."""
    return manifest.complete or manifest.kind == ROLLBACK
