"""What a setting is given as: by flag over environment over file, and what is wrong with it.

Everything that is given is checked here, and turned into what the record holds.
"""

import difflib
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from batcher.config.given_text import clean_text, refuse_unknown
from batcher.config.hook_settings import read_hooks
from batcher.config.options import OTHER_NAMES, SECRET, options, variables
from batcher.config.settings import Settings
from batcher.config.target_settings import TargetSettings
from batcher.config.value_kinds import EntryPoint
from batcher.errors import SettingsError
from batcher.foreign_text import shown_url
from batcher.text_value import parse_text

FILE_AT_MOST = 1 << 20  # bytes


def resolve(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    base: Settings | None = None,
) -> Settings:
    """Settings from flags that are not None, ``BATCHER_…`` variables, a TOML file, then ``base``.

    An empty variable is an unset one.

    Raises SettingsError that names the setting, where it came from, and what it may be.
    """
    given: dict[str, tuple[str, Any]] = {}  # by name: where it was given, and the value
    if file is not None:
        content = _read_toml(file)
        given = _named({name: (f"{file}: {name}", value) for name, value in content.items()})
    if environ is not None:
        refuse_unknown(environ, variables())
        given |= _named(
            {
                option.name: (option.variable, environ[option.variable])
                for option in options()
                if environ.get(option.variable, "").strip()
            }
        )
    given |= _named(
        {
            name: ("--" + name.replace("_", "-"), value)
            for name, value in flags.items()
            if value is not None
        }
    )
    settings = _over(base or Settings(), given)
    if settings.with_integrations and not settings.create_missing:
        raise SettingsError(
            "--with-integrations: means something only with --create-missing, and for lines whose"
            " domain --domain-map gives another."
        )
    if "target" in given and not given["target"][0].startswith(f"{file}: "):
        _refuse_without_table(given["target"][0], settings)
    return settings


def _named(given: Mapping[str, tuple[str, Any]]) -> dict[str, tuple[str, Any]]:
    """What one source gives, under the names of settings: those that stand for one are taken away.

    One that is false stands for the default. Raises SettingsError for two that are at odds.
    """
    found = {name: each for name, each in given.items() if name not in OTHER_NAMES}
    for name in given.keys() & OTHER_NAMES.keys():
        (origin, value), (setting, meant) = given[name], OTHER_NAMES[name]
        is_on = _value(name, origin, value, bool)
        if setting not in given:
            found[setting] = origin, meant if is_on else getattr(Settings(), setting)
        elif is_on and given[setting][1] != meant:
            raise SettingsError(
                f"{origin}: that is the same as {setting} = {meant}, and {given[setting][0]} says"
                f" {given[setting][1]}. Give one of them."
            )
    return found


def _refuse_without_table(origin: str, settings: Settings) -> None:
    """A name that is given beside tables is that of one of them; else it would be a slip."""
    name = settings.target
    if settings.targets and name not in settings.targets:
        tables = ", ".join(f"[targets.{each}]" for each in settings.targets)
        raise SettingsError(
            f"{origin}: there is no [targets.{name}] beside {tables}. Give one of these names, or"
            f" add that table."
        )


def refuse_foreign(given: Mapping[str, Any], entry_point: EntryPoint) -> None:
    """Raise SettingsError for a setting that this entry point does not know, though others do."""
    if "hooks" in given:
        raise SettingsError(
            "hooks: a setting of batcher run, worker; it means nothing here. Leave it out."
        )
    for option in options():
        if option.name in given and entry_point not in option.entry_points:
            known_to = ", ".join(option.entry_points)
            raise SettingsError(
                f"{option.name}: a setting of batcher {known_to}; it means nothing here. Leave it"
                " out."
            )


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        with file.open("rb") as opened:
            content = opened.read(FILE_AT_MOST + 1)
        if len(content) > FILE_AT_MOST:
            raise SettingsError(f"{file}: longer than {FILE_AT_MOST:,} bytes: no settings file is.")
        return tomllib.loads(content.decode())
    except OSError as error:
        raise SettingsError(
            f"{file}: can't be read: {error.strerror}. Give a TOML file with --config."
        ) from error
    except (ValueError, RecursionError) as error:  # ValueErrors: of TOML, UTF-8 and numbers
        raise SettingsError(f"{file}: not TOML: {error}. See configs/ for examples.") from error


def _over(base: Settings, given: Mapping[str, tuple[str, Any]]) -> Settings:
    hints = get_type_hints(Settings, include_extras=True)
    values = {}
    for name, (origin, value) in given.items():
        if name not in hints:
            near = difflib.get_close_matches(name[:64], [*hints, *OTHER_NAMES], n=1)
            meant = f" Did you mean {near[0]}?" if near else ""
            known = ", ".join([*hints, *OTHER_NAMES])
            raise SettingsError(f"{origin}: no such setting.{meant} Known: {known}.")
        if name == "hooks":
            values[name] = (*base.hooks, *read_hooks(origin, value))
        elif name != "targets":
            values[name] = _value(name, origin, value, hints[name])
    settings = msgspec.structs.replace(base, **values)
    if "targets" not in given:
        return settings
    targets = _targets(settings.target_defaults, *given["targets"])
    return msgspec.structs.replace(settings, targets=targets)


def _targets(defaults: TargetSettings, origin: str, tables: Any) -> dict[str, TargetSettings]:
    """Each table of ``[targets.NAME]`` over the settings of the run."""
    if not isinstance(tables, Mapping) or not all(
        isinstance(table, Mapping) for table in tables.values()
    ):
        raise SettingsError(
            f"{origin}: has to be tables: [targets.NAME], each with region, profile, rate, …"
        )
    names = {clean_text(f"{origin}.{name}", str(name)): table for name, table in tables.items()}
    return {name: _target(defaults, f"{origin}.{name}", table) for name, table in names.items()}


def _target(defaults: TargetSettings, origin: str, table: Mapping[str, Any]) -> TargetSettings:
    hints = get_type_hints(TargetSettings, include_extras=True)
    values = {}
    for name, value in table.items():
        if name not in hints:
            known = ", ".join(hints)
            raise SettingsError(f"{origin}: unknown member `{name}`. Members of a target: {known}.")
        values[name] = _value(name, f"{origin}.{name}", value, hints[name])
    return msgspec.structs.replace(defaults, **values)


def _value(name: str, origin: str, value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        value = clean_text(origin, value)
    for reading in _readings(value):
        try:
            return msgspec.convert(reading, hint, strict=False, dec_hook=parse_text)
        except msgspec.ValidationError as error:
            reason = error
    if name in SECRET:
        wanted = _wanted(name, "regex")
        raise SettingsError(f"{origin}: can't be what was given: {wanted}") from None
    shown = repr(_without_password(value) if isinstance(value, str) else value)
    raise SettingsError(f"{origin}: can't be {shown}: {_wanted(name, str(reason))}") from reason


def _without_password(text: str) -> str:
    shown = shown_url(text)
    return shown if "@" not in text or "…" in shown else shown.replace("://", "://…@", 1)


def _readings(value: Any) -> Iterator[Any]:
    """A value as it could be meant: a number as text (5 of N|P%), a text as a number, as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        yield str(value)
    if isinstance(value, str) and value.isascii():
        with suppress(ValueError):
            yield float(value)
    yield value


def _wanted(name: str, reason: str) -> str:
    """What a setting has to be, in plain words where msgspec speaks of types and patterns."""
    option = next(option for option in options() if option.name == name)
    if any(word in reason for word in ("regex", "enum", " | ")):
        reason = f"Give {option.metavar.replace('|', ' or ')}"
    return f"{reason}. {option.help}"
