"""Patterns of targets: one table for many accounts and Regions, with {account} and {region} in it.

Each account of the list is one target in each Region, pinned to that account: nothing is signed for
another one. What a member of a target may be is not looked at here.
"""

import difflib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from batcher.config.account_list import (
    AccountRow,
    ColumnUse,
    GatheredFaults,
    ListAccounts,
    listed_accounts,
    read_accounts,
)
from batcher.config.given_text import refuse_no_region
from batcher.errors import SettingsError
from batcher.foreign_text import printable

TARGETS_AT_MOST = 100_000
MEMBERS = ("accounts", "regions")
_WAYS = ("profile", "role_arn", "external_id", "endpoint_url")  # in which an account is used
_PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


class PatternedTarget(Struct, frozen=True, kw_only=True):
    """A target that a pattern makes: its name, where it comes from, and the members of its table.

    A column of its row that is named like a member goes before that of the pattern; ``places``: of
    each member, the setting or cell that it is from, where there is one.
    """

    name: str
    origin: str
    members: Mapping[str, Any]
    places: Mapping[str, str] = {}


def is_pattern(name: str, table: Mapping[str, Any]) -> bool:
    """Whether a table stands for many targets."""
    return _PLACEHOLDER.search(name) is not None or any(member in table for member in MEMBERS)


def fill_in_columns(
    name: str, table: Mapping[str, Any], folder: Path, column_use: ColumnUse
) -> None:
    """Let it be known which columns of its file the texts of a pattern use.

    To be called of all patterns before targets of the first are made: several may have one file.
    """
    if isinstance(accounts := table.get("accounts"), str):
        own = {key: value for key, value in table.items() if key not in MEMBERS}
        column_use.fill_in(folder / accounts, _placeholders(name, own, []))


def patterned_targets(
    name: str,
    origin: str,
    table: Mapping[str, Any],
    *,
    member_names: frozenset[str],
    defaults: Mapping[str, Any],
    folder: Path,
    organization: str | None,
    list_accounts: ListAccounts | None,
    faults: GatheredFaults,
    column_use: ColumnUse,
) -> Iterator[PatternedTarget]:
    """The targets of a pattern.

    ``defaults``: the members of all targets, in whose texts there may be placeholders, too;
    ``folder``: where a file of accounts is looked for; ``organization``: where accounts come from
    that the table does not name, listed by ``list_accounts``; ``faults``: told of each row of which
    none can be made; ``column_use``: of the columns of a file. Raises SettingsError.
    """
    if "account" in table:
        raise SettingsError(f"{origin}.account: a pattern has accounts. Leave account out.")
    template = {key: value for key, value in defaults.items() if has_brace(value)}
    template |= {key: value for key, value in table.items() if key not in MEMBERS}
    rows = _rows(origin, table.get("accounts"), folder, organization, list_accounts)
    if isinstance(accounts := table.get("accounts"), str):
        column_use.note(folder / accounts, _columns(rows), _placeholders(name, template, rows))
    regions = _regions(origin, table, defaults["region"])
    written = {key: f"{origin}.{key}" for key in table}
    seen: dict[tuple[str, ...], AccountRow] = {}
    for row in rows:
        where = f"{origin} of {row.origin}"
        cells = {key: cell for key, cell in row.columns.items() if key in member_names}
        places = written | {key: f"{row.origin}: {key}" for key in cells}
        own = row.columns.get("region")
        for region in [own] if own else regions:
            there = {"account": row.account} | ({} if region is None else {"region": region})
            values = {**row.columns, **there}
            with faults.gathered():
                members = {
                    key: _filled(places.get(key, key), each, values, row)
                    for key, each in (template | cells).items()
                } | there
                _refuse_repeated(seen, row, members)
                own_name = _filled(origin, name, values, row)
                yield PatternedTarget(name=own_name, origin=where, members=members, places=places)


def _columns(rows: list[AccountRow]) -> dict[str, None]:
    """The columns that rows have besides the account."""
    return dict.fromkeys([*rows[0].columns, *rows[0].empty])


def _placeholders(name: str, template: Mapping[str, Any], rows: list[AccountRow]) -> set[str]:
    """What is filled in in a name, in the texts of a table, and in the cells of its file."""
    texts = {name, *(each for each in template.values() if isinstance(each, str))}
    texts |= {cell for row in rows for cell in row.columns.values() if "{" in cell}
    return {found for text in texts for found in _PLACEHOLDER.findall(text)}


def _refuse_repeated(
    seen: dict[tuple[str, ...], AccountRow], row: AccountRow, members: Mapping[str, Any]
) -> None:
    """An account may be there again in a Region where it is used in another way than before."""
    used = ("account", "region", *_WAYS)
    # as text: what a table gives may be of any kind, and is refused by its kind later
    first = seen.setdefault(tuple(repr(members.get(name)) for name in used), row)
    if first is not row:
        region = f" in {members['region']}" if "region" in members else ""
        raise SettingsError(
            f"{row.origin}: account {row.account}{region} is there twice; first: {first.origin}."
            " Take one out, or give each a role_arn or a profile of its own."
        )


def refuse_stray_brace(where: str, text: str) -> None:
    """Raise SettingsError for a text with a brace that is none of a {placeholder}."""
    if has_brace(_PLACEHOLDER.sub("", text)):
        raise SettingsError(
            f"{where}: a brace is out of place in {printable(text)!r}. Write what is to be filled"
            " in like {account}, with one brace before it and one after it."
        )


def has_brace(value: Any) -> bool:
    """Whether it is a text in which something is to be filled in, or looks like it."""
    return isinstance(value, str) and ("{" in value or "}" in value)


def _rows(
    origin: str,
    accounts: Any,
    folder: Path,
    organization: str | None,
    list_accounts: ListAccounts | None,
) -> list[AccountRow]:
    if isinstance(accounts, str):
        return read_accounts(folder / accounts, f"{origin}.accounts")
    if isinstance(accounts, list):
        return listed_accounts(accounts, f"{origin}.accounts")
    if accounts is not None:
        raise SettingsError(
            f"{origin}.accounts: has to be the path of a CSV file, or a list of accounts."
        )
    if organization is None:
        raise SettingsError(
            f"{origin}: a pattern needs accounts, the path of a CSV file or a list, or"
            " --organization."
        )
    if list_accounts is None:
        raise SettingsError(
            "organization: is listed by batcher's commands only. Give accounts instead."
        )
    return list_accounts(organization)


def _regions(origin: str, table: Mapping[str, Any], default_region: str | None) -> list[str | None]:
    if "region" in table:
        if "regions" in table:
            raise SettingsError(f"{origin}: has region and regions. Give one of them.")
        return [table["region"]]
    given: Any = table.get("regions", [default_region])
    is_list = isinstance(given, list) and given
    if not is_list or not all(each is None or isinstance(each, str) for each in given):
        raise SettingsError(f"{origin}.regions: has to be a list of Regions.")
    if len(set(given)) < len(given):
        raise SettingsError(f"{origin}.regions: a Region is there twice. Take one out.")
    faults = GatheredFaults("Region")
    for each in given:
        with faults.gathered():
            if each:
                refuse_no_region(f"{origin}.regions", each)
    faults.refuse()
    return list(given)


def _filled(where: str, value: Any, values: Mapping[str, str], row: AccountRow) -> Any:
    """A member with the placeholders in it filled in. ``where``: the setting that it is."""
    if not isinstance(value, str):
        return value
    refuse_stray_brace(where, value)

    def fill(match: re.Match[str]) -> str:
        if (found := values.get(match[1])) is None:
            raise SettingsError(_unfilled(where, match[1], values, row))
        return found

    return _PLACEHOLDER.sub(fill, value)


def _unfilled(where: str, named: str, values: Mapping[str, str], row: AccountRow) -> str:
    """Why a placeholder can't be filled in from that row."""
    shown = printable(named)
    if named in row.empty:
        return f"{row.origin}: {shown} is empty, and {where} needs it for {{{shown}}}. Fill it in."
    near = difflib.get_close_matches(named[:64], [*values, *row.empty], n=1)
    meant = f" Did you mean {{{printable(near[0])}}}?" if near else ""
    there = ", ".join(f"{{{name}}}" for name in values)
    return f"{where}: nothing is known for {{{shown}}}; there is {there}.{meant}"
