"""Targets by pattern: each account in each Region once, pinned, and told apart by its name."""

import re
from pathlib import Path
from typing import Any

import pytest

from batcher.config import Settings, resolve
from batcher.config.account_list import AccountRow
from batcher.config.resolution import refuse_foreign
from batcher.config.target_patterns import is_pattern
from batcher.emulator import Emulator
from batcher.errors import SettingsError, WrongAccountError
from batcher.operations import GET_TRIGGER
from batcher.wiring.targets import TargetConnector

ONE, TWO = "012345678901", "111122223333"
ROLE = "arn:aws:iam::{account}:role/batcher"


def of_file(tmp_path: Path, toml: str, csv: str | None = None, **flags: Any) -> Settings:
    if csv is not None:
        (tmp_path / "accounts.csv").write_text(csv)
    file = tmp_path / "targets.toml"
    file.write_text(toml)
    return resolve(flags, environ={}, file=file)


def test_a_column_that_no_pattern_takes_is_told_once_and_one_letter_off_is_refused(
    tmp_path: Path,
) -> None:
    (tmp_path / "accounts.csv").write_text(
        f"account,site,owner,rat,role_arn\n{ONE},eu,me,x,arn:aws:iam::{{account}}:role/{{rat}}\n"
    )
    file = tmp_path / "targets.toml"
    tables = [
        f'[targets."{name}"]\naccounts = "accounts.csv"\nregion = "eu-west-1"\n'
        for name in ("{account}", "{account}-{site}")
    ]
    file.write_text(tables[0] + tables[1])
    told: list[str] = []
    found = resolve({}, environ={}, file=file, on_notice=told.append)
    assert list(found.targets) == [ONE, f"{ONE}-eu"]
    assert found.targets[ONE].role_arn == f"arn:aws:iam::{ONE}:role/x"
    assert told == [f"{tmp_path / 'accounts.csv'}: nothing uses column owner."]
    text = (tmp_path / "accounts.csv").read_text()
    (tmp_path / "accounts.csv").write_text(text.replace("owner", "protectd"))
    with pytest.raises(SettingsError, match=r"protectd sets nothing.*Did you mean protected\?"):
        resolve({}, environ={}, file=file)


@pytest.mark.parametrize("order", [1, -1])
def test_a_column_called_nearly_like_a_member_may_be_that_of_any_pattern_of_its_file(
    tmp_path: Path, order: int
) -> None:
    tables = [
        '[targets."{account}"]\naccounts = "accounts.csv"\nregion = "eu-west-1"\n',
        '[targets."{account}-{n}"]\naccounts = "./accounts.csv"\nregion = "eu-west-1"\n'
        'role_arn = "arn:aws:iam::{account}:role/{regional}"\n',
    ]
    csv = f"account,n,regional\n{ONE},x,y\n"
    found = of_file(tmp_path, "".join(tables[::order]), csv)
    assert {*found.targets} == {ONE, f"{ONE}-x"}
    with pytest.raises(SettingsError, match=r"column regional .* Did you mean region\?"):
        of_file(tmp_path, tables[0], csv)


@pytest.mark.parametrize(
    ("name", "table", "found"),
    [
        ("prod", {}, False),
        ("{account}", {}, True),
        ("a{b", {}, False),
        ("prod", {"regions": []}, True),
    ],
)
def test_a_pattern_is_told_by_its_name_or_by_what_only_patterns_have(
    name: str, table: dict[str, Any], *, found: bool
) -> None:
    assert is_pattern(name, table) is found


def test_all_that_is_wrong_with_targets_is_told_at_once_the_first_of_it(tmp_path: Path) -> None:
    wrong = f"""
        [targets.a]
        rate = "fast"
        share = "200%"
        [targets.b]
        region = "eu-west-1"
        [targets.c]
        rigeon = "eu-west-1"
        acount = "{ONE}"
        [targets."{{account}}"]
        accounts = ["1", "{ONE}", "2"]
        [targets."{{account}}-{{region}}"]
        accounts = ["{ONE}"]
        regions = ["EU WEST 1", "eu-west-1", "x y"]
        [targets."x{{account}}"]
        accounts = "accounts.csv"
    """
    csv = f"account,burst\n{ONE},none\n{TWO},2\n222233334444,0\n"
    with pytest.raises(SettingsError) as refused:
        of_file(tmp_path, wrong, csv)
    said = [
        r"targets\.a\.rate: can't be 'fast'",
        r"targets\.a\.share: can't be '200%'",
        r"targets\.c: unknown member `rigeon`\. Did you mean region\? unknown member `acount`",
        r"accounts\[1\]: account '1'",
        r"accounts\[3\]: account '2'",
        r"regions: 'EU WEST 1' is no name",
        r"regions: 'x y' is no name",
        r"row 2: burst: can't be 'none'",
        r"row 4: burst: can't be '0'",
    ]
    assert re.search(".*".join(said), str(refused.value)), str(refused.value)
    many = "".join(f"[targets.t{number}]\nrate = 0\n" for number in range(300))
    with pytest.raises(SettingsError, match=r"t9\.rate: .* 290 more tables can't be used\.$"):
        of_file(tmp_path, many)


def test_a_pattern_is_each_account_in_each_region(tmp_path: Path) -> None:
    settings = of_file(
        tmp_path,
        f"""
        rate = 3
        [targets."{{account}}-{{region}}"]
        accounts = "accounts.csv"
        regions = ["eu-west-1", "us-east-1"]
        role_arn = "{ROLE}"
        external_id = "{{secret}}-x"
        share = "50%"
        """,
        f"account,region,secret,rate,name\n{ONE},,a,,\n{TWO},ap-south-1,b,7,x\n",
    )
    found = settings.targets
    assert list(found) == [f"{ONE}-eu-west-1", f"{ONE}-us-east-1", f"{TWO}-ap-south-1"]
    last = found[f"{TWO}-ap-south-1"]
    assert (last.account, last.region, last.external_id) == (TWO, "ap-south-1", "b-x")
    assert last.role_arn == f"arn:aws:iam::{TWO}:role/batcher"
    assert [(each.rate, str(each.share)) for each in found.values()] == [
        (3.0, "50%"),
        (3.0, "50%"),
        (7.0, "50%"),
    ]
    assert Settings.from_json(settings.as_json()).targets == found, "a run remembers them"


def test_placeholders_are_filled_in_whoever_gives_the_text(tmp_path: Path) -> None:
    """What stands for all targets, a table, and a cell of a row, each before the one before."""
    settings = of_file(
        tmp_path,
        f"""
        region = "eu-west-1"
        role_arn = "{ROLE}"
        [targets.own]
        role_arn = "arn:aws:iam::{ONE}:role/own"
        [targets."{{name}}"]
        accounts = "accounts.csv"
        external_id = "of-{{name}}"
        """,
        f"account,name,role_arn,external_id\n{ONE},a,,\n{TWO},b,{ROLE}-{{region}},{{account}}\n",
    )
    found = settings.targets
    assert found["a"].role_arn == ROLE.format(account=ONE)
    assert found["b"].role_arn == f"{ROLE.format(account=TWO)}-eu-west-1"
    assert [found[name].external_id for name in "ab"] == ["of-a", TWO]


def test_a_pattern_stands_beside_tables_and_other_patterns(tmp_path: Path) -> None:
    settings = of_file(
        tmp_path,
        f"""
        region = "eu-west-1"
        [targets.own]
        [targets."test-{{account}}"]
        accounts = ["{ONE}"]
        [targets."{{name}}"]
        accounts = "accounts.csv"
        protected = true
        """,
        f"account,name\n{TWO},Shop of x\n",
    )
    assert list(settings.targets) == ["own", f"test-{ONE}", "Shop of x"]
    assert {each.region for each in settings.targets.values()} == {"eu-west-1"}
    assert settings.targets["Shop of x"].protected


def test_an_account_may_be_there_again_with_another_role(tmp_path: Path) -> None:
    settings = of_file(
        tmp_path,
        """
        region = "eu-west-1"
        [targets."{name}"]
        accounts = "accounts.csv"
        role_arn = "arn:aws:iam::{account}:role/{role}"
        """,
        f"account,name,role\n{ONE},shop,write\n{ONE},shop-again,write-too\n",
    )
    roles = {name: each.role_arn for name, each in settings.targets.items()}
    assert roles == {
        "shop": f"arn:aws:iam::{ONE}:role/write",
        "shop-again": f"arn:aws:iam::{ONE}:role/write-too",
    }


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (f"{ONE},x,\n{TWO},y,\n{ONE},z,\n", r"row 4: account 0\d+ in eu-west-1 is .*: .*row 2\. "),
        (
            f"{ONE},x,\n{ONE},y,eu-west-1\n",
            "row 3: account .* is there twice; .* role_arn or a prof",
        ),
    ],
)
def test_an_account_that_is_there_twice_is_refused_with_both_rows_and_what_to_do(
    tmp_path: Path, rows: str, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        of_file(
            tmp_path,
            'region = "eu-west-1"\n[targets."{name}"]\naccounts = "accounts.csv"\n',
            f"account,name,region\n{rows}",
        )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ('accounts = ["111122223333"]\nregions = ["a", "b"]', "is there already, from .*accounts"),
        (
            'accounts = ["111122223333", "111122223333"]',
            r"s\[2\]: .*is there twice; first: .*s\[1\]",
        ),
        ('accounts = ["111122223333"]\nregions = []', "has to be a list of Regions"),
        ('accounts = ["111122223333"]\nregions = ["a", "a"]', "a Region is there twice"),
        ('accounts = ["111122223333"]\nregion = "a"\nregions = ["b"]', "region and regions"),
        ('accounts = ["111122223333"]\naccount = "111122223333"', "Leave account out"),
        (
            'accounts = ["111122223333"]\nprofile = "{nam}"',
            r"nothing is known for \{nam\}; .*\{acc",
        ),
        ('accounts = ["111122223333"]\nrat = 3', "unknown member `rat`.*accounts, regions"),
        ('accounts = ["111122223333"]\nrate = "x"', r"rate: can't be 'x'"),
        (
            'accounts = ["111122223333"]\nregion = ["eu-west-1"]',
            r"region: can't be \['eu-west-1'\]",
        ),
        ('accounts = ["111122223333"]\nrole_arn = ["a"]', r"role_arn: can't be \['a'\]"),
        ('accounts = ["111122223333"]\nprofile = {a = 1}', r"profile: can't be"),
        ('accounts = ["111122223333"]\nregions = [["a"]]', "has to be a list of Regions"),
        ("accounts = [[]]", "account"),
        ("accounts = 3", "the path of a CSV file, or a list"),
        ('profile = "x"', "a pattern needs accounts"),
        ('accounts = "accounts.csv"', "relative to the settings file"),
    ],
)
def test_a_pattern_that_makes_no_sense_is_refused(tmp_path: Path, table: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        of_file(tmp_path, f'[targets."{{account}}"]\n{table}\n')


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        (
            '[targets."{n}"]\nrole_arn = "a:{account:r"',
            r"targets.toml: targets.{n}.role_arn: a brace",
        ),
        ('[targets."{n}"]\nexternal_id = "a}"', r"targets.{n}.external_id: a brace"),
        ('[targets."{n}-{region"]', "targets.{n}-{region: a brace"),
        ('[targets."{n"]', "targets.{n: a brace"),
        ('role_arn = "a:{account:r"\n[targets."{n}"]', "role_arn: a brace"),
        ('role_arn = "a:{account:r"', "targets.toml: role_arn: a brace"),
        ('[targets.x]\nrole_arn = "a:{account}:r"', "targets.x.role_arn: 'a:{account}:r' has a"),
        ('[targets."{n}"]\nrole_arn = "{acount}"', "targets.{n}.role_arn: nothing is known for"),
        ('[targets."{n}"]\nrole_arn = "{acount}"', "Did you mean {account}?"),
        ('[targets."{n}"]\nregoins = ["eu-west-1"]', "targets.{n}: unknown member `regoins`. Did"),
        ('[targets."{n}"]\nregoins = ["eu-west-1"]', "Did you mean regions?"),
        ('[targets."{n}"]\nrole_arn = "{e}"', "accounts.csv: row 2: e is empty, and"),
        (
            '[targets."{n}"]\nregions = ["us-east-1", "Ireland"]',
            "{n}.regions: 'Ireland' is no name",
        ),
        ('region = "EU West"\n[targets."{n}"]', "targets.toml: region: 'EU West' is no name"),
        ('[targets.x]\nregion = "EU-WEST-1"', "targets.x.region: 'EU-WEST-1' is no name"),
        ('[targets."{n}-{e}"]', "accounts.csv: row 2: e is empty, and"),
        ('[targets."{n}"]\nprotected = "yes"', "{n}.protected: can't be 'yes': Write true or"),
        ('[targets."{n}"]\nrate = -1', "targets.toml: targets.{n}.rate: can't be -1: Give"),
    ],
)
def test_what_is_wrong_with_a_pattern_is_told_where_it_is_written(
    tmp_path: Path, toml: str, said: str
) -> None:
    accounts = '\naccounts = "accounts.csv"' if '[targets."{' in toml else ""
    with pytest.raises(SettingsError) as refused:
        of_file(tmp_path, toml + accounts, f"account,n,e\n{ONE},shop\n")
    assert said in str(refused.value)
    assert ("row 2" in str(refused.value)) is ("row 2" in said)


def test_what_is_wrong_with_a_cell_is_told_with_its_row_and_column(tmp_path: Path) -> None:
    toml = '[targets."{n}"]\nrate = 2\naccounts = "accounts.csv"'
    with pytest.raises(SettingsError, match=r"accounts\.csv: row 2: rate: can't be '-1': Give a"):
        of_file(tmp_path, toml, f"account,n,rate\n{ONE},shop,-1\n")


@pytest.mark.parametrize(
    ("head", "cells", "wrong"),
    [
        ("rate", ["-1", "2", "0", "auto", "nan"], [2, 4, 6]),
        ("region", ["eu_west", "eu-west-1", "x y", "us-east-1", "us-east-1"], [2, 4]),
        ("role_arn", [ROLE, f"arn:aws:iam::{TWO}:role/r", "", ROLE, f"{ROLE}}}"], [3, 6]),
        ("concurrency", ["1", "x", "y", "1.5", "2"], [3, 4, 5]),
    ],
)
def test_all_rows_with_a_cell_that_is_wrong_are_told_at_once(
    tmp_path: Path, head: str, cells: list[str], wrong: list[int]
) -> None:
    toml = '[targets."{account}"]\nregions = ["eu-west-1"]\naccounts = "accounts.csv"'
    rows = [f"{ONE[:-1]}{number},{cell}\n" for number, cell in enumerate(cells)]
    with pytest.raises(SettingsError) as raised:
        of_file(tmp_path, toml, "".join([f"account,{head}\n", *rows]))
    said = str(raised.value)
    assert [row for row in range(2, 7) if re.search(rf"row {row}(: |\.){head}", said)] == wrong


def test_what_is_wrong_with_all_rows_is_told_once_and_of_many_the_first_ones(
    tmp_path: Path,
) -> None:
    rows = "account,n\n" + "".join(f"{ONE[:-2]}{number},{number}\n" for number in range(10, 40))
    toml = '[targets."{account}"]\naccounts = "accounts.csv"\n'
    with pytest.raises(SettingsError) as raised:
        of_file(tmp_path, toml + 'rate = "x"', rows)
    assert str(raised.value).count("can't be 'x'") == 1
    with pytest.raises(SettingsError, match=r"row 11: .* 20 more rows can't be used\.$"):
        of_file(tmp_path, toml, rows.replace(",", ",-").replace(",-n", ",rate"))


@pytest.mark.parametrize(
    "other", ['[targets."x-111122223333"]', '[targets."x-{account}" ]\naccounts = ["111122223333"]']
)
def test_a_name_that_is_taken_is_refused_with_both_places(tmp_path: Path, other: str) -> None:
    pattern = '[targets."x-{name}"]\naccounts = "accounts.csv"'
    with pytest.raises(
        SettingsError, match=r"target x-1+2+3+ is there already, from .*: targets\."
    ):
        of_file(tmp_path, f"{other}\n{pattern}\n", f"account,name\n{ONE},{TWO}\n")


def test_a_name_that_is_taken_keeps_no_other_row_from_being_told(tmp_path: Path) -> None:
    rows = f"account,n,rate\n{ONE},a,fast\n{TWO},a,\n222233334444,a,\n333344445555,b,slow\n"
    said = r"row 2: rate: .*row 4: target a is there already, from .*row 3\. .*row 5: rate: "
    with pytest.raises(SettingsError, match=said):
        of_file(tmp_path, '[targets."{n}"]\naccounts = "accounts.csv"', rows)


@pytest.mark.parametrize(
    ("toml", "csv"),
    [
        ('[targets."{name}"]\naccounts = "accounts.csv"', f"account,name\n{ONE},{TWO}\n"),
        (
            '[targets."{name}"]\naccounts = "accounts.csv"\nregion = "eu-west-1"',
            f"account,name\n{ONE},{ONE}/us-east-1\n",
        ),
        (f'[targets."{TWO}"]\naccount = "{ONE}"', None),
        (f'[targets."{TWO}"]\nprofile = "x"\n[targets.pay]\naccount = "{TWO}"', None),
    ],
    ids=["another account", "another Region", "a table", "one that is not pinned"],
)
def test_no_target_is_called_like_an_account_that_it_is_not(
    tmp_path: Path, toml: str, csv: str | None
) -> None:
    """Else a line that names an account would change another one."""
    with pytest.raises(SettingsError, match="is called like an account or Region that it is not"):
        of_file(tmp_path, toml, csv)


def test_the_target_of_lines_that_name_none_may_be_given_by_its_account(tmp_path: Path) -> None:
    toml = f'[targets."{{account}}-{{region}}"]\naccounts = ["{ONE}", "{TWO}"]\n'
    one_region = toml + 'regions = ["eu-west-1"]'
    assert of_file(tmp_path, one_region, target=ONE).target == f"{ONE}-eu-west-1"
    two = toml + 'regions = ["eu-west-1", "us-east-1"]'
    assert of_file(tmp_path, two, target=f"{ONE}/us-east-1").target == f"{ONE}-us-east-1"
    with pytest.raises(SettingsError, match=f"several targets; name one: {ONE}-eu-west-1, {ONE}-"):
        of_file(tmp_path, two, target=ONE)
    with pytest.raises(SettingsError, match="there is no"):
        of_file(tmp_path, two, target="9" * 12)


def test_an_organization_gives_the_accounts_of_patterns_that_name_none(tmp_path: Path) -> None:
    asked = []

    def list_accounts(settings: Settings, unit: str) -> list[AccountRow]:
        asked.append((settings.profile, unit))
        return [AccountRow(account=ONE, origin="AWS Organizations", columns={"name": "Shop"})]

    file = tmp_path / "targets.toml"
    file.write_text('profile = "payer"\n[targets."{name}"]\nregions = ["eu-west-1"]\n')
    settings = resolve(
        {"organization": "ou-ab12-11111111"}, environ={}, file=file, list_accounts=list_accounts
    )
    assert asked == [("payer", "ou-ab12-11111111")]
    assert settings.targets["Shop"].account == ONE
    again = resolve({"rate": "2"}, environ={}, base=settings, list_accounts=list_accounts)
    assert again.targets == settings.targets, "what a run was started with is not listed again"
    assert len(asked) == 1


@pytest.mark.parametrize("toml", ["", "[targets.x]", '[targets."{account}"]\naccounts = ["1"]'])
def test_an_organization_without_a_pattern_to_fill_is_refused(tmp_path: Path, toml: str) -> None:
    with pytest.raises(SettingsError):
        of_file(tmp_path, toml, organization="r-ab12")
    with pytest.raises(SettingsError, match="a setting of batcher run, worker"):
        refuse_foreign({"organization": "r-ab12"}, "library")


async def test_nothing_is_signed_for_another_account_than_that_of_the_row(
    stand_in_credentials: None,
) -> None:
    async with Emulator(account=TWO, latency=(0.0, 0.0)) as url:
        settings = resolve(
            {
                "endpoint_url": url,
                "region": "eu-west-1",
                "targets": {"{account}": {"accounts": [ONE, TWO]}},
            }
        )
        connector = TargetConnector(settings)
        async with connector.target(ONE) as wrong:
            said = rf"belongs to account {ONE} \(its table or row.*, or correct its table or row"
            with pytest.raises(WrongAccountError, match=said):
                await wrong.account()
            attempt = await wrong.call(GET_TRIGGER, {"DomainName": "d", "EventTriggerName": "t"})
            assert attempt.reached == "unsent"
        async with connector.target(TWO) as right:
            assert await right.account() == TWO


async def test_a_role_of_a_pattern_is_that_of_the_account(
    stand_in_credentials: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Emulator(latency=(0.0, 0.0)) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", url)
        settings = resolve(
            {
                "endpoint_url": url,
                "region": "eu-west-1",
                "targets": {"{account}": {"accounts": [ONE, TWO], "role_arn": ROLE}},
            }
        )
        for account in (ONE, TWO):
            async with TargetConnector(settings).target(account) as target:
                assert await target.account() == account
                names = {"DomainName": "d", "EventTriggerName": "t"}
                assert (await target.call(GET_TRIGGER, names)).reached == "answered"


OWN = ROLE.format(account=ONE)


@pytest.mark.parametrize(
    ("toml", "csv", "said"),
    [
        (
            '[targets."{n}"]\naccounts = "accounts.csv"\nrole_arn = "{role}"',
            f"account,n,role\n{ONE},a,{OWN}\n{ONE},b,{ROLE.format(account=TWO)}/path\n",
            rf"accounts.csv: row 3.role_arn: arn:.*/path is a role of account {TWO}, and account"
            rf" says {ONE}\. Correct",
        ),
        (
            '[targets."{n}"]\naccounts = "accounts.csv"',
            f"account,n,role_arn\n{ONE},a,\n{ONE},b,arn:aws-cn:iam::{TWO}:role/x\n",
            rf"accounts.csv: row 3.role_arn: arn:.* of account {TWO}, and account says {ONE}",
        ),
        (
            f'[targets.a]\naccount = "{ONE}"\nrole_arn = "{ROLE.format(account=TWO)}"',
            None,
            rf"targets.a.role_arn: .* of account {TWO}, and account says {ONE}",
        ),
        (
            f'role_arn = "{ROLE.format(account=TWO)}"\n[targets.a]\naccount = "{ONE}"',
            None,
            rf"targets.a.role_arn: .* of account {TWO}, and account says {ONE}",
        ),
        (
            f'account = "{ONE}"\nrole_arn = "{ROLE.format(account=TWO)}"',
            None,
            rf"targets.toml: role_arn: .* of account {TWO}, and account says {ONE}",
        ),
    ],
)
def test_a_role_of_another_account_than_the_pinned_one_is_refused_with_both(
    tmp_path: Path, toml: str, csv: str | None, said: str
) -> None:
    with pytest.raises(SettingsError, match=said):
        of_file(tmp_path, toml, csv)
    of_file(tmp_path, toml.replace(TWO, ONE), csv and csv.replace(TWO, ONE))
