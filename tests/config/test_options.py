"""Flags, variables and keywords are those of the record, each with its help."""

from typing import get_type_hints

import pytest

from batcher.config import resolve
from batcher.config.options import Option, options
from batcher.config.settings import Keywords, Settings

WITH_DEFAULT = [option for option in options() if option.default is not None]


def test_library_keywords_are_the_settings() -> None:
    known = [option.name for option in options() if "library" in option.entry_points]
    assert list(get_type_hints(Keywords)) == [*known, "targets"]
    assert all(option.help.endswith(".") for option in options())


@pytest.mark.parametrize("option", WITH_DEFAULT, ids=lambda option: option.name)
def test_a_default_can_be_given_as_it_is_shown(option: Option) -> None:
    assert resolve({}, environ={option.variable: str(option.default).lower()}) == Settings()


@pytest.mark.parametrize(
    ("name", "flag", "variable", "metavar"),
    [
        ("max_failures", "--max-failures", "BATCHER_MAX_FAILURES", "N|P%|none"),
        ("concurrency", "--concurrency", "BATCHER_CONCURRENCY", "auto|N"),
        ("grace", "--grace", "BATCHER_GRACE", "SECONDS"),
        ("account", "--account", "BATCHER_ACCOUNT", "12 DIGITS"),
        ("profile", "--profile", "BATCHER_PROFILE", "TEXT"),
        ("log_level", "--log-level", "BATCHER_LOG_LEVEL", "debug|info|warning|error"),
        ("whole", "--whole", "BATCHER_WHOLE", "auto|always|never"),
        ("merge", "--merge", "BATCHER_MERGE", "true|false"),
    ],
)
def test_what_a_setting_is_called(name: str, flag: str, variable: str, metavar: str) -> None:
    (option,) = (option for option in options() if option.name == name)
    assert (option.flag, option.variable, option.metavar) == (flag, variable, metavar)
    assert option.is_flag is (name == "merge")
