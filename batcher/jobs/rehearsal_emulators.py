"""The emulators of a rehearsal: one on loopback for each account and Region, seeded as it is there.

The one job that knows the emulator.
"""

from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Any

from batcher.emulator import Emulator, Quota
from batcher.errors import SettingsError
from batcher.jobs.rehearsal_settings import EmulatedPlace, sped_up
from batcher.jobs.rehearsed_targets import RehearsedQuota, RehearsedTarget
from batcher.jobs.trigger_keys import TriggerKey

LATENCY = (0.03, 0.08)  # seconds of a call at the real pace
TIMES = ("CreatedAt", "LastUpdatedAt")  # what of a record no request says


class RehearsalEmulators:
    """Emulators for those targets, which listen while this is entered.

    ``faults``: probability by kind; ``clear_omitted``: updates clear what they leave out. Raises
    SettingsError for faults that there are not.
    """

    def __init__(
        self,
        targets: Mapping[str, RehearsedTarget],
        *,
        speed: float,
        faults: Mapping[str, float],
        clear_omitted: bool,
    ) -> None:
        self._targets = targets
        self._speed = speed
        self._stack = AsyncExitStack()
        self._emulators: dict[tuple[str, str, str], Emulator] = {}
        for target in targets.values():
            if target.place not in self._emulators:
                self._emulators[target.place] = self._emulator(target, faults, clear_omitted)

    def _emulator(
        self, target: RehearsedTarget, faults: Mapping[str, float], clear_omitted: bool
    ) -> Emulator:
        low, high = LATENCY
        cleared = any(each.effect == "cleared" for each in target.omissions.values())
        try:
            return Emulator(
                quotas={name: self._quota(each) for name, each in target.quotas.items()},
                latency=(low / self._speed, high / self._speed),
                faults=faults,
                account=target.place[1],
                clear_omitted=clear_omitted or cleared,
            )
        except ValueError as error:
            raise SettingsError(f"--fault: {error}.") from None

    def _quota(self, given: RehearsedQuota) -> Quota:
        return Quota(rate=sped_up(given.rate, self._speed), burst=given.burst)

    async def __aenter__(self) -> dict[str, EmulatedPlace]:
        """Start them; returns where each target is."""
        urls = {}
        async with AsyncExitStack() as stack:
            for place, emulator in self._emulators.items():
                urls[place] = await stack.enter_async_context(emulator)
            self._stack = stack.pop_all()
        return {
            name: EmulatedPlace(
                endpoint=urls[target.place], account=target.place[1], region=target.region
            )
            for name, target in self._targets.items()
        }

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def seed(
        self, key: TriggerKey, members: Mapping[str, Any], last_updated_at: float | None = None
    ) -> bool:
        """Put a trigger in place; returns whether it keeps the rules of the service model.

        ``last_updated_at``: AWS's time of its last change, None where nobody knows it.
        """
        emulator, account, region = self._place(key)
        try:
            emulator.seed_as_of(members, account, region, last_updated_at)
        except ValueError:  # which may quote what is sensitive
            return False
        return True

    def seed_domain(self, key: TriggerKey) -> None:
        """Make the domain of a trigger, where there is none."""
        emulator, account, region = self._place(key)
        emulator.seed_domain(key.domain, account, region)

    def trigger(self, key: TriggerKey) -> dict[str, Any] | None:
        """The members of a trigger as it is now; None where it is not there."""
        emulator, account, region = self._place(key)
        found = emulator.trigger(key.domain, key.trigger, account, region)
        return found and {name: each for name, each in found.items() if name not in TIMES}

    def _place(self, key: TriggerKey) -> tuple[Emulator, str, str]:
        place = self._targets[key.target].place
        return self._emulators[place], place[1], place[2]
