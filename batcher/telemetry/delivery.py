"""What became of the spans and metrics that were to be sent: counted, and told once."""

import threading

from structlog.typing import FilteringBoundLogger

from batcher.number_text import several


class Delivery:
    """Counts spans that have ended, and those that a collector took; for any thread."""

    def __init__(self, endpoint: str, log: FilteringBoundLogger) -> None:
        self.ended = self.sent = self.failed_metrics = 0
        self._endpoint = endpoint
        self._log = log
        self._lock = threading.Lock()
        self._told = False

    def note_spans(self, number: int, *, taken: bool) -> None:
        """Take note of a batch of spans."""
        with self._lock:
            self.sent += number if taken else 0
        if not taken:
            self._tell("spans")

    def begin_metrics(self) -> None:
        """Take note that all metrics are being sent, which may never end."""
        with self._lock:
            self.failed_metrics += 1

    def note_metrics(self, *, taken: bool) -> None:
        """Take note of how a sending of all metrics ended."""
        if taken:
            with self._lock:
                self.failed_metrics -= 1
        else:
            self._tell("metrics")

    def lost_text(self) -> str | None:
        """What did not arrive, as far as that is known, in words; None: all did."""
        with self._lock:
            lost = self.ended - self.sent
            parts = []
            if lost:
                parts.append(f"{several(lost, 'span')} of {self.ended:,} not sent")
            if self.failed_metrics:
                parts.append(f"metrics not sent {several(self.failed_metrics, 'time')}")
        return " and ".join(parts) or None

    def _tell(self, what: str) -> None:
        with self._lock:
            told, self._told = self._told, True
        if not told:
            self._log.warning("telemetry.not_sent", what=what, endpoint=self._endpoint)
