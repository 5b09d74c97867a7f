"""What a job reads and sends through: connected targets, their pacers and lanes, from settings."""

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TypeAlias

import msgspec
from msgspec import Struct
from structlog.typing import FilteringBoundLogger

from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.pace_control import PaceControl
from batcher.errors import AwsError
from batcher.limiters.factory import LOCAL
from batcher.logs import logger
from batcher.target_identity import TargetIdentity
from batcher.wiring.lanes import Lanes, OnAttempt
from batcher.wiring.pacers import Pacers, open_pacers
from batcher.wiring.targets import TargetConnector


class Connection(Struct, frozen=True, kw_only=True):
    """Connected targets, why others can't be used, and what makes their pacers and lanes."""

    targets: dict[str, AwsTarget]
    unusable: dict[str, AwsError]
    unopened: dict[str, AwsTarget]
    pacers: Pacers
    lanes: Lanes


OnConnected: TypeAlias = Callable[[Mapping[str, AwsTarget]], None]
"""Told of the targets that are connected, by name, before anything is read."""


async def identities(
    settings: Settings, names: Iterable[str], *, refuses: bool = True
) -> dict[str, TargetIdentity]:
    """Where those targets are, without those that can't be used; they need not be reached.

    ``refuses`` as ``connected`` has it. Raises as that does.
    """
    async with AsyncExitStack() as stack:
        connector, left = TargetConnector(settings), settings.targets_left
        here = [name for name in names if name not in left]
        found = await connector.connect(here, stack, reach=False, refuses=refuses)
        return {name: target.identity for name, target in found.targets.items()}


@asynccontextmanager
async def connected(
    settings: Settings,
    names: Iterable[str],
    *,
    log: FilteringBoundLogger | None = None,
    shared: bool = True,
    warn: Callable[[str], None] | None = None,
    on_attempt: OnAttempt | None = None,
    control: PaceControl | None = None,
    refuses: bool = True,
) -> AsyncIterator[Connection]:
    """Connect to those targets, side by side; they are closed at the end.

    ``shared``: keep to the quotas together with others, where the settings say so. ``warn`` is
    told, in words, where quotas can't be kept or shared, by default the log is; ``on_attempt`` of
    every attempt; ``control``: what the process is told about its pace meanwhile; ``refuses``: a
    target of a wrong account keeps all from being opened; else it is one that can't be used. Raises
    SettingsError, and the AwsError of the first target when none can be used.
    """
    clock, log = SystemClock(), log or logger()
    if not shared:
        settings = msgspec.structs.replace(settings, limiter=LOCAL)
    async with (
        open_pacers(settings, clock=clock, log=log, warn=warn, control=control) as pacers,
        AsyncExitStack() as stack,
    ):
        found = await TargetConnector(settings).connect(names, stack, refuses=refuses)
        lanes = Lanes(settings, pacers, clock=clock, log=log, on_attempt=on_attempt)
        yield Connection(**found._asdict(), pacers=pacers, lanes=lanes)
