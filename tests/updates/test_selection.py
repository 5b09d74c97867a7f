"""Which triggers a selection takes, and what of it matched none."""

import re
from fnmatch import translate

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.errors import SettingsError
from batcher.updates.selection import Selection, Selector
from batcher.updates.target_names import TargetNames

NAMES = st.text(alphabet="aAb-1", min_size=1, max_size=3)
GLOBS = st.text(alphabet="aAb1*?[]!-", min_size=1, max_size=4)
PIECES = st.lists(st.one_of(GLOBS, st.builds("{}/{}".format, GLOBS, GLOBS)), max_size=3)
TRIGGERS = st.lists(st.tuples(NAMES, NAMES), max_size=12)


def meets(piece: str, domain: str, trigger: str) -> bool:
    text = f"{domain}/{trigger}" if "/" in piece else trigger
    return re.match(translate(piece), text) is not None


@given(
    only=PIECES,
    exclude=PIECES,
    domains=st.lists(NAMES, max_size=2),
    names=st.none() | st.lists(NAMES, min_size=1, max_size=3),
    triggers=TRIGGERS,
)
def test_it_takes_what_is_named_in_its_domains_but_for_what_is_excluded(
    only: list[str],
    exclude: list[str],
    domains: list[str],
    names: list[str] | None,
    triggers: list[tuple[str, str]],
) -> None:
    selection = Selection.of(only=only, exclude=exclude, domains=domains, names=names)
    if selection is None:
        assert not [*only, *exclude, *domains, *(names or ())]
        return
    selector = Selector(selection)
    for domain, trigger in triggers:
        named = any(meets(piece, domain, trigger) for piece in only) or trigger in (names or ())
        wanted = named or not (only or names)
        inside = domain in domains or not domains
        excluded = any(meets(piece, domain, trigger) for piece in exclude)
        assert selector.takes(domain, trigger) is (wanted and inside and not excluded)
        assert selector.may_take_of(domain) or not selector.takes(domain, trigger)
    unmatched = {each.partition(" ")[0] for each in selector.unmatched()}
    assert ("--domain" in unmatched) is any(
        each not in {domain for domain, _ in triggers} for each in domains
    )
    for flag, pieces in (("--only", only), ("--exclude", exclude)):
        assert (flag in unmatched) is any(
            not any(meets(piece, *each) for each in triggers) for piece in pieces
        )


@pytest.mark.parametrize(
    ("name", "taken"), [("acme/t1", True), ("t2", True), ("acme/t3", False), ("T2", False)]
)
def test_names_of_a_file_are_taken_literally_with_or_without_their_domain(
    name: str, taken: bool
) -> None:
    found = Selection.of(names=["acme/t1", "t2", "t*", "beta/t3"])
    assert found is not None
    domain, _, trigger = name.rpartition("/")
    assert Selector(found).takes(domain or "other", trigger) is taken


def test_a_selection_is_what_it_means_whatever_the_order_and_survives_json() -> None:
    one = Selection.of(only=["b", "a", "b"], exclude=["it's"], names=["x", "y"])
    assert one == Selection.of(only=["a", "b"], exclude=["it's"], names=["y", "x", "x"])
    assert msgspec.json.decode(msgspec.json.encode(one), type=Selection) == one
    assert str(one) == "--only a --only b --exclude 'it'\"'\"'s' --only-file (2 names)"
    assert Selection.of(names=[]) != Selection.of() is None


SHOPS = TargetNames.of(
    frozenset({"shop-eu", "shop-us", "pay-eu"}),
    {
        "shop-eu": ("111122223333", "eu-west-1"),
        "shop-us": ("111122223333", "us-east-1"),
        "pay-eu": ("555566667777", "eu-west-1"),
    },
)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        (["shop-eu"], {"shop-eu"}),
        (["shop-*", "pay-eu"], {"shop-eu", "shop-us", "pay-eu"}),
        (["111122223333"], {"shop-eu", "shop-us"}),
        (["111122223333/us-east-1", "*-eu"], {"shop-us", "shop-eu", "pay-eu"}),
    ],
)
def test_targets_are_selected_by_name_by_account_and_as_globs(
    given: list[str], taken: set[str]
) -> None:
    found = Selection.of(targets=given, exclude=["t2"])
    assert found is not None
    selector = Selector(found, SHOPS)
    for target in sorted(SHOPS.names):
        assert selector.takes("acme", "t1", target) is (target in taken)
        assert selector.may_take_of("acme", target) is (target in taken)
        assert not selector.takes("acme", "t2", target)
    assert not [each for each in selector.unmatched() if "target" in each]


def test_a_target_that_had_no_line_is_told_and_one_that_there_is_not_is_refused() -> None:
    found = Selection.of(targets=["shop-us", "555566667777"])
    assert found is not None
    selector = Selector(found, SHOPS)
    assert selector.takes("acme", "t1", "pay-eu")
    assert selector.unmatched() == ["--only-target shop-us"]
    for slip, meant in (
        ("shop-uk", "shop-us"),
        ("999999999999", "that of no target"),
        ("x*", "there are"),
    ):
        wrong = Selection.of(targets=["shop-us", slip])
        assert wrong is not None
        with pytest.raises(SettingsError, match=meant) as refused:
            Selector(wrong, SHOPS)
        assert f"--only-target: no target {slip}" in str(refused.value)
        Selector(wrong)  # nobody knows the targets yet


def test_a_manifest_has_no_targets_where_none_were_selected_and_old_ones_are_read() -> None:
    old = b'{"only":["a"],"exclude":[],"domains":[],"names":null}'
    found = Selection.of(only=["a"])
    assert msgspec.json.decode(old, type=Selection) == found
    assert msgspec.json.encode(found) == old


@pytest.mark.parametrize(
    ("asked", "may"),
    [
        ({"only": ["acme/*", "b[e]ta/*"]}, True),
        ({"only": ["acme/*"]}, False),
        ({"names": ["acme/t1"]}, False),
        ({"exclude": ["b*/*"]}, False),
        ({"exclude": ["b*/t*", "[ab]/*"]}, True),
    ],
)
def test_a_domain_of_which_nothing_can_be_selected_is_known(
    asked: dict[str, list[str]], may: bool
) -> None:
    found = Selection.of(**asked)
    assert found is not None
    assert Selector(found).may_take_of("beta") is may
