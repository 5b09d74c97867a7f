"""What a setting is given as: by flag over environment over file, and what is wrong with it.

Everything that is given is checked here, and turned into what the record holds.
"""

import difflib
import re
import tomllib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from typing import Any, get_type_hints

import msgspec

from batcher.config.account_list import AccountRow, ColumnUse, GatheredFaults, ListAccounts
from batcher.config.given_text import clean_text, refuse_no_port, refuse_no_region, refuse_unknown
from batcher.config.hook_settings import read_hooks
from batcher.config.number_ranges import number_wanted
from batcher.config.options import OTHER_NAMES, SECRET, options, variables
from batcher.config.settings import Settings
from batcher.config.target_patterns import MEMBERS as PATTERN_MEMBERS
from batcher.config.target_patterns import (
    TARGETS_AT_MOST,
    PatternedTarget,
    fill_in_columns,
    has_brace,
    is_pattern,
    patterned_targets,
    refuse_stray_brace,
)
from batcher.config.target_settings import TargetSettings
from batcher.config.value_kinds import EntryPoint
from batcher.errors import SettingsError
from batcher.foreign_text import printable, shown_url
from batcher.target_identity import account_of_role
from batcher.text_value import parse_text
from batcher.updates.target_names import NAMED_AT_MOST

FILE_AT_MOST = 1 << 20  # bytes
_ACCOUNT = re.compile(r"[0-9]{12}")


def resolve(
    flags: Mapping[str, Any],
    *,
    environ: Mapping[str, str] | None = None,
    file: Path | None = None,
    base: Settings | None = None,
    list_accounts: Callable[[Settings, str], list[AccountRow]] | None = None,
    on_notice: Callable[[str], None] | None = None,
) -> Settings:
    """Settings from flags that are not None, ``BATCHER_…`` variables, a TOML file, then ``base``.

    An empty variable is an unset one. ``list_accounts`` is told the settings of the run, and the
    organization, or the part of one, whose accounts are to be listed; None: none can be.
    ``on_notice`` is told, in words, what is odd and no error.

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
    folder = Path() if file is None else file.parent
    column_use = ColumnUse()
    settings = _over(base or Settings(), given, folder, list_accounts, column_use)
    if on_notice is not None:
        for said in column_use.unused():
            on_notice(said)
    if "role_arn" in given and settings.role_arn is not None:
        refuse_stray_brace(given["role_arn"][0], settings.role_arn)
    if settings.target not in settings.targets:
        where = given["role_arn"][0] if "role_arn" in given else "role_arn"
        _refuse_role_of_another_account(where, settings)
    if settings.with_integrations and not settings.create_missing:
        raise SettingsError(
            "--with-integrations: means something only with --create-missing, and for lines whose"
            " domain --domain-map gives another."
        )
    settings = _with_target_by_account(settings)
    if settings.without_target is not None:
        _refuse_no_target(given.get("without_target", ("without_target", None))[0], settings)
    if "target" in given and not given["target"][0].startswith(f"{file}: "):
        _refuse_without_table(given["target"][0], settings)
    return settings


def _refuse_no_target(origin: str, settings: Settings) -> None:
    """What is to be left for later is there; else it would be a slip, and something is sent."""
    assert settings.without_target is not None
    names = settings.target_names
    for text, found in settings.without_target.found_in(names).items():
        if not found:
            raise SettingsError(f"{origin}: {names.refusal(text, printable(text))}.")


def _with_target_by_account(settings: Settings) -> Settings:
    """Settings whose target, where an account is given for it, is that of this account."""
    name = settings.target_names.by_account(settings.target)
    if name is None or settings.target in settings.targets:
        return settings
    return msgspec.structs.replace(settings, target=name)


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
        if name in settings.target_names.accounts:
            raise SettingsError(f"{origin}: {settings.target_names.refusal(name, name)}.")
        tables = ", ".join(f"[targets.{each}]" for each in list(settings.targets)[:NAMED_AT_MOST])
        more = len(settings.targets) - NAMED_AT_MOST
        also = f" and {more:,} more" if more > 0 else ""
        raise SettingsError(
            f"{origin}: there is no [targets.{name}] beside {tables}{also}. Give one of these"
            " names, or add that table."
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


def _over(
    base: Settings,
    given: Mapping[str, tuple[str, Any]],
    folder: Path,
    list_accounts: Callable[[Settings, str], list[AccountRow]] | None,
    column_use: ColumnUse,
) -> Settings:
    hints = get_type_hints(Settings, include_extras=True)
    values = {}
    for name, (origin, value) in given.items():
        if name not in hints:
            known = [*hints, *OTHER_NAMES]
            meant = _did_you_mean(name, known)
            raise SettingsError(f"{origin}: no such setting.{meant} Known: {', '.join(known)}.")
        if name == "hooks":
            values[name] = (*base.hooks, *read_hooks(origin, value))
        elif name != "targets":
            values[name] = _value(name, origin, value, hints[name])
    settings = msgspec.structs.replace(base, **values)
    if "targets" not in given:
        if "organization" in given:
            raise SettingsError(_NO_PATTERN.format(given["organization"][0]))
        return settings
    tables = _tables(*given["targets"])
    list_them = None if list_accounts is None else partial(list_accounts, settings)
    targets = _targets(settings, tables, folder, list_them, column_use)
    if "organization" in given and all(
        "accounts" in table for name, (_, table) in tables.items() if is_pattern(name, table)
    ):
        raise SettingsError(_NO_PATTERN.format(given["organization"][0]))
    return msgspec.structs.replace(settings, targets=targets)


_NO_PATTERN = (
    '{}: there is no [targets."{{account}}"] without accounts, which would have those of the'
    " organization. Give one in the file of --config."
)


def _tables(origin: str, tables: Any) -> dict[str, tuple[str, Mapping[str, Any]]]:
    """Each table of ``[targets.NAME]``, and where it stands."""
    if not isinstance(tables, Mapping) or not all(
        isinstance(table, Mapping) for table in tables.values()
    ):
        raise SettingsError(
            f"{origin}: has to be tables: [targets.NAME], each with region, profile, rate, …"
        )
    return {
        clean_text(f"{origin}.{name}", str(name)): (f"{origin}.{name}", table)
        for name, table in tables.items()
    }


def _targets(
    settings: Settings,
    tables: Mapping[str, tuple[str, Mapping[str, Any]]],
    folder: Path,
    list_accounts: ListAccounts | None,
    column_use: ColumnUse,
) -> dict[str, TargetSettings]:
    """Each table, and each target of a pattern, over the settings of the run."""
    faults = GatheredFaults("table")
    found: dict[str, TargetSettings] = {}
    origins: dict[str, str] = {}

    def add(each: PatternedTarget, target: TargetSettings) -> None:
        own = clean_text(each.origin, each.name)
        if own in origins:
            raise SettingsError(
                f"{each.origin}: target {own} is there already, from {origins[own]}. Give"
                " patterns names that differ, with {account}, {region} or what else differs"
                " in them."
            )
        origins[own], found[own] = each.origin, target

    for name, (_, table) in tables.items():
        fill_in_columns(name, table, folder, column_use)
    for name, (origin, table) in tables.items():
        with faults.gathered():
            _take_table(settings, name, origin, table, folder, list_accounts, column_use, add)
        if len(found) > TARGETS_AT_MOST:
            raise SettingsError(f"{origin}: more than {TARGETS_AT_MOST:,} targets.")
    faults.refuse()
    _refuse_names_of_other_accounts(found, origins)
    return found


@cache
def _target_hints() -> dict[str, Any]:
    return get_type_hints(TargetSettings, include_extras=True)


def _take_table(
    settings: Settings,
    name: str,
    origin: str,
    table: Mapping[str, Any],
    folder: Path,
    list_accounts: ListAccounts | None,
    column_use: ColumnUse,
    add: Callable[[PatternedTarget, TargetSettings], None],
) -> None:
    """Add the target of a table, or those of a pattern. Raises SettingsError, of all its rows."""
    hints, defaults, faults = _target_hints(), settings.target_defaults, GatheredFaults("row")
    refuse_stray_brace(origin, name)
    _refuse_unknown_member(origin, table, hints)
    targets = iter([PatternedTarget(name=name, origin=origin, members=table)])
    if is_pattern(name, table):
        targets = patterned_targets(
            name,
            origin,
            table,
            member_names=frozenset(hints),
            defaults=msgspec.structs.asdict(defaults),
            folder=folder,
            organization=settings.organization,
            list_accounts=list_accounts,
            faults=faults,
            column_use=column_use,
        )
    for each in targets:
        with faults.gathered():
            add(each, _target(defaults, each.origin, each.members, hints, each.places))
    faults.refuse()


def _refuse_names_of_other_accounts(
    targets: Mapping[str, TargetSettings], origins: Mapping[str, str]
) -> None:
    """A target that is called like an account is that one: a line may mean the one or the other."""
    accounts = {target.account for target in targets.values()}
    for name, target in targets.items():
        account, _, region = name.partition("/")
        if not _ACCOUNT.fullmatch(account):
            continue
        is_other = account != target.account and (target.account or account in accounts)
        if is_other or (region and target.account and region != target.region):
            raise SettingsError(
                f"{origins[name]}: target {name} is called like an account or Region that it is"
                " not, and lines may mean either. Give it another name."
            )


def _target(
    defaults: TargetSettings,
    origin: str,
    table: Mapping[str, Any],
    hints: Mapping[str, Any],
    places: Mapping[str, str],
) -> TargetSettings:
    """The settings of a target. ``places``: of members that are from elsewhere than ``origin``."""
    values, faults = {}, GatheredFaults("member")
    for name, value in table.items():
        with faults.gathered():
            values[name] = _value(name, places.get(name, f"{origin}.{name}"), value, hints[name])
    faults.refuse()
    found = msgspec.structs.replace(defaults, **values)
    if has_brace(found.role_arn):
        raise SettingsError(
            f"{origin}.role_arn: {printable(found.role_arn or '')!r} has a brace, which is filled"
            " in for patterns only. Give this target a role of its own."
        )
    _refuse_role_of_another_account(f"{origin}.role_arn", found)
    return found


def _refuse_role_of_another_account(origin: str, target: TargetSettings) -> None:
    """Whoever assumes a role is of its account, so a target that is pinned to another is a slip."""
    account = account_of_role(target.role_arn)
    if account is not None and target.account not in (None, account):
        raise SettingsError(
            f"{origin}: {printable(target.role_arn or '')} is a role of account {account}, and"
            f" account says {target.account}. Correct the one that is wrong."
        )


def _refuse_unknown_member(origin: str, table: Mapping[str, Any], members: Collection[str]) -> None:
    known = [*members, *PATTERN_MEMBERS]
    if unknown := [name for name in table if name not in known]:
        named = " ".join(
            f"unknown member `{printable(name)}`.{_did_you_mean(name, known)}"
            for name in unknown[:NAMED_AT_MOST]
        )
        raise SettingsError(
            f"{origin}: {named} Members of a target: {', '.join(members)}; of a pattern also"
            f" {', '.join(PATTERN_MEMBERS)}."
        )


def _did_you_mean(name: str, known: Sequence[str]) -> str:
    """A sentence with the known name that is likely meant; empty where none is like it."""
    near = difflib.get_close_matches(name[:64], known, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _value(name: str, origin: str, value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        value = clean_text(origin, value)
        if name == "region" and value:
            refuse_no_region(origin, value)
        if name == "endpoint_url":
            refuse_no_port(origin, value)
    for reading in _readings(value):
        try:
            return msgspec.convert(reading, hint, strict=False, dec_hook=parse_text)
        except msgspec.ValidationError as error:
            reason = error
    if name in SECRET:
        wanted = _wanted(name, "regex", hint)
        raise SettingsError(f"{origin}: can't be what was given: {wanted}") from None
    shown = repr(_without_password(value) if isinstance(value, str) else value)
    raise SettingsError(
        f"{origin}: can't be {shown}: {_wanted(name, str(reason), hint)}"
    ) from reason


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


def _wanted(name: str, reason: str, hint: Any) -> str:
    """What a setting has to be, in plain words where msgspec speaks of types and patterns."""
    option = next(option for option in options() if option.name == name)
    if option.is_flag:
        reason = "Write true or false"
    elif (wanted := number_wanted(hint)) is not None:
        reason = f"Give {wanted}"
    elif any(word in reason for word in ("regex", "enum", " | ", "`str`")):
        reason = f"Give {option.metavar.replace('|', ' or ')}"
    return f"{reason}. {option.help}"
