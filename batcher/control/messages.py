"""What is said over a control socket: one JSON object a line, a request and its reply.

Versioned: who is asked something that he does not know refuses it in words.
"""

from typing import Any, Literal, TypeAlias

import msgspec
from msgspec import Struct

from batcher.config.value_kinds import MOST, Share
from batcher.errors import ControlError

VERSION = 1
AUTO = "auto"  # a bound that is taken back
REQUEST_AT_MOST, REPLY_AT_MOST = 4096, 1 << 20  # bytes of a line

Command: TypeAlias = Literal["status", "pause", "resume", "rate", "share", "stop"]
WITH_VALUE: tuple[Command, ...] = ("rate", "share")


class ControlRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is asked. ``value``: as it is typed, of those commands that have one."""

    version: int = VERSION
    command: Command
    value: str | None = None

    def check(self) -> None:
        """Raise ControlError for what can't be asked."""
        if self.version != VERSION:
            raise ControlError(
                f"version {self.version} of what can be asked is not known here, {VERSION} is. Use"
                " the batcher that is at work there."
            )
        if self.command not in WITH_VALUE and self.value is not None:
            raise ControlError(f"{self.command} takes no value; leave {self.value!r} out.")
        if self.command == "rate":
            parse_rate(self.value)
        elif self.command == "share":
            parse_share(self.value)


class ControlReply(Struct, frozen=True, kw_only=True):
    """What comes of it. ``error``: why not, in words; ``status``: of what is at work, after it."""

    version: int = VERSION
    error: str | None = None
    status: dict[str, Any] = {}


def parse_rate(value: str | None) -> float | None:
    """Updates per second; None for ``auto``. Raises ControlError."""
    if value == AUTO:
        return None
    try:
        rate = float(value or "")
    except ValueError:
        rate = 0.0
    if not 0 < rate <= MOST:
        raise ControlError(
            f"rate: can't be {value!r}. Give updates per second, as in 2 or 0.5, or auto: as fast"
            " as before."
        )
    return rate


def parse_share(value: str | None) -> float | None:
    """A part of the quota, 0 to 1; None for ``auto``. Raises ControlError."""
    if value == AUTO:
        return None
    try:
        return Share(value or "").fraction
    except ValueError as error:
        raise ControlError(
            f"share: can't be {value!r}. Give a part of the quota, as in 20%, or auto: as before."
        ) from error


def read_request(line: bytes) -> ControlRequest:
    """The request of a line. Raises ControlError."""
    try:
        request = msgspec.json.decode(line, type=ControlRequest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ControlError(f"no request: {error}") from error
    request.check()
    return request


def read_reply(line: bytes) -> ControlReply:
    """The reply of a line. Raises ControlError."""
    try:
        return msgspec.json.decode(line, type=ControlReply)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise ControlError(f"what answers there is no batcher: {error}") from error


def as_line(said: ControlRequest | ControlReply) -> bytes:
    return msgspec.json.encode(said) + b"\n"
