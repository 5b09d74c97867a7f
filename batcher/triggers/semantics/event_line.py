"""From a line's bytes to an event: our own format, or a record of a domain's event stream.

No file is read here. No value of a line is ever quoted.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
from msgspec import Struct

from batcher.triggers.semantics.options import SemanticsOptions
from batcher.triggers.semantics.values import parse_instant
from batcher.updates.json_syntax import text_violations
from batcher.updates.line_reader import LINE_AT_MOST
from batcher.updates.violations import Violation

MEMBERS = ("id", "profile", "object_type", "timestamp", "object", "domain", "ingested_at")
NEEDED = ("profile", "object_type", "timestamp", "object")
OF_STREAM = ("EventTimestamp", "ObjectTypeName", "AssociatedProfileId", "Object")
"""Members by which a record of the event stream is known."""

NAMES = frozenset({*MEMBERS, *OF_STREAM, "EventId", "DomainName"})

_encode = msgspec.json.Encoder().encode
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MOMENT = (datetime.min.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND
LAST_MOMENT = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MICROSECOND


class Event(Struct, frozen=True, kw_only=True):
    """One object that came in for a profile.

    ``at``: when it happened, microseconds since the epoch; ``delay``: until it was ingested,
    microseconds, None where that is not known. ``domain`` None: of any. ``zone_missing``: its time
    was read in the time zone of the options.
    """

    id: str
    profile: str
    object_type: str
    at: int
    object: dict[str, Any]
    domain: str | None = None
    delay: int | None = None
    zone_missing: bool = False

    @property
    def processed_at(self) -> int:
        """When it was ingested, where that is known, else when it happened; microseconds."""
        return self.at if self.delay is None else self.at + max(self.delay, 0)


class _Line(Struct, forbid_unknown_fields=True, omit_defaults=True):
    profile: str
    object_type: str
    timestamp: str | int | float
    object: dict[str, Any]
    id: str | int | None = None
    domain: str | None = None
    ingested_at: str | int | float | None = None


class _Record(Struct):
    """A record of a domain's event stream; what it has besides is not needed."""

    EventTimestamp: str | int | float
    ObjectTypeName: str
    Object: dict[str, Any]
    AssociatedProfileId: str | None = None
    EventId: str | None = None
    DomainName: str | None = None

    def as_line(self) -> _Line | None:
        """Return it as a line; None where it names no profile."""
        profile = self.AssociatedProfileId or self.Object.get("ProfileId")
        if not isinstance(profile, str):
            return None
        return _Line(
            id=self.EventId,
            profile=profile,
            object_type=self.ObjectTypeName,
            timestamp=self.EventTimestamp,
            object=self.Object,
            domain=self.DomainName,
        )


class EventReader:
    """Reads events; times without an offset are of the time zone of the options."""

    def __init__(self, options: SemanticsOptions) -> None:
        self._options = options
        self._decode_line = msgspec.json.Decoder(_Line).decode
        self._decode_record = msgspec.json.Decoder(_Record).decode
        self._of_stream = False  # what the line before was, which the next one most often is, too

    def read(self, raw: bytes, line: int) -> Event | list[Violation]:
        """The event of a line, or what is wrong with it; ``line``, from 1, is its id by default."""
        if len(raw) > LINE_AT_MOST:
            return [Violation(message=f"longer than {LINE_AT_MOST:,} bytes")]
        try:
            if self._of_stream:
                found, whole = self._decode_record(raw).as_line(), msgspec.json.decode(raw)
            else:
                found = whole = self._decode_line(raw)
            if _may_say_twice(raw, whole):
                found = None
        except (ValueError, RecursionError):  # those of decoding are ValueErrors
            found = None
        return self._read_slowly(raw, line) if found is None else self._event(found, line)

    def from_mapping(self, value: Mapping[str, Any], line: int) -> Event | list[Violation]:
        """The event of a mapping in the format of a line, or what is wrong with it."""
        if any(name in value for name in OF_STREAM):
            return self._of_record(value, line)
        if unknown := [name for name in value if name not in MEMBERS]:
            return [_unknown(unknown)]
        missing = [Violation(path=name, message="missing") for name in NEEDED if name not in value]
        if missing:
            return missing
        try:
            found = msgspec.convert(value, _Line)
        except msgspec.ValidationError as error:
            return [_wrong(error)]
        self._of_stream = False
        return self._event(found, line)

    def _read_slowly(self, raw: bytes, line: int) -> Event | list[Violation]:
        """Read a line that is wrong, or of the other format."""
        if violations := text_violations(raw, NAMES):
            return violations
        try:
            value = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            return [Violation(message=f"not JSON: {error}")]
        if not isinstance(value, dict):
            return [Violation(message="has to be a JSON object")]
        return self.from_mapping(value, line)

    def _of_record(self, value: Mapping[str, Any], line: int) -> Event | list[Violation]:
        try:
            found = msgspec.convert(value, _Record).as_line()
        except msgspec.ValidationError as error:
            return [_wrong(error)]
        if found is None:
            return [Violation(path="AssociatedProfileId", message="missing")]
        self._of_stream = True
        return self._event(found, line)

    def _event(self, found: _Line, line: int) -> Event | list[Violation]:
        moment = self._moment(found.timestamp)
        if moment is None:
            return [_no_time("EventTimestamp" if self._of_stream else "timestamp")]
        at, zone_missing = moment
        delay = None
        if found.ingested_at is not None:
            ingested = self._moment(found.ingested_at)
            if ingested is None:
                return [_no_time("ingested_at")]
            delay = ingested[0] - at
        for name, text in (("profile", found.profile), ("object_type", found.object_type)):
            if not text:
                return [Violation(path=name, message="is empty")]
        return Event(
            id=str(line) if found.id in (None, "") else str(found.id),
            profile=found.profile,
            object_type=found.object_type,
            at=at,
            object=found.object,
            domain=found.domain,
            delay=delay,
            zone_missing=zone_missing,
        )

    def _moment(self, value: str | int | float) -> tuple[int, bool] | None:
        """Microseconds since the epoch, and whether the time zone was missing."""
        if isinstance(value, str):
            value = value.removesuffix(" UTC")  # as Go prints a time, offset before
        instant = parse_instant(value, self._options)
        if instant is None or not FIRST_MOMENT <= instant.at <= LAST_MOMENT:
            return None
        return instant.at, instant.zone_missing


def _may_say_twice(raw: bytes, decoded: object) -> bool:
    """Whether a member may stand twice in one object: then colons are lost in decoding."""
    return rb"\u003" in raw or raw.count(b":") != _encode(decoded).count(b":")


def _no_time(path: str) -> Violation:
    return Violation(
        path=path,
        message=(
            "is no time; give ISO 8601 with an offset, such as 2026-11-01T10:00:00Z, or epoch"
            " seconds or milliseconds"
        ),
    )


def _unknown(names: list[str]) -> Violation:
    known = ", ".join(MEMBERS)
    several = "a member that does not exist" if len(names) == 1 else f"{len(names)} unknown members"
    return Violation(message=f"has {several}; there are {known}")


def _wrong(error: msgspec.ValidationError) -> Violation:
    """What msgspec says of a member: its words name types and places, and quote no value."""
    said, _, place = str(error).partition(" - at `$.")
    return Violation(path=place.rstrip("`"), message=said[:1].lower() + said[1:])
