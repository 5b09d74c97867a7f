"""The job ``calibrate``: rate and burst of one account, measured with updates that change nothing.

Reads as: read the trigger, put its own state back somewhat faster than the quota allows, read it
again.
"""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import anyio
import anyio.to_thread
from msgspec import Struct

from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.client import AwsTarget
from batcher.config import Settings
from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.errors import AwsError, SettingsError
from batcher.jobs.connection import Connection, connected
from batcher.jobs.trigger_reader import TriggerReader
from batcher.operations import UPDATE_TRIGGER
from batcher.quota.probe import SaturationProbe
from batcher.records import Attempt, Error
from batcher.task_groups import open_task_group
from batcher.triggers.diff import image
from batcher.wiring.line_readers import installed_update_model

PERMISSIONS = "These credentials have to be allowed to profile:GetEventTrigger."
# repeating it would tell nothing either
TELLS_NOTHING = (
    Verdict.REJECTED,
    Verdict.DENIED,
    Verdict.CREDENTIALS,
    Verdict.REDIRECTED,
    Verdict.UNSENT,
)

MayStart: TypeAlias = Callable[[AwsTarget], Awaitable[bool]]
"""Asked when the target is connected, and before anything is read or sent."""


class Calibration(Struct, frozen=True, kw_only=True):
    """What was measured, with what effort.

    ``rate`` per second, ``burst`` in tokens, ``doubt`` as a part of the rate. ``measured`` is false
    when the calls were too few to tell; ``rate`` is then what the account allows at least.
    ``remembered``: whether it was kept for the next run.
    """

    account: str
    region: str
    operation: str
    measured: bool
    rate: float
    burst: float | None
    doubt: float
    calls: int
    throttles: int
    seconds: float
    remembered: bool


async def calibrate_quota(
    settings: Settings,
    domain: str,
    trigger: str,
    *,
    calls: int,
    may_start: MayStart | None = None,
    warn: Callable[[str], None] | None = None,
) -> Calibration | None:
    """Measure the quota of UpdateEventTrigger in the settings' target, and remember it.

    None when ``may_start`` said no. Sends at most ``calls`` UpdateEventTrigger calls, and
    GetEventTrigger before and after. A change that somebody else makes to the trigger in the
    meantime is lost: what is put back is the state that was read at the beginning. ``warn`` is
    told, in words, where what was found can't be kept. Raises SettingsError where the target has a
    ceiling; AwsError when the trigger can't be read, AWS refuses the update, or the trigger is not
    as it was at the end; CredentialsError.
    """
    name = settings.one_target()
    if settings.for_target(name).ceiling is not None:
        raise SettingsError(
            f"target {name}: its rate is a ceiling, and what is above it can't be"
            " measured: give --rate auto, in its table where it has one."
        )
    async with connected(settings, [name], shared=False, warn=warn) as connection:
        (target,) = connection.targets.values()
        if may_start is not None and not await may_start(target):
            return None
        names = {"DomainName": domain, "EventTriggerName": trigger}
        return await _calibrate(connection, target, names, calls)


async def _calibrate(
    connection: Connection, target: AwsTarget, names: dict[str, Any], calls: int
) -> Calibration:
    reader = TriggerReader(target, connection.lanes, PERMISSIONS)
    original = await _state(reader, names)
    probe = SaturationProbe()
    pacer = connection.pacers.measuring(target, UPDATE_TRIGGER, probe)
    measurement = _Measurement(target, pacer, probe)
    began = pacer.clock.now()
    await measurement.put_back(original, calls)
    seconds = pacer.clock.now() - began
    probe.look()
    kept = connection.pacers.remember()
    if (refused := measurement.refused) is not None:
        if refused.reached == "unsent":
            raise AwsError(f"target {target.name}: {refused.message} Nothing was changed.")
        raise AwsError(
            f"AWS refuses the update: {refused.code}: {refused.message}. Nothing was changed."
        )
    _compare(names, original, await _state(reader, names))
    found = probe.estimate
    return Calibration(
        account=target.quota_owner,
        region=target.region,
        operation=UPDATE_TRIGGER,
        measured=not found.is_guess,
        rate=found.rate,
        burst=found.burst,
        doubt=found.doubt,
        calls=measurement.calls,
        throttles=measurement.throttles,
        seconds=round(seconds, 3),
        remembered=kept and not found.is_guess,
    )


class _Measurement:
    """Calls that put one state back, as fast as the probe has it. ``refused``: what ended it."""

    def __init__(self, target: AwsTarget, pacer: Pacer, probe: SaturationProbe) -> None:
        self.calls = self.throttles = 0
        self.refused: Attempt | None = None
        self._target = target
        self._pacer = pacer
        self._probe = probe
        self._looking = False

    async def put_back(self, request: dict[str, Any], calls: int) -> None:
        """Send that request until enough is known, or that many calls are made."""
        async with open_task_group() as tasks:
            while self.calls < calls:
                try:
                    permit = await self._pacer.enter(begun=False, must_finish=False)
                except Draining:
                    return
                self.calls += 1
                tasks.start_soon(self._send, request, permit)

    async def _send(self, request: dict[str, Any], permit: Permit) -> None:
        attempt, verdict = None, Verdict.LOST
        try:
            attempt = await self._target.call(UPDATE_TRIGGER, request)
            verdict = judge(attempt)
        finally:
            self._pacer.leave(permit, verdict, attempt)
        self.throttles += verdict is Verdict.THROTTLED
        if verdict in TELLS_NOTHING:
            self.refused = attempt
            self._pacer.drain()
        elif self._probe.worth_a_look and not self._looking:
            await self._look()

    async def _look(self) -> None:
        """Reckon in a thread, for meanwhile the calls have to go on."""
        self._looking = True
        await anyio.to_thread.run_sync(self._probe.look)
        self._looking = False
        if self._probe.settled:
            self._pacer.drain()


async def _state(reader: TriggerReader, names: dict[str, Any]) -> dict[str, Any]:
    """The trigger as a request that would bring it about."""
    live = await reader.read_named(names, id="calibrate")
    if isinstance(live, Error):
        raise AwsError(
            f"{_trigger(names)}: can't be read ({live.code}: {live.message}). Give one that exists"
            " with --domain and --trigger."
        )
    return names | image(live, installed_update_model().writable)


def _compare(names: dict[str, Any], original: dict[str, Any], now: dict[str, Any]) -> None:
    """Raise AwsError where the trigger is not as it was."""
    members = original.keys() | now.keys()
    if changed := sorted(name for name in members if original.get(name) != now.get(name)):
        raise AwsError(
            f"{_trigger(names)}: not as it was at the beginning (changed: {', '.join(changed)})."
            " Only its own state was put back; look who else changed it, and set it right."
        )


def _trigger(names: dict[str, Any]) -> str:
    return "trigger {EventTriggerName} of domain {DomainName}".format(**names)
