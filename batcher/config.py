"""Settings: one frozen record, resolved from flag over environment over file over default.

Every option is written down once, here, with its help text and its unit; flags, ``BATCHER_…``
variables, TOML keys and library keywords are read off this record.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Any, Literal, TypedDict, get_type_hints

import msgspec
from msgspec import Meta, Struct

from batcher.accounting.completion_time import DEADLINE
from batcher.errors import SettingsError

ENVIRONMENT_PREFIX = "BATCHER_"

MOST = 1e6  # requests per second: no limit at all, but finite
Rate = Literal["auto"] | Annotated[float, Meta(gt=0, le=MOST)]
Endpoint = Annotated[str, Meta(pattern=r"^https?://[^@\s]+$")]
Positive = Annotated[int, Meta(ge=1)]
Duration = Annotated[float, Meta(ge=0, le=MOST)]
Share = Annotated[str, Meta(pattern=r"^(100|[1-9]\d?(\.\d+)?|0\.\d*[1-9]\d*)%$")]
Deadline = Annotated[str, Meta(pattern=DEADLINE)]
Threshold = Annotated[str, Meta(pattern=r"^(\d+|\d+(\.\d+)?%)$")]
S3Url = Annotated[str, Meta(pattern=r"^s3://[a-z0-9.-]+(/.*)?$")]
DomainMap = Annotated[str, Meta(pattern=r"^[^=,]+=[^=,]+(,[^=,]+=[^=,]+)*$")]
Limiter = Annotated[str, Meta(pattern=r"^(local|rediss?://[^\s/?#]\S*)$")]
LogLevel = Literal["debug", "info", "warning", "error"]

Door = Literal["run", "worker", "library"]
COMMANDS: tuple[Door, ...] = ("run", "worker")


def _says(text: str, *doors: Door, metavar: str | None = None) -> Meta:
    """What a setting is; ``doors``: the only ones that know it, by default all do."""
    return Meta(
        description=text, extra={"metavar": metavar, "doors": doors or (*COMMANDS, "library")}
    )


class TargetSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one target needs: an account and Region, the credentials and the pace to use there."""

    region: Annotated[str | None, _says("AWS Region; default: the profile's, or AWS_REGION.")] = (
        None
    )
    profile: Annotated[str | None, _says("Profile of the AWS configuration files.")] = None
    role_arn: Annotated[str | None, _says("Role to assume with those credentials.")] = None
    external_id: Annotated[str | None, _says("External id that the role asks for.")] = None
    role_session_name: Annotated[
        str, _says("Session name, as CloudTrail shows it, when a role is assumed.")
    ] = "batcher"
    endpoint_url: Annotated[
        Endpoint | None, _says("Call this address instead of AWS's own.", metavar="http[s]://HOST")
    ] = None
    rate: Annotated[
        Rate, _says("Requests per second at most, or auto: find the quota.", metavar="auto|N")
    ] = "auto"
    burst: Annotated[
        Annotated[float, Meta(ge=1, le=MOST)] | None,
        _says("Requests that may leave at once after a pause; 1 spaces them evenly.", metavar="N"),
    ] = None
    share: Annotated[
        Share, _says("Part of the quota to use; the rest is left to others.", metavar="P%")
    ] = "100%"
    read_rate: Annotated[
        Rate, _says("Reads per second at most, or auto: find that quota.", metavar="auto|N")
    ] = "auto"
    concurrency: Annotated[
        Annotated[int, Meta(ge=1, le=4096)],
        _says("Requests in flight at once at most, and size of the pool."),
    ] = 64

    @property
    def fraction(self) -> float:
        """``share`` as a number."""
        return float(self.share[:-1]) / 100


class Settings(TargetSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that can be set.

    The members of TargetSettings are the defaults of every target.
    """

    target: Annotated[str, _says("Name of the target of lines that name none.")] = "default"
    max_attempts: Annotated[Positive, _says("Attempts per update; throttles don't count.")] = 8
    deadline: Annotated[
        Deadline | None,
        _says(
            "Refuse to start what can't end by then: local time of day, or a duration.",
            "run",
            metavar="06:00|2h",
        ),
    ] = None
    remember: Annotated[
        bool,
        _says("Start from the quota that earlier runs found, and remember what this one finds."),
    ] = True
    limiter: Annotated[
        Limiter,
        _says(
            "Keep to the quota in this process, or together with all that name the same Redis.",
            metavar="local|URL",
        ),
    ] = "local"
    throttle_limit: Annotated[Duration, _says("Seconds an update may go on being throttled.")] = (
        900.0
    )
    connect_timeout: Annotated[Duration, _says("Seconds to wait for a connection.")] = 5.0
    read_timeout: Annotated[Duration, _says("Seconds to wait for an answer.")] = 30.0
    max_failures: Annotated[
        Threshold | None,
        _says(
            "Stop after more than N failures, or P% of the results (from 100 results on).",
            metavar="N|P%",
        ),
    ] = None
    grace: Annotated[
        Duration, _says("Seconds that a signal leaves for what is in flight.", *COMMANDS)
    ] = 20.0
    before: Annotated[
        bool | None,
        _says(
            "Look at every trigger first, keep its image, skip what is as asked; by default unless"
            " reading is very slow.",
            *COMMANDS,
        ),
    ] = None
    merge: Annotated[
        bool, _says("Send the live trigger whole, with the members of the update put in.")
    ] = False
    create_missing: Annotated[
        bool, _says("Create a trigger that is not there, from a line that has all it takes.")
    ] = False
    domain_map: Annotated[
        DomainMap | None,
        _says(
            "Use another domain than the one that a line names; several: separated by commas, or"
            " the flag again.",
            metavar="OLD=NEW",
        ),
    ] = None
    max_changes: Annotated[
        Threshold | None,
        _says(
            "Refuse to start when more than N triggers, or P%, would change.", "run", metavar="N|P%"
        ),
    ] = None
    canary: Annotated[
        Positive | None,
        _says("Do N updates first, show the result, and ask before the rest.", "run", metavar="N"),
    ] = None
    skip_invalid: Annotated[
        bool, _says("Run the valid lines of a file that has invalid ones.", "run")
    ] = False
    log_level: Annotated[LogLevel, _says("Least severe event that is logged.", *COMMANDS)] = "info"
    lease: Annotated[
        Annotated[int, Meta(ge=2, le=43_200)],
        _says(
            "Seconds that a message is lent at a time; extended while it waits or is worked on.",
            "worker",
        ),
    ] = 60
    ahead: Annotated[
        Duration,
        _says(
            "Seconds of work to borrow from a queue at most, at the pace of the moment.", "worker"
        ),
    ] = 20.0
    results: Annotated[
        str, _says("Directory that results of messages are written to.", "worker", metavar="DIR")
    ] = "results"
    results_to: Annotated[
        S3Url | None,
        _says("Where full result files are moved to.", "worker", metavar="s3://BUCKET/PREFIX"),
    ] = None
    rotate_bytes: Annotated[
        Positive, _says("Size from which on a new results file is begun.", "worker")
    ] = 64_000_000
    rotate_seconds: Annotated[
        Annotated[float, Meta(gt=0, le=MOST)],
        _says("Age from which on a new results file is begun.", "worker"),
    ] = 300.0
    http: Annotated[
        str | None,
        _says(
            "Serve health, metrics and a status page there; without a host on the loopback.",
            "worker",
            metavar="HOST:PORT",
        ),
    ] = None
    targets: Annotated[
        dict[str, TargetSettings], _says("Named targets: [targets.NAME] in the file.")
    ] = {}

    @property
    def known_targets(self) -> frozenset[str]:
        """The targets that a line may name."""
        return frozenset({self.target, *self.targets})


class Keywords(TypedDict, total=False):
    """The settings that the library knows, as keywords. A test holds it equal to Settings."""

    region: str | None
    profile: str | None
    role_arn: str | None
    external_id: str | None
    role_session_name: str
    endpoint_url: str | None
    rate: Rate
    burst: float | None
    share: str
    read_rate: Rate
    concurrency: int
    target: str
    max_attempts: int
    remember: bool
    limiter: str
    throttle_limit: float
    connect_timeout: float
    read_timeout: float
    max_failures: str | None
    merge: bool
    create_missing: bool
    domain_map: str | None
    targets: Mapping[str, Mapping[str, Any]]


class Option(Struct, frozen=True, kw_only=True):
    """One setting as its doors show it."""

    name: str
    help: str
    default: Any
    metavar: str | None
    is_flag: bool
    doors: tuple[Door, ...]

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
        found.append(
            Option(
                name=field.name,
                help=note.description,
                default=field.default,
                metavar=note.extra["metavar"] or _metavar(kind),
                is_flag=kind in (bool, bool | None),
                doors=note.extra["doors"],
            )
        )
    return found


def resolve(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    base: Settings | None = None,
) -> Settings:
    """Settings from flags (those that are not None), ``BATCHER_…`` variables, a TOML file, and
    ``base`` or the defaults.

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
    return _convert(merged, base or Settings())


def refuse_foreign(given: Mapping[str, Any], door: Door) -> None:
    """Raise SettingsError for a setting that this door does not know, though others do."""
    for option in options():
        if option.name in given and door not in option.doors:
            raise SettingsError(
                f"{option.name}: a setting of batcher {', '.join(option.doors)}; it means nothing"
                " here."
            )


def target_settings(settings: Settings, name: str) -> TargetSettings:
    """The settings of one target: its own table, or those of the run for a target without one."""
    return settings.targets.get(name) or TargetSettings(**_of_targets(settings))


def without_secrets(settings: Settings) -> Settings:
    """The settings as they may be written down: an address without its user and password."""
    kind, _, rest = settings.limiter.partition("://")
    return msgspec.structs.replace(
        settings, limiter=f"{kind}://{rest.rpartition('@')[2]}" if rest else kind
    )


def _of_targets(settings: Settings) -> dict[str, Any]:
    return {field: getattr(settings, field) for field in TargetSettings.__struct_fields__}


def _read(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise SettingsError(
            f"{file}: can't be read: {error.strerror}. Give a TOML file with --config."
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: not TOML: {error}. See configs/ for examples.") from error


def _convert(merged: Mapping[str, tuple[str, Any]], base: Settings) -> Settings:
    hints = get_type_hints(Settings, include_extras=True)
    values = {}
    for name, (origin, value) in merged.items():
        if name not in hints:
            raise SettingsError(
                f"{origin}: no such setting. Known: {', '.join(Settings.__struct_fields__)}."
            )
        if name != "targets":
            values[name] = _value(name, origin, value, hints[name])
    settings = msgspec.structs.replace(base, **values)
    if "targets" not in merged:
        return settings
    return msgspec.structs.replace(settings, targets=_targets(settings, *merged["targets"]))


def _value(name: str, origin: str, value: Any, hint: Any) -> Any:
    for spelled in _spellings(value):
        try:
            return msgspec.convert(spelled, hint, strict=False)
        except msgspec.ValidationError as error:
            reason = error
    shown = re.sub(r"//[^@\s]*@", "//…@", repr(value))  # an address may hold a password
    raise SettingsError(f"{origin}: can't be {shown}: {_complaint(name, reason)}") from reason


def _complaint(name: str, reason: msgspec.ValidationError) -> str:
    """What a setting has to be, in words of its own where msgspec's would speak of types and
    patterns.
    """
    option = next(option for option in options() if option.name == name)
    said = str(reason)
    wanted = "true|false" if option.is_flag else option.metavar
    if wanted is not None and ("regex" in said or "enum" in said or " | " in said):
        said = f"Give {wanted.replace('|', ' or ')}"
    return f"{said}. {option.help}"


def _targets(settings: Settings, origin: str, tables: Any) -> dict[str, TargetSettings]:
    """Each table of ``[targets.NAME]`` over the settings of the run: the most specific word
    counts.
    """
    if not isinstance(tables, Mapping) or not all(
        isinstance(table, Mapping) for table in tables.values()
    ):
        raise SettingsError(
            f"{origin}: has to be tables: [targets.NAME], each with region, profile, rate, …"
        )
    return {name: _target(settings, f"{origin}.{name}", table) for name, table in tables.items()}


def _target(settings: Settings, origin: str, table: Mapping[str, Any]) -> TargetSettings:
    hints = get_type_hints(TargetSettings, include_extras=True)
    known = _of_targets(settings)
    for name, value in table.items():
        if name not in known:
            raise SettingsError(
                f"{origin}: unknown member `{name}`. Members of a target: {', '.join(known)}."
            )
        known[name] = _value(name, f"{origin}.{name}", value, hints[name])
    return TargetSettings(**known)


def _spellings(value: Any) -> Iterator[Any]:
    """A value as it could be meant: a number as text ("5" of "5%"), a text as a number (5 of
    auto|N), or as it stands.
    """
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
