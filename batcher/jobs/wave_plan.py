"""What a run in waves was told: how large each wave is, and what comes after it."""

from msgspec import Struct

from batcher.accounting.wave_sizes import WaveSizes
from batcher.child_process import is_command
from batcher.config import Settings
from batcher.config.value_kinds import CommandLine
from batcher.errors import SettingsError


class WavePlan(Struct, frozen=True, kw_only=True):
    """The waves of a run.

    ``limits``: how many updates have changed something at the end of each wave, at most; the last
    one is all. ``soak``: seconds from the end of a wave to its check. After the last wave there is
    a soak only for the sake of its check. ``check_timeout``: seconds.
    """

    limits: list[int]
    soak: float = 0.0
    check: CommandLine | None = None
    check_timeout: float = 0.0
    rollback: bool = False

    @property
    def in_waves(self) -> bool:
        """Whether anything comes after a wave."""
        return len(self.limits) > 1 or self.check is not None

    def goes_on_from(self, waves: int) -> bool:
        """Whether it has what comes after a wave of a run that was in so many, as that run had."""
        return self.in_waves and (waves == 1 or len(self.limits) > 1)

    @property
    def asks(self) -> bool:
        """Whether somebody has to say that it may go on."""
        return self.check is None and not self.soak

    def soaks(self, passed: int) -> float:
        """Seconds of the soaks that are left when so many updates have changed something."""
        left = sum(limit > passed for limit in self.limits)
        return self.soak * (left if self.check is not None else max(0, left - 1))

    def number(self, passed: int) -> int:
        """The wave, from 1, that begins when so many updates have changed something."""
        at_last = len(self.limits) - 1
        return 1 + next((at for at, limit in enumerate(self.limits) if limit > passed), at_last)

    def limit(self, passed: int) -> int:
        """How many have changed something at the end of that wave, at most."""
        return self.limits[self.number(passed) - 1]


def wave_plan(settings: Settings, total: int) -> WavePlan:
    """The waves of a run with so many updates; without a setting for them, one wave."""
    sizes = settings.waves or WaveSizes("rest")
    if settings.canary is not None:
        sizes = WaveSizes.canary(settings.canary)
    return WavePlan(
        limits=sizes.limits(total),
        soak=0.0 if settings.soak is None else settings.soak.seconds,
        check=settings.check,
        check_timeout=settings.check_timeout.seconds,
        rollback=settings.rollback_on_failure,
    )


def refuse_missing_check(settings: Settings) -> None:
    """Raise SettingsError for a check that can't be started, before anything is changed."""
    if settings.check is not None and not is_command(settings.check.arguments[0]):
        raise SettingsError(
            f"--check {settings.check.shown}: there is no such program that can be started here."
            " Give its path, or put it on PATH."
        )


def refuse_odd_waves(settings: Settings, kind: str) -> None:
    """Raise SettingsError for settings of waves that don't go together. ``kind``: of the run."""
    in_waves = settings.waves is not None or settings.canary is not None
    if settings.waves is not None and settings.canary is not None:
        raise SettingsError(
            f"--canary {settings.canary} is short for --waves {settings.canary},rest. Give one of"
            " them."
        )
    if settings.soak is not None and not in_waves and settings.check is None:
        raise SettingsError(
            "--soak is the time after a wave. Give --waves, or a --check that follows it, too."
        )
    if not settings.rollback_on_failure:
        return
    if settings.before is False:
        raise SettingsError("--rollback-on-failure puts before images back: leave --no-before out.")
    if kind != "run":
        raise SettingsError(
            f"--rollback-on-failure is of batcher run alone. To put back what a {kind} did:"
            " batcher rollback."
        )
