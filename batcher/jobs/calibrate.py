"""The calibration door: rate and burst of one account measured with updates that change nothing.

Reads as: look at the trigger, put its own state back somewhat faster than the quota allows, look
again. Says nothing to anybody; the command line shows what this returns.
"""

from collections.abc import Callable
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import TaskGroup
from msgspec import Struct

from batcher.accounting.tally import Tally
from batcher.accounting.verdicts import Verdict, judge
from batcher.aws.client import AwsTarget
from batcher.clock import SystemClock
from batcher.config import Settings
from batcher.engine.pacing import Draining, Pacer, Permit
from batcher.errors import AwsError, SettingsError
from batcher.logs import logger
from batcher.operations import GET_TRIGGER, UPDATE_TRIGGER
from batcher.quota.probe import SaturationProbe
from batcher.records import Attempt, Update
from batcher.task_groups import open_task_group
from batcher.triggers.diff import image
from batcher.wiring.lanes import Lanes
from batcher.wiring.pacers import Pacers
from batcher.wiring.targets import TargetConnector

# repeating it would tell nothing either
TELLS_NOTHING = (Verdict.REJECTED, Verdict.DENIED, Verdict.CREDENTIALS)


class Calibration(Struct, frozen=True, kw_only=True):
    """What was measured: rate per second, burst in tokens, doubt as a part of the rate; with what
    effort.

    ``measured`` is false when the calls were too few to tell; ``rate`` is then what the account
    allows at least. ``remembered``: whether it was kept for the next run.
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


class Calibrator:
    """Measures the quota of UpdateEventTrigger in the settings' target, on one trigger.

    At most ``calls`` UpdateEventTrigger calls, and GetEventTrigger before and after. A change that
    somebody else makes to the trigger in the meantime is lost: what is put back is the state that
    was read at the beginning. ``warn`` is told, in words, where what was found can't be kept.
    """

    def __init__(
        self,
        settings: Settings,
        domain: str,
        trigger: str,
        calls: int,
        warn: Callable[[str], None] | None = None,
    ) -> None:
        if settings.for_target(settings.target).ceiling is not None:
            raise SettingsError(
                f"target {settings.target}: its rate is a ceiling, and what is above it can't be"
                " measured: give --rate auto, in its table where it has one."
            )
        self.settings = settings
        self._names = {"DomainName": domain, "EventTriggerName": trigger}
        self._budget = calls
        self._clock = SystemClock()
        log = logger()
        warn = warn or (lambda text: log.warning("quotas.unusable", reason=text))
        self._pacers = Pacers(settings, clock=self._clock, warn=warn)  # alone, with no fleet
        self._lanes = Lanes(settings, self._pacers, clock=self._clock, log=log)
        self._pressing = SaturationProbe()
        self._looking = False
        self._calls = self._throttles = 0
        self._refused: Attempt | None = None
        self.target: AwsTarget = TargetConnector(settings).target(settings.target)

    async def measure(self) -> Calibration:
        """Measure, remember, and see that the trigger is as it was; the target has to be connected.

        Raises AwsError when the trigger can't be read or AWS refuses the update, or when it is not
        as it was at the end.
        """
        before = await self._state()
        pacer = self._pacers.measuring(self.target, UPDATE_TRIGGER, self._pressing)
        began = self._clock.now()
        async with open_task_group() as tasks:
            await self._put_back(before, pacer, tasks)
        seconds = self._clock.now() - began
        self._pressing.look()
        kept = self._pacers.remember()
        await self._hold_against(before)
        return self._outcome(seconds, kept=kept)

    async def _put_back(self, request: dict[str, Any], pacer: Pacer, tasks: TaskGroup) -> None:
        while self._calls < self._budget:
            try:
                permit = await pacer.enter(begun=False, must_finish=False)
            except Draining:
                return
            self._calls += 1
            tasks.start_soon(self._call, request, pacer, permit)

    async def _call(self, request: dict[str, Any], pacer: Pacer, permit: Permit) -> None:
        attempt, verdict = None, Verdict.LOST
        try:
            attempt = await self.target.ask(UPDATE_TRIGGER, request)
            verdict = judge(attempt)
        finally:
            pacer.leave(permit, verdict, attempt.retry_after if attempt else None)
        self._throttles += verdict is Verdict.THROTTLED
        if verdict in TELLS_NOTHING:
            self._refused = attempt
            pacer.drain()
        elif self._pressing.worth_a_look and not self._looking:
            await self._look(pacer)

    async def _look(self, pacer: Pacer) -> None:
        """Reckon in a thread, for meanwhile the calls have to go on."""
        self._looking = True
        await anyio.to_thread.run_sync(self._pressing.look)
        self._looking = False
        if self._pressing.settled:
            pacer.drain()

    async def _state(self) -> dict[str, Any]:
        """The trigger as a request that would bring it about."""
        reading = self._lanes.reading(self.target, GET_TRIGGER, Tally())
        effort = await reading.run_attempts(
            Update(id="calibrate", line=1, target=self.target.name, request=self._names)
        )
        last = effort.last if effort else None
        if last is None or last.answer is None:
            raise self._unreadable(last)
        members = self.target.members(UPDATE_TRIGGER)
        return self._names | {
            name: value for name, value in image(last.answer).items() if name in members
        }

    async def _hold_against(self, before: dict[str, Any]) -> None:
        if self._refused is not None:
            raise AwsError(
                f"AWS refuses the update: {self._refused.code}: {self._refused.message}. Nothing"
                " was changed."
            )
        after = await self._state()
        if changed := sorted(
            name for name in before.keys() | after.keys() if before.get(name) != after.get(name)
        ):
            raise AwsError(
                f"{self._what}: not as it was at the beginning (changed: {', '.join(changed)})."
                " Only its own state was put back; look who else changed it, and set it right."
            )

    def _outcome(self, seconds: float, *, kept: bool) -> Calibration:
        learned = self._pressing.estimate
        measured = not learned.is_guess
        return Calibration(
            account=self.target.account_id or self.target.endpoint_url,
            region=self.target.region,
            operation=UPDATE_TRIGGER,
            measured=measured,
            rate=learned.rate,
            burst=learned.burst,
            doubt=learned.doubt,
            calls=self._calls,
            throttles=self._throttles,
            seconds=round(seconds, 3),
            remembered=measured and kept,
        )

    def _unreadable(self, last: Attempt | None) -> AwsError:
        said = f"{last.code}: {last.message}" if last else "no answer"
        return AwsError(
            f"{self._what}: can't be read ({said}). Give one that exists with --domain and"
            " --trigger."
        )

    @property
    def _what(self) -> str:
        return "trigger {EventTriggerName} of domain {DomainName}".format(**self._names)
