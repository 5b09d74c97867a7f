"""Settings: one frozen record, resolved from flag over environment over file over default.

Every option is written down once, here, with its help text and its unit; flags, ``BATCHER_…`` variables, TOML keys and
library keywords are read off this record.
"""

import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import msgspec
from msgspec import Meta, Struct

from batcher.errors import SettingsError

ENVIRONMENT_PREFIX = "BATCHER_"

Rate = Literal["auto"] | Annotated[float, Meta(gt=0)]
Positive = Annotated[int, Meta(ge=1)]
Duration = Annotated[float, Meta(ge=0)]
Threshold = Annotated[str, Meta(pattern=r"^(\d+|\d+(\.\d+)?%)$")]
LogLevel = Literal["debug", "info", "warning", "error"]


def _says(text: str, **more: Any) -> Meta:
    return Meta(description=text, extra=more or None)


class TargetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one target needs: an account and Region, the credentials and the pace to use there."""

    region: Annotated[str | None, _says("AWS Region; default: the profile's, or AWS_REGION.")] = None
    profile: Annotated[str | None, _says("Profile of the AWS configuration files.")] = None
    endpoint_url: Annotated[str | None, _says("Call this address instead of AWS's own.")] = None
    rate: Annotated[Rate, _says("Requests per second at most, or auto: find the quota.", metavar="auto|N")] = "auto"
    burst: Annotated[
        Annotated[float, Meta(ge=1)] | None,
        _says("Requests that may leave at once after a pause; 1 spaces them evenly.", metavar="N"),
    ] = None
    concurrency: Annotated[Positive, _says("Requests in flight at once at most, and size of the pool.")] = 64


class Settings(TargetSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set. The members of TargetSettings are the defaults of every target."""

    target: Annotated[str, _says("Name of the target of lines that name none.")] = "default"
    max_attempts: Annotated[Positive, _says("Attempts per update; throttles don't count.")] = 8
    throttle_limit: Annotated[Duration, _says("Seconds an update may go on being throttled.")] = 900.0
    connect_timeout: Annotated[Duration, _says("Seconds to wait for a connection.")] = 5.0
    read_timeout: Annotated[Duration, _says("Seconds to wait for an answer.")] = 30.0
    max_failures: Annotated[
        Threshold | None,
        _says("Stop after more than N failures, or P% of the results (from 100 results on).", metavar="N|P%"),
    ] = None
    grace: Annotated[Duration, _says("Seconds that a signal leaves for what is in flight.")] = 20.0
    skip_invalid: Annotated[bool, _says("Run the valid lines of a file that has invalid ones.")] = False
    log_level: Annotated[LogLevel, _says("Least severe event that is logged.")] = "info"
    targets: Annotated[dict[str, TargetSettings], _says("Named targets: [targets.NAME] in the file.")] = {}


class Keywords(TypedDict, total=False):
    """The settings as keywords of the library calls. A test holds it equal to Settings."""

    region: str | None
    profile: str | None
    endpoint_url: str | None
    rate: Rate
    burst: float | None
    concurrency: int
    target: str
    max_attempts: int
    throttle_limit: float
    connect_timeout: float
    read_timeout: float
    max_failures: str | None
    grace: float
    skip_invalid: bool
    log_level: LogLevel
    targets: Mapping[str, Mapping[str, Any]]


class Option(Struct, frozen=True, kw_only=True):
    """One setting as its doors show it."""

    name: str
    help: str
    default: Any
    metavar: str | None
    is_flag: bool

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")

    @property
    def variable(self) -> str:
        return ENVIRONMENT_PREFIX + self.name.upper()


def options(record: type[Struct] = Settings) -> list[Option]:
    """The settings that can be given as a flag or a variable, in the order of the record."""
    hints = get_type_hints(record, include_extras=True)
    found = []
    for field in msgspec.structs.fields(record):
        if field.name == "targets":
            continue
        kind = hints[field.name].__origin__
        note = next(meta for meta in hints[field.name].__metadata__ if meta.description)
        extra = note.extra or {}
        found.append(
            Option(
                name=field.name,
                help=note.description,
                default=field.default,
                metavar=extra.get("metavar") or _metavar(kind),
                is_flag=kind is bool,
            )
        )
    return found


def resolve(flags: Mapping[str, Any], *, environ: Mapping[str, str] | None = None, file: Path | None = None) -> Settings:
    """Settings from flags (those that are not None), ``BATCHER_…`` variables, a TOML file, and defaults.

    Raises SettingsError that names the setting, where it came from, and what it may be.
    """
    merged: dict[str, tuple[str, Any]] = {}
    for name, value in _read(file).items() if file else ():
        merged[name] = (f"{file}: {name}", value)
    for option in options():
        if (text := (environ or {}).get(option.variable)) is not None:
            merged[option.name] = (option.variable, text)
    for name, value in flags.items():
        if value is not None:
            merged[name] = ("--" + name.replace("_", "-"), value)
    return _convert(merged)


def target_settings(settings: Settings, name: str) -> TargetSettings:
    """The settings of one target: its own table, or those of the run for a target without one."""
    return settings.targets.get(name) or TargetSettings(**_of_targets(settings))


def _of_targets(settings: Settings) -> dict[str, Any]:
    return {field: getattr(settings, field) for field in TargetSettings.__struct_fields__}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(f"{file}: can't be read: {error.strerror}. Give a TOML file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}. See configs/ for examples.") from error


def _convert(merged: Mapping[str, tuple[str, Any]]) -> Settings:
    hints = get_type_hints(Settings, include_extras=True)
    values = {}
    for name, (origin, value) in merged.items():
        if name not in hints:
            raise SettingsError(f"{origin}: no such setting. Known: {', '.join(Settings.__struct_fields__)}.")
        if name != "targets":
            values[name] = _value(name, origin, value, hints[name])
    settings = Settings(**values)
    if "targets" not in merged:
        return settings
    return msgspec.structs.replace(settings, targets=_targets(settings, *merged["targets"]))


def _value(name: str, origin: str, value: Any, hint: Any) -> Any:
    for spelled in _spellings(value):
        try:
            return msgspec.convert(spelled, hint, strict=False)
        except msgspec.ValidationError as error:
            reason = error
    option = next(option for option in options() if option.name == name)
    raise SettingsError(f"{origin}: can't be {value!r}: {reason}. {option.help}") from reason


def _targets(settings: Settings, origin: str, tables: Any) -> dict[str, TargetSettings]:
    """Each table of ``[targets.NAME]`` over the settings of the run: the most specific word counts."""
    if not isinstance(tables, Mapping) or not all(isinstance(table, Mapping) for table in tables.values()):
        raise SettingsError(f"{origin}: has to be tables: [targets.NAME], each with region, profile, rate, …")
    try:
        return {
            name: msgspec.convert(_of_targets(settings) | dict(table), TargetSettings, strict=False)
            for name, table in tables.items()
        }
    except msgspec.ValidationError as error:
        known = ", ".join(TargetSettings.__struct_fields__)
        raise SettingsError(f"{origin}: {error}. Members of a target: {known}.") from error


def _spellings(value: Any) -> Iterator[Any]:
    """A value as it could be meant: a number as text ("5" of "5%"), a text as a number (5 of auto|N), or as it stands."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    if isinstance(value, str):
        with suppress(ValueError):
            yield float(value)
    yield value


def _metavar(kind: Any) -> str | None:
    choices = getattr(kind, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return "|".join(choices)
    return {int: "N", float: "SECONDS"}.get(getattr(kind, "__origin__", kind), "TEXT")
