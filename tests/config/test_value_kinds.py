"""The kinds of values: which texts are a share, and what is said of a setting."""

import pytest

from batcher.config.value_kinds import COMMANDS, LintCodes, Share, TargetList, TimeZone, about
from batcher.errors import SettingsError
from batcher.updates.target_names import TargetNames


@pytest.mark.parametrize(
    ("text", "fraction"), [("100%", 1.0), ("99.5%", 0.995), ("1%", 0.01), ("0.05%", 0.0005)]
)
def test_a_share_is_a_part_of_the_whole(text: str, fraction: float) -> None:
    assert Share(text).fraction == pytest.approx(fraction)
    assert str(Share(text)) == text


@pytest.mark.parametrize("text", ["0%", "0.0%", "101%", "100.5%", "-1%", "50", "%", "5 %", "05%"])
def test_what_is_no_part_of_a_whole_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="does not match"):
        Share(text)


@pytest.mark.parametrize("text", ["Mars/Olympus", "Europe", "/etc/passwd", "Europe/"])
def test_a_time_zone_is_one_that_this_host_knows(text: str) -> None:
    assert str(TimeZone("Europe/Berlin").zone) == "Europe/Berlin"
    with pytest.raises(SettingsError, match=r"--timezone: .+ is none that this host knows"):
        TimeZone(text)


def test_a_setting_is_known_to_all_entry_points_unless_some_are_named() -> None:
    everywhere, some = about("x").extra or {}, about("x", *COMMANDS).extra or {}
    assert everywhere["entry_points"] == ("run", "worker", "library")
    assert some["entry_points"] == ("run", "worker")


def test_codes_of_lint_are_given_as_a_list_or_as_text() -> None:
    assert LintCodes(["BT001", "odd-name"]) == LintCodes("BT001,odd-name")
    assert LintCodes("BT001 , odd-name").codes == ("BT001", "odd-name")
    for odd in ("", "BT001,", "1", "BT 1", "BT\x1b"):
        with pytest.raises(ValueError, match="does not match"):
            LintCodes(odd)


def test_targets_are_listed_by_name_account_or_glob() -> None:
    names = frozenset({"a-eu", "a-us", "b", "[x]"})
    there = TargetNames.of(
        names, {"a-eu": ("1" * 12, "eu-west-1"), "a-us": ("1" * 12, "us-east-1")}
    )
    listed = TargetList(["a-*, b", "[x]", f"{'1' * 12}/us-east-1", "c"])
    assert listed.found_in(there) == {
        "a-*": {"a-eu", "a-us"},
        "b": {"b"},
        "[x]": {"[x]"},
        f"{'1' * 12}/us-east-1": {"a-us"},
        "c": frozenset(),
    }
    assert TargetList("1" * 12).found_in(there) == {"1" * 12: {"a-eu", "a-us"}}
    for odd in ("", ",", "a,,b", "a,"):
        with pytest.raises(ValueError, match="does not match"):
            TargetList(odd)
