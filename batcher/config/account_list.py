"""The accounts that a pattern of targets is filled with: a CSV file, a list, or an organization.

What a pattern makes of them is in ``target_patterns``.
"""

import csv
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from difflib import get_close_matches
from itertools import zip_longest
from pathlib import Path
from typing import Any, TypeAlias

from msgspec import Struct

from batcher.config.target_settings import TargetSettings
from batcher.errors import SettingsError
from batcher.foreign_text import printable
from batcher.number_text import several

FILE_AT_MOST = 16 << 20  # bytes
FAULTS_SHOWN = 10
_ACCOUNT = re.compile(r"[0-9]{12}")
_SEPARATORS = ((";", "semicolons"), ("\t", "tabs"))
_MEMBERS = TargetSettings.__struct_fields__
_MEMBERS_AND_PLURALS = {  # a list in a cell is nothing that is known
    each: name for name in _MEMBERS for each in (name, f"{name}s")
}
_NEEDED = "a column account, with 12 digits each; region, name and others are optional"


class AccountRow(Struct, frozen=True, kw_only=True):
    """An account, and what else is known of it, by column. ``origin``: where that stands.

    ``empty``: the columns in which it has nothing.
    """

    account: str
    origin: str
    columns: Mapping[str, str] = {}
    empty: tuple[str, ...] = ()


ListAccounts: TypeAlias = Callable[[str], list[AccountRow]]
"""Told an organization, root or unit of one, returns the active accounts below it."""


class GatheredFaults:
    """What is wrong in many, so that all of it is told at once; what several share is one fault.

    ``kind``: what they are, in the singular, such as row.
    """

    def __init__(self, kind: str) -> None:
        self._said: dict[str, None] = {}
        self._kind = kind

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Take a SettingsError of one of them, and let the others be looked at."""
        try:
            yield
        except SettingsError as error:
            self._said[str(error)] = None

    def refuse(self) -> None:
        """Raise SettingsError with what there was, the first ones of many."""
        if self._said:
            shown, more = [*self._said][:FAULTS_SHOWN], len(self._said) - FAULTS_SHOWN
            rest = [f"{several(more, f'more {self._kind}')} can't be used."] if more > 0 else []
            raise SettingsError(" ".join([*shown, *rest]))


class ColumnUse:
    """Which columns of files of accounts are used, by members or placeholders of some pattern."""

    def __init__(self) -> None:
        self._columns: dict[Path, dict[str, bool]] = {}

    def fill_in(self, path: Path, used: Iterable[str]) -> None:
        """Take in what a pattern fills in: it uses the columns of these names, where there are."""
        self._columns.setdefault(path, {}).update(dict.fromkeys(used, True))

    def note(self, path: Path, columns: Iterable[str], used: Iterable[str]) -> None:
        """Take in which of its columns a pattern uses.

        Raises SettingsError for one that is unused so far and nearly called like a member of a
        target that has no column: it was meant to set that.
        """
        columns = list(columns)
        self.fill_in(path, used)
        known = self._columns[path]
        for name in columns:
            is_used = known.setdefault(name, name in _MEMBERS)
            if not is_used and (meant := _near_member(name, columns)) is not None:
                raise SettingsError(
                    f"{path}: row 1: column {printable(name)} sets nothing, and no text has"
                    f" {{{printable(name)}}} in it. Did you mean {meant}?"
                )

    def unused(self) -> Iterator[str]:
        """Of each file, in words, which columns nothing uses."""
        for path, columns in self._columns.items():
            if names := [printable(name) for name, is_used in columns.items() if not is_used]:
                what = "columns" if len(names) > 1 else "column"
                yield f"{path}: nothing uses {what} {', '.join(names)}."


def read_accounts(path: Path, origin: str) -> list[AccountRow]:
    """The accounts of a CSV file, a row each. ``origin``: the setting that names it.

    Raises SettingsError with each row that is wrong, the first ones, and what to do.
    """
    rows = csv.reader(_text(path, origin).splitlines(keepends=True), strict=True)
    found, faults = list[AccountRow](), GatheredFaults("row")
    try:
        header = [name.strip() for name in next(rows, [])]
        _check_header(f"{path}: row 1", header)
        for cells in rows:
            where = f"{path}: row {rows.line_num}"
            if not any(cell.strip() for cell in cells):
                continue
            with faults.gathered():
                found.append(_row(where, header, [cell.strip() for cell in cells]))
    except csv.Error as error:
        raise SettingsError(
            f"{path}: row {rows.line_num}: no CSV: {error}. Look at its quotes."
        ) from error
    faults.refuse()
    if not found:
        raise SettingsError(f"{path}: there is no account in it. It needs {_NEEDED}.")
    return found


def listed_accounts(given: list[Any], origin: str) -> list[AccountRow]:
    """The accounts of a list of texts. Raises SettingsError with each that is wrong, the first."""
    found, faults = list[AccountRow](), GatheredFaults("account")
    for number, each in enumerate(given, 1):
        with faults.gathered():
            found.append(_listed(f"{origin}[{number}]", each))
    faults.refuse()
    if not found:
        raise SettingsError(f"{origin}: there is no account in it.")
    return found


def _listed(where: str, given: Any) -> AccountRow:
    if not isinstance(given, str):
        raise SettingsError(
            f"{where}: {given!r} is no text, so zeros at its beginning are lost. Write it in"
            ' quotes: "012345678901".'
        )
    return AccountRow(account=_account(where, given.strip()), origin=where)


def _text(path: Path, origin: str) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_AT_MOST + 1)
    except OSError as error:
        raise SettingsError(
            f"{origin}: {path} can't be read: {error.strerror}. Its place is relative to the"
            " settings file."
        ) from error
    if len(content) > FILE_AT_MOST:
        raise SettingsError(f"{path}: longer than {FILE_AT_MOST:,} bytes: no list of accounts is.")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise SettingsError(f"{path}: is UTF-16. Save it as CSV UTF-8.")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise SettingsError(f"{path}: row {row}: is not UTF-8. Save it as CSV UTF-8.") from error


def _check_header(where: str, header: list[str]) -> None:
    if "account" not in header:
        for separator, name in _SEPARATORS:
            if len(header) == 1 and "account" in header[0].split(separator):
                raise SettingsError(f"{where}: separated by {name}. Save it with commas.")
        named = ", ".join(printable(name) for name in header) or "nothing"
        raise SettingsError(f"{where}: has to name {_NEEDED}; it names {named}.")
    for name in header:
        if not name or header.count(name) > 1:
            what = f"column {printable(name)} is there twice" if name else "a column has no name"
            raise SettingsError(f"{where}: {what}. Name each column once.")
        if (meant := _member_meant(name)) is not None:
            raise SettingsError(
                f"{where}: column {printable(name)} would set nothing. Call it {meant}, or"
                " something else."
            )


def _member_meant(name: str) -> str | None:
    """The member of a target that a column is nearly called like; None: it is no such column."""
    meant = _MEMBERS_AND_PLURALS.get(_words(name))
    return None if meant == name else meant


def _near_member(name: str, columns: Collection[str]) -> str | None:
    """The member that a column is most likely meant to set, of those that have no column."""
    lacking = [member for member in (*_MEMBERS, "account") if member not in columns]
    return next(iter(get_close_matches(_words(name)[:64], lacking, n=1, cutoff=0.75)), None)


def _words(name: str) -> str:
    """The words of a column as a member would be written of them."""
    return re.sub(r"[\W_]+", "_", name.casefold()).strip("_")


def _row(where: str, header: list[str], cells: list[str]) -> AccountRow:
    if len(cells) > len(header):
        raise SettingsError(
            f"{where}: has {len(cells)} cells, and there are {len(header)} columns. Quote a cell"
            " that holds a comma."
        )
    columns = dict(zip_longest(header, cells, fillvalue=""))
    return AccountRow(
        account=_account(where, columns.pop("account")),
        origin=where,
        columns={name: cell for name, cell in columns.items() if cell},
        empty=tuple(name for name, cell in columns.items() if not cell),
    )


def _account(where: str, text: str) -> str:
    if _ACCOUNT.fullmatch(text):
        return text
    advice = "An account has 12 digits."
    if re.fullmatch(r"[0-9]{1,11}", text):
        advice = (
            f"It has {len(text)} digits, not 12: a spreadsheet takes zeros at the beginning away."
            f" If it is {text:0>12}, write that, in a column formatted as text."
        )
    elif re.fullmatch(r"[0-9]+([.,][0-9]+)?[eE]\+?[0-9]+", text):
        advice = "A spreadsheet has rounded it. Format the column as text, and enter it again."
    elif re.sub(r"\D", "", text) and _ACCOUNT.fullmatch(re.sub(r"[^0-9]", "", text)):
        advice = "Write its 12 digits, and nothing else."
    elif not text:
        advice = "There is none. Write its 12 digits, or take the row out."
    raise SettingsError(f"{where}: account {printable(text)!r}: {advice}")
