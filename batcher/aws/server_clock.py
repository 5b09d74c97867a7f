"""The clock of this machine held against AWS's, where AWS refuses the time of a signature.

By the Date of that refusal; what is signed from then on has AWS's time. botocore has no such
correction, and a clock that is off looks like wrong credentials.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from math import inf
from typing import Any

from botocore.auth import AUTH_TYPE_MAPS, SIGV4_TIMESTAMP, SigV4Auth

from batcher.accounting.verdicts import BY_CODE, Verdict
from batcher.logs import logger
from batcher.ports import Clock

OFF = 60.0  # seconds from which a clock is off; AWS tolerates five minutes

_SIGNER = "batcher-v4"  # a key of botocore's signers
_OFFSET, _TIMESTAMP = "batcher_clock_offset", "batcher_timestamp"  # of a request's context


class ServerClock:
    """AWS's clock. ``offset``: seconds that it is ahead of this machine's, 0 until it is known."""

    def __init__(self, clock: Clock) -> None:
        self.offset = 0.0
        self._clock = clock
        self._stamp, self._stamped, self._good_until = "", inf, 0.0

    @property
    def told(self) -> str:
        """What is wrong with the clock, and what to do."""
        way = "behind" if self.offset > 0 else "ahead of"
        return (
            f"the clock of this machine is {abs(self.offset):.0f} s {way} AWS's, by which requests"
            " are signed from now on. Set it (timedatectl set-ntp true)."
        )

    def now(self) -> float:
        """Seconds of a clock that nobody sets."""
        return self._clock.now()

    def wall(self) -> datetime:
        """The time that AWS has, as far as that is known."""
        return self._now() + timedelta(seconds=self.offset)

    def timestamp(self) -> str:
        """AWS's time for a signature, to the second."""
        now = self._clock.now()
        if not self._stamped <= now < self._good_until:
            there = self.wall()
            self._stamp = there.strftime(SIGV4_TIMESTAMP)
            self._stamped, self._good_until = now, now + 1 - there.microsecond / 1e6
        return self._stamp

    def watch(self, events: Any) -> None:
        """Look at what comes back, and sign by it: of a session's clients, or of one client."""
        events.register_first("choose-signer", self._choose_signer, unique_id="batcher-signer")
        events.register("response-received", self._look, unique_id="batcher-clock")
        # whoever asks STS for credentials has no retry of ours
        events.register_first("needs-retry.sts", self._sign_again, unique_id="batcher-sign-again")

    def _choose_signer(
        self, signature_version: Any, context: dict[str, Any], **_: Any
    ) -> str | None:
        if not self.offset or signature_version != "v4":
            return None
        now = self.wall().strftime(SIGV4_TIMESTAMP)
        context |= {_OFFSET: self.offset, _TIMESTAMP: now}
        return _SIGNER

    def _look(
        self,
        response_dict: Mapping[str, Any] | None = None,
        parsed_response: Mapping[str, Any] | None = None,
        **_: Any,
    ) -> None:
        if response_dict is not None:
            code = ((parsed_response or {}).get("Error") or {}).get("Code")
            self.look(str(code), response_dict["headers"])

    def look(self, code: str, headers: Mapping[str, str]) -> None:
        """Look at an answer with that code, and whether it refuses the time."""
        if BY_CODE.get(code) is not Verdict.CREDENTIALS:
            return
        try:
            there = parsedate_to_datetime(headers["date"])
            offset = (there - self._now()).total_seconds()
        except (KeyError, ValueError, TypeError):
            return
        if abs(offset - self.offset) > OFF:
            self.offset, self._good_until = offset, 0.0
            logger().warning("clock.off", seconds=round(offset), doing="signing by AWS's time")

    def _now(self) -> datetime:
        return datetime.fromisoformat(self._clock.wall())

    def _sign_again(self, request_dict: Mapping[str, Any], response: Any, **_: Any) -> int | None:
        """No wait before another try of a refused request that was signed by another time."""
        refused = response is not None and response[0].status_code >= 400
        outdated = request_dict["context"].get(_OFFSET, 0.0) != self.offset
        return 0 if refused and outdated else None


class _ServerTimeSigner(SigV4Auth):  # type: ignore[misc] # no stubs
    """Signature V4 at the time that the server has."""

    def _modify_request_before_signing(self, request: Any) -> None:
        request.context["timestamp"] = request.context[_TIMESTAMP]
        super()._modify_request_before_signing(request)


AUTH_TYPE_MAPS.setdefault(_SIGNER, _ServerTimeSigner)
