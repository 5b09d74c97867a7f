"""The record: what each target gets, and what of it is written down and read again."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.accounting.completion_time import Deadline
from batcher.accounting.limit import FailureLimit, Limit
from batcher.config import resolve
from batcher.config.settings import Settings
from batcher.config.target_settings import TargetSettings
from batcher.config.value_kinds import Share
from batcher.errors import SettingsError
from batcher.updates.domain_map import DomainMap

LIMITS = st.integers(0, 10**6).map(str) | st.integers(0, 100).map("{}%".format)
GIVEN = st.fixed_dictionaries(
    {},
    optional={
        "rate": st.just("auto") | st.floats(0.01, 1e6),
        "share": st.integers(1, 100).map("{}%".format),
        "max_failures": LIMITS | st.just("none"),
        "max_changes": LIMITS,
        "deadline": st.sampled_from(["06:00", "2h", "1h30m"]),
        "domain_map": st.sampled_from(["a=b", "a=b,c=d"]),
        "timetable": st.sampled_from(["* pause", "sat,sun share=5%; 22:00-06:00 rate=2.5"]),
        "timezone": st.sampled_from(["Europe/Berlin", "UTC", "Etc/GMT+5"]),
        "remember": st.booleans(),
        "targets": st.dictionaries(
            st.sampled_from(["eu", "us"]),
            st.fixed_dictionaries({"share": st.sampled_from(["5%", "0.5%", "12.50%"])}),
        ),
    },
)


@given(GIVEN)
def test_what_is_written_down_is_text_and_is_read_as_it_was(given: dict[str, Any]) -> None:
    settings = resolve(given)
    written = msgspec.json.decode(msgspec.json.encode(settings.as_json()))
    assert Settings.from_json(written) == settings
    assert "without_target" not in written, "of one session, and unknown to versions before"
    assert {name: written[name] for name in given if name != "targets"} == {
        name: value for name, value in given.items() if name != "targets"
    }
    for name, table in given.get("targets", {}).items():
        assert written["targets"][name]["share"] == table["share"]


def test_a_run_of_an_earlier_version_can_be_read() -> None:
    written = msgspec.json.decode(msgspec.json.encode(Settings().as_json())) | {
        "rate": 5.0,
        "share": "80%",
        "max_failures": "5%",
        "max_changes": "100",
        "deadline": "06:00",
        "domain_map": "acme=globex",
        "merge": True,
    }
    del written["whole"]
    settings = Settings.from_json(written)
    assert settings.whole == "always"
    assert Settings.from_json(written | {"merge": False}).whole == "auto"
    assert (settings.share, settings.max_failures) == (Share("80%"), FailureLimit("5%"))
    assert (settings.max_changes, settings.deadline) == (Limit("100"), Deadline("06:00"))
    assert settings.domain_map == DomainMap("acme=globex")
    assert Settings.from_json(written | {"max_failures": None}).max_failures == FailureLimit("none")
    more = Settings.from_json(written | {"max_failures": "200%", "max_changes": "101%"})
    assert (more.max_failures, more.max_changes) == (FailureLimit("100%"), Limit("100%"))
    with pytest.raises(msgspec.ValidationError, match="does not match"):
        Settings.from_json(written | {"share": "much"})


@pytest.mark.parametrize(
    ("address", "written"),
    [
        ("local", "local"),
        ("redis://host/0", "redis://host/0"),
        ("redis://user:secret@host:6379/0", "redis://host:6379/0"),
        ("rediss://:secret@host", "rediss://host"),
    ],
)
def test_no_password_is_written_down(address: str, written: str) -> None:
    assert resolve({"limiter": address}).as_json()["limiter"] == written


def test_a_target_without_a_table_has_the_settings_of_the_run() -> None:
    settings = resolve({"rate": 7, "share": "50%", "targets": {"us": {"rate": "auto"}}})
    assert settings.known_targets == {"default", "us"}
    assert settings.each_target.keys() == {"us"}
    assert resolve({"target": "eu"}).each_target.keys() == {"eu"}
    own, other = settings.for_target("us"), settings.for_target("default")
    assert isinstance(other, TargetSettings)
    assert (own.ceiling, own.share.fraction) == (None, 0.5)
    assert (other.ceiling, other.read_ceiling, other.share.fraction) == (7, None, 0.5)


@pytest.mark.parametrize(
    ("names", "given", "has"),
    [
        ("", {}, True),
        ("a", {}, True),
        ("a b", {}, False),
        ("a b", {"target": "b"}, True),
        ("a b", {"region": "eu-west-1"}, True),
        ("a b", {"profile": "p"}, True),
        ("a b", {"role_arn": "arn:aws:iam::{account}:role/r"}, False),  # made for a pattern
    ],
)
def test_beside_several_tables_a_line_without_target_has_one_only_where_settings_say_which(
    names: str, given: dict[str, Any], *, has: bool
) -> None:
    """The account of the credentials at hand is not where a forgotten target belongs."""
    settings = Settings(**given, targets={name: TargetSettings() for name in names.split()})
    assert settings.has_target_of_its_own is has
    assert (settings.target_names.find(settings.target) is not None) is has


@pytest.mark.parametrize(
    ("names", "given", "name"),
    [
        ("a b", {}, None),
        ("a b", {"region": "eu-west-1"}, None),  # of whichever account
        ("a b", {"role_arn": "arn:aws:iam::{account}:role/x"}, None),
        ("a b", {"region": "eu-west-1", "profile": "p"}, "default"),
        ("a b", {"account": "111122223333"}, "default"),
        ("a b", {"target": "b"}, "b"),
        ("a", {}, "default"),
        ("", {}, "default"),
    ],
)
def test_a_job_in_one_target_of_several_has_it_named(
    names: str, given: dict[str, Any], name: str | None
) -> None:
    settings = Settings(**given, targets={name: TargetSettings() for name in names.split()})
    if name is not None:
        assert settings.one_target() == name
        return
    with pytest.raises(SettingsError, match=r"^--target: none is named, and there are a, b\."):
        settings.one_target()
    many = Settings(targets={f"t{n:03}": TargetSettings() for n in range(300)})
    with pytest.raises(SettingsError, match=r"t000, .*, t009 and 290 more\."):
        many.one_target()


def test_a_token_is_written_down_nowhere() -> None:
    settings = resolve({"http_token": "correct-horse-42"})
    assert str(settings.http_token) == "correct-horse-42"
    assert "correct-horse" not in repr(settings) + repr(settings.as_json()) + repr(settings.logged)
    for wrong in ("short-secret-9", "secret-9" * 40, "secret-9 secret-9 secret-9"):
        with pytest.raises(SettingsError, match="can't be what was given") as raised:
            resolve({"http_token": wrong})
        assert "secret-9" not in str(raised.value)
        assert raised.value.__cause__ is None


def test_limits_of_a_start_go_and_every_other_setting_stays() -> None:
    given = resolve(
        {"canary": 3, "max_changes": "5%", "deadline": "2h", "max_failures": "7", "rate": 5}
    )
    assert given.without_start_limits == resolve({"max_failures": "7", "rate": 5})
    assert Settings().without_start_limits == Settings()
