"""Settings come from flag, environment, file and default, and say what is wrong with them."""

import re
from pathlib import Path
from typing import Any

import pytest

from batcher.config.account_list import AccountRow
from batcher.config.resolution import refuse_foreign, resolve
from batcher.config.settings import Settings
from batcher.errors import SettingsError


def test_flag_beats_environment_beats_file_beats_default(tmp_path: Path) -> None:
    file = tmp_path / "batcher.toml"
    file.write_text("rate = 3\nburst = 3\nconcurrency = 3\n")
    environ = {"BATCHER_RATE": "2", "BATCHER_BURST": "2"}
    settings = resolve({"rate": "1", "burst": None}, environ=environ, file=file)
    assert (settings.rate, settings.burst, settings.concurrency, settings.max_attempts) == (
        1,
        2,
        3,
        8,
    )


def test_a_target_has_its_own_table_over_the_settings_of_the_run(tmp_path: Path) -> None:
    file = tmp_path / "batcher.toml"
    file.write_text(
        'rate = 7\nregion = "eu-west-1"\n[targets.us]\nregion = "us-east-1"\n[targets.slow]\nrate ='
        ' "auto"\n'
    )
    settings = resolve({}, file=file)
    assert [
        (own.region, own.rate)
        for own in (settings.for_target(name) for name in ("us", "slow", "default"))
    ] == [("us-east-1", 7), ("eu-west-1", "auto"), ("eu-west-1", 7)]


@pytest.mark.parametrize(
    ("toml", "flags", "environ", "said"),
    [
        ("", {"rate": "fast"}, {}, "--rate: can't be 'fast'"),
        ("", {"rate": "0"}, {}, "--rate: can't be '0'"),
        ("", {"rate": "nan"}, {}, "--rate: can't be 'nan'"),
        ("", {"max_failures": "-1"}, {}, "--max-failures: can't be '-1'"),
        ("", {}, {"BATCHER_CONCURRENCY": "0"}, "BATCHER_CONCURRENCY: can't be '0'"),
        ("speed = 3", {}, {}, "speed: no such setting. Known: "),
        ("reigon = 'x'", {}, {}, "reigon: no such setting. Did you mean region? Known: "),
        ("", {"max_failure": "5%"}, {}, "no such setting. Did you mean max_failures? Known: "),
        ("rate = ", {}, {}, "not TOML"),
        ("targets = 3", {}, {}, "targets: has to be tables"),
        ("[targets.a]\nspeed = 3", {}, {}, "targets.a: unknown member `speed`"),
        ("[targets.a]\nrate = -3", {}, {}, "targets.a.rate: can't be -3"),
    ],
)
def test_a_bad_setting_is_named_with_where_it_came_from(
    tmp_path: Path, toml: str, flags: dict[str, str], environ: dict[str, str], said: str
) -> None:
    file = tmp_path / "batcher.toml"
    file.write_text(toml)
    with pytest.raises(SettingsError) as caught:
        resolve(flags, environ=environ, file=file)
    assert said in str(caught.value)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"none\.toml: can't be read"):
        resolve({}, file=tmp_path / "none.toml")


@pytest.mark.parametrize(
    "example", sorted(Path("configs").glob("*.toml")), ids=lambda path: path.name
)
def test_every_example_loads(example: Path) -> None:
    row = AccountRow(account="111122223333", origin="an organization")
    flags = {"organization": "r-ab12"} if example.name == "organization.toml" else {}
    assert resolve(flags, file=example, list_accounts=lambda *_: [row]) != Settings()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "max_failures",
            "many",
            "Give a whole number from 0, or a part such as 5% (100% at most), or none",
        ),
        (
            "max_failures",
            1.5,
            "Give a whole number from 0, or a part such as 5% (100% at most), or none",
        ),
        ("max_changes", "5 %", "Give a whole number from 0, or a part such as 5% (100% at most)"),
        ("share", "101%", "Give a part in percent, over 0% and up to 100%"),
        ("share", "0%", "Give a part in percent, over 0% and up to 100%"),
        ("share", 80, "Give a part in percent, over 0% and up to 100%"),
        ("account", "12345", "Give 12 DIGITS"),
        ("domain_map", ["a=b"], "Give OLD=NEW"),
        ("deadline", "25:00", "Give 06:00 or 2h"),
        ("domain_map", "a", "Give OLD=NEW"),
        ("rate", "fast", "Give a number over 0, up to 1,000,000, or auto"),
        ("rate", True, "can't be True: Give a number over 0, up to 1,000,000, or auto"),
        ("share", False, "can't be False: Give a part in percent"),
        ("reason", True, "can't be True: Give TEXT"),
        ("transport", "fast", "Give lean or sdk"),
        ("timetable", ["* pause"], "Give RULE;…"),
        ("timetable", 5, "rule 1, column 1: '5' is nothing to do"),
        ("timezone", "../../etc/passwd", "Give NAME"),
        ("timezone", "Mars/Olympus", "Give one such as Europe/Berlin"),
        ("log_level", "loud", "Give debug or info or warning or error"),
        ("merge", "maybe", "Write true or false"),
        ("whole", "all", "Give auto or always or never"),
        ("canary", 0, "Give a whole number from 1 to 1,000,000,000,000"),
        ("limiter", "redis://:secret@host/0 x", "can't be 'redis://…@host/0 x': Give local or URL"),
    ],
)
def test_what_a_setting_may_be_is_told_in_words(name: str, value: Any, said: str) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({name: value})
    assert said in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("toml", "environ", "flags", "whole"),
    [
        ("merge = true", {}, {}, "always"),
        ("", {"BATCHER_MERGE": "true"}, {}, "always"),
        ("", {}, {"merge": True}, "always"),
        ("", {}, {"merge": True, "whole": "always"}, "always"),
        ("merge = true", {}, {"whole": "never"}, "never"),
        ('whole = "never"', {"BATCHER_MERGE": "true"}, {}, "always"),
        ("merge = true", {"BATCHER_MERGE": "false"}, {}, "auto"),
        ("merge = false", {}, {}, "auto"),
        ('merge = false\nwhole = "never"', {}, {}, "never"),
    ],
)
def test_merge_is_another_name_for_always_whole(
    tmp_path: Path, toml: str, environ: dict[str, str], flags: dict[str, Any], whole: str
) -> None:
    (tmp_path / "c.toml").write_text(toml)
    assert resolve(flags, environ=environ, file=tmp_path / "c.toml").whole == whole
    with pytest.raises(SettingsError, match="--merge: that is the same as whole = always, and"):
        resolve({"merge": True, "whole": "never"})


def test_a_map_of_domains_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(SettingsError, match="--domain-map: a can't be both b and c"):
        resolve({}, environ={"BATCHER_DOMAIN_MAP": "a=b,a=c"})


@pytest.mark.parametrize(
    ("given", "text"),
    [(5, "5"), ("5", "5"), ("05", "05"), ("5%", "5%"), ("0.50%", "0.50%"), ("none", "none")],
)
def test_a_value_keeps_the_text_that_it_was_given_as(given: Any, text: str) -> None:
    assert str(resolve({"max_failures": given}).max_failures) == text


def test_an_entry_point_refuses_the_settings_of_others() -> None:
    refuse_foreign({"rate": 5, "unknown": 1}, "library")
    with pytest.raises(SettingsError, match="canary: a setting of batcher run; it means nothing"):
        refuse_foreign({"canary": 5}, "library")


@pytest.mark.parametrize(
    ("flags", "environ", "said"),
    [
        ({"target": "prdo"}, {}, "--target: there is no [targets.prdo] beside [targets.prod]"),
        ({}, {"BATCHER_TARGET": "p"}, "BATCHER_TARGET: there is no [targets.p] beside"),
    ],
)
def test_a_target_that_is_named_beside_tables_has_one(
    tmp_path: Path, flags: dict[str, str], environ: dict[str, str], said: str
) -> None:
    file = tmp_path / "batcher.toml"
    file.write_text("[targets.prod]\n[targets.eu]\n")
    for base in (None, resolve({}, file=file)):  # as those of a run that is gone on with
        with pytest.raises(SettingsError, match=re.escape(said)):
            resolve(flags, environ=environ, file=None if base else file, base=base)
    assert resolve({"target": "eu"}, file=file).target == "eu"
    assert resolve({"target": "any"}).target == "any", "without tables it is a name"
    assert resolve({}, file=file).target == "default"
    file.write_text('target = "home"\n[targets.prod]\n')
    assert resolve({}, file=file).target == "home", "whoever wrote the file wrote both"
