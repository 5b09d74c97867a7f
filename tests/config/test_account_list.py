"""The accounts of a pattern: what a spreadsheet makes of them is told, row by row."""

from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.config.account_list import FAULTS_SHOWN, ColumnUse, listed_accounts, read_accounts
from batcher.config.target_settings import TargetSettings
from batcher.errors import SettingsError

ONE, TWO = "012345678901", "111122223333"


def accounts_of(tmp_path: Path, content: bytes) -> list[tuple[str, dict[str, str]]]:
    path = tmp_path / "accounts.csv"
    path.write_bytes(content)
    return [(row.account, dict(row.columns)) for row in read_accounts(path, "accounts")]


@pytest.mark.parametrize(
    "content",
    [
        f"account,region,name\n{ONE},eu-west-1,shop\n{TWO},,\n",
        f"account,region,name\r\n{ONE},eu-west-1,shop\r\n{TWO},,\r\n",
        f"\ufeffaccount,region,name\n{ONE},eu-west-1,shop\n{TWO}\n",
        f'"account", region ,"name"\n"{ONE}"," eu-west-1","shop"\n\n,,\n{TWO},,',
    ],
    ids=["plain", "CRLF", "BOM", "quoted"],
)
def test_a_file_is_read_as_spreadsheets_write_it(tmp_path: Path, content: str) -> None:
    found = accounts_of(tmp_path, content.encode())
    assert found == [(ONE, {"region": "eu-west-1", "name": "shop"}), (TWO, {})]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (
            f"account\n{ONE}\n12345678901\n",
            r"row 3: account .* 11 digits, .* zeros .* 012345678901",
        ),
        ("account\n1.11122E+11\n", r"row 2: .*rounded it.* as text"),
        ("account\n1111-2222-3333\n", r"row 2: .*12 digits, and nothing else"),
        ("account\n'111122223333\n", r"row 2: .*12 digits, and nothing else"),
        ('account\n="111122223333"\n', r"row 2: .*12 digits, and nothing else"),
        ("account\nprod\n", r"row 2: account 'prod': An account has 12 digits"),
        ("account,name\n,x\n", r"row 2: .*There is none"),
        ("id,name\n1,2\n", r"row 1: has to name a column account, .*; it names id, name"),
        (f"account;name\n{ONE};x\n", r"row 1: separated by semicolons"),
        (f"account,name,name\n{ONE},x,y\n", r"row 1: column name is there twice"),
        (f"account,\n{ONE},x\n", r"row 1: a column has no name"),
        (f"account,Protected\n{ONE},true\n", r"row 1: column Protected .* Call it protected"),
        (f"account,Read Rate\n{ONE},2\n", r"row 1: column Read Rate .* Call it read_rate"),
        (f"account,role-arn\n{ONE},x\n", r"row 1: column role-arn .* Call it role_arn"),
        (f"account,regions\n{ONE},x\n", r"row 1: column regions .* Call it region"),
        (f"account\n{ONE},x\n", r"row 2: has 2 cells, and there are 1 columns"),
        (f'account\n"{ONE}\n', r"row 2: no CSV"),
        ("account\n", r"there is no account in it"),
        ("", r"row 1: has to name .*it names nothing"),
    ],
)
def test_what_is_wrong_is_told_with_its_row_and_what_to_do(
    tmp_path: Path, content: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        accounts_of(tmp_path, content.encode())


def test_all_rows_that_are_wrong_are_told_but_for_those_beyond_the_first_few(
    tmp_path: Path,
) -> None:
    with pytest.raises(SettingsError) as raised:
        accounts_of(tmp_path, f"account\n1\n{ONE}\nx\n".encode())
    assert [f"row {row}: account" in str(raised.value) for row in (2, 3, 4)] == [True, False, True]
    with pytest.raises(SettingsError, match=r"row 11: .* 12 digits\. 3 more rows can't be used\.$"):
        accounts_of(tmp_path, b"account\n" + b"x\n" * (FAULTS_SHOWN + 3))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (f"account,name\n{ONE},\xe9\n".encode("latin-1"), r"row 2: is not UTF-8"),
        (f"account\n{ONE}\n".encode("utf-16"), "is UTF-16"),
    ],
    ids=["latin-1", "UTF-16"],
)
def test_another_encoding_is_told(tmp_path: Path, content: bytes, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        accounts_of(tmp_path, content)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^accounts: .*none.csv can't be read: No such file"):
        read_accounts(tmp_path / "none.csv", "accounts")


@given(st.binary(max_size=200))
def test_whatever_is_in_a_file_it_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    rows = []
    with suppress(SettingsError):
        rows = accounts_of(tmp_path_factory.getbasetemp(), content)
    assert all(len(account) == 12 and account.isdigit() for account, _ in rows)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([12345678901], r"accounts\[1\]: 12345678901 is no text, .* quotes"),
        ([ONE, "1"], r"accounts\[2\]: account '1': It has 1 digits"),
        ([], "there is no account in it"),
        (
            ["1", ONE, "x", 5, *(str(n) for n in range(2, 12))],
            r"accounts\[1\]: .* accounts\[3\]: .* accounts\[4\]: 5 is no text, .*"
            r" accounts\[11\]: account '8': .* 3 more accounts can't be used\.$",
        ),
    ],
)
def test_a_list_has_texts_of_12_digits_each(given: list[Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        listed_accounts(given, "accounts")


MEMBERS = TargetSettings.__struct_fields__


@given(
    member=st.sampled_from(MEMBERS),
    at=st.integers(0, 30),
    slip=st.sampled_from(["swapped", "lost", "doubled", "upper"]),
)
def test_each_member_that_is_mistyped_by_a_letter_is_known_where_it_has_no_column(
    member: str, at: int, slip: str
) -> None:
    at %= len(member) - 1
    pair = member[at : at + 2]
    instead = {"swapped": pair[::-1], "lost": pair[1], "doubled": pair[0] + pair}
    typed = member[:at] + instead.get(slip, pair.upper()) + member[at + 2 :]
    if typed in MEMBERS:
        return
    with pytest.raises(SettingsError, match=rf"column {typed} sets nothing, .*Did you mean "):
        ColumnUse().note(Path("a.csv"), [typed], set())
    ColumnUse().note(Path("a.csv"), [typed], {typed})  # a placeholder takes it


def test_a_column_that_nothing_uses_is_refused_where_a_member_was_meant_and_else_told() -> None:
    use, path = ColumnUse(), Path("a.csv")
    for typed, meant in (("protectd", "protected"), ("regoin", "region"), ("rte", "rate")):
        with pytest.raises(SettingsError, match=rf"row 1: column {typed} .* mean {meant}\?"):
            ColumnUse().note(path, ["name", typed], {"name"})
    use.note(path, ["owner", "rates", "rate", "site", "team"], {"site"})
    assert list(use.unused()) == ["a.csv: nothing uses columns owner, rates, team."]
    use.note(path, ["owner", "rates", "rate", "site", "team"], {"team", "rates"})
    use.note(Path("b.csv"), ["site"], {"site"})
    assert list(use.unused()) == ["a.csv: nothing uses column owner."]
