"""Settings come from flag, environment, file and default, in that order, and say what is wrong
with them.
"""

from pathlib import Path
from typing import get_type_hints

import pytest

from batcher.config import Keywords, Settings, options, resolve
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
    ] == [
        ("us-east-1", 7),
        ("eu-west-1", "auto"),
        ("eu-west-1", 7),
    ]


@pytest.mark.parametrize(
    ("toml", "flags", "environ", "said"),
    [
        ("", {"rate": "fast"}, {}, "--rate: can't be 'fast'"),
        ("", {"rate": "0"}, {}, "--rate: can't be '0'"),
        ("", {"rate": "nan"}, {}, "--rate: can't be 'nan'"),
        ("", {"max_failures": "-1"}, {}, "--max-failures: can't be '-1'"),
        ("", {}, {"BATCHER_CONCURRENCY": "0"}, "BATCHER_CONCURRENCY: can't be '0'"),
        ("speed = 3", {}, {}, "speed: no such setting. Known: "),
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
    assert resolve({}, file=example) != Settings()


def test_library_keywords_are_the_settings() -> None:
    known = [option.name for option in options() if "library" in option.entry_points]
    assert list(get_type_hints(Keywords)) == [*known, "targets"]
    assert all(option.help.endswith(".") for option in options())
