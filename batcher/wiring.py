"""Where ports meet adapters: one lane of the engine for one target, from settings. Doors call this and nothing deeper."""

from typing import Any

from botocore.loaders import Loader
from structlog.typing import FilteringBoundLogger

from batcher.aws import AwsTarget
from batcher.config import Settings, target_settings
from batcher.engine.pacing import Pacer
from batcher.engine.retrying import Retrying, RetryPolicy
from batcher.engine.runner import Lane
from batcher.limiters.local import LocalLimiter
from batcher.ports import Clock, Source
from batcher.rules.model import UpdateModel
from batcher.rules.quota import QuotaEstimate
from batcher.rules.redaction import Redactor
from batcher.rules.tally import Tally
from batcher.sources.service_model import installed_service_model


class Workshop:
    """What every lane of a run shares: settings, the model, redaction, clock and logger."""

    def __init__(self, settings: Settings, *, clock: Clock, log: FilteringBoundLogger) -> None:
        self.settings = settings
        self.clock = clock
        self.log = log
        self._loader = Loader()
        self.model = UpdateModel.from_service_model(installed_service_model(self._loader))
        self.redactor = Redactor(self.model)

    @property
    def known_targets(self) -> frozenset[str]:
        return frozenset({self.settings.target, *self.settings.targets})

    def target(self, name: str, client: Any | None = None) -> AwsTarget:
        """The target of that name, not yet connected."""
        return AwsTarget(
            name,
            target_settings(self.settings, name),
            redact=self.redactor.message,
            connect_timeout=self.settings.connect_timeout,
            read_timeout=self.settings.read_timeout,
            loader=self._loader,
            client=client,
        )

    def lane(self, target: AwsTarget, source: Source, tally: Tally) -> Lane:
        """The lane of a connected target."""
        pace = target.settings
        rate = None if pace.rate == "auto" else pace.rate
        estimate = QuotaEstimate(now=self.clock.now(), ceiling=rate)
        limiter = LocalLimiter(estimate, clock=self.clock, rate=rate, burst=pace.burst or 1.0)
        pacer = Pacer(limiter, pace.concurrency, self.clock)
        return Lane(
            target=target.name,
            source=source,
            pacer=pacer,
            retrying=Retrying(
                caller=target,
                pacer=pacer,
                policy=RetryPolicy(max_attempts=self.settings.max_attempts, throttle_limit=self.settings.throttle_limit),
                clock=self.clock,
                log=self.log,
                on_attempt=tally.answered,
            ),
            tally=tally,
        )
