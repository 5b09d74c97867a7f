"""A line leads to one target, by its name or by its account, or is refused with the choices."""

import pytest
from msgspec.structs import replace

from batcher.updates.line_reader import LineReader
from batcher.updates.target_names import TargetNames
from batcher.wiring.line_readers import installed_update_model

ONE, TWO = "012345678901", "111122223333"
NAMES = TargetNames.of(
    frozenset({"eu", "us", "shop", TWO}),
    {"eu": (ONE, "eu-west-1"), "us": (ONE, "us-east-1"), "shop": (TWO, None), TWO: (ONE, "x")},
)


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("eu", "eu"),
        (f"{ONE}/us-east-1", "us"),
        (ONE, None),
        (f"{ONE}/ap-south-1", None),
        (TWO, TWO),  # a name goes before an account
        ("9" * 12, None),
    ],
)
def test_a_line_names_a_target_or_its_account_where_that_is_one_target(
    said: str, meant: str | None
) -> None:
    assert NAMES.find(said) == meant
    reader = LineReader(installed_update_model(), "eu", NAMES)
    raw = b'{"DomainName":"d","EventTriggerName":"t","target":"%s"}' % said.encode()
    found = reader.read(raw, 1)
    if meant is None:
        assert isinstance(found, list)
        assert [each.path for each in found] == ["target"]
    else:
        assert found is not None
        assert not isinstance(found, list)
        assert found.target == meant == reader.target_name(said)


@pytest.mark.parametrize("text", ["eu", "*", "[su]*", "?u", ONE, f"{ONE}/x", TWO, "9*", "new*"])
def test_a_text_means_just_the_targets_that_match_it_and_new_ones_by_name_or_glob(
    text: str,
) -> None:
    assert {name for name in NAMES.names if NAMES.is_meant(text, name)} == NAMES.matching(text)
    with_new = replace(NAMES, names=NAMES.names | {"new"})
    assert NAMES.is_meant(text, "new") is ("new" in with_new.matching(text))


@pytest.mark.parametrize("members", [b"", b',"Description":1'])
def test_a_line_that_names_no_target_is_refused_where_there_is_none_for_it(members: bytes) -> None:
    reader = LineReader(installed_update_model(), "default", NAMES)
    raw = b'{"DomainName":"d","EventTriggerName":"t"%s}' % members
    found = reader.read(raw, 6)
    assert isinstance(found, list)
    assert str(found[-1]) == f"names no target; there are {TWO}, eu, shop, us"
    assert reader.read_quickly(raw + b"\n", 1) is None


def test_choices_are_named_as_far_as_there_are_few() -> None:
    assert NAMES.refusal(ONE, ONE).endswith(f"several targets; name one: {TWO}, eu, us")
    many = TargetNames.of(frozenset(f"t{number:03}" for number in range(1000)), {})
    assert many.refusal("x", "x").endswith("t008, t009 and 990 more")


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("shop007-eu-west1", "did you mean shop007-eu-west-1?"),
        ("shop007/eu-west-1", "did you mean shop007-eu-west-1?"),
        ("000000000007/eu-central-1", "of this account there is 000000000007/eu-west-1"),
        ("111122229999", "account 111122229999 is that of no target"),
        ("111122229999/eu-west-1", "account 111122229999 is that of no target"),
        ("elsewhere", f"there are {', '.join(f'shop{n:03}-eu-west-1' for n in range(10))} and 990"),
    ],
)
def test_a_target_that_is_not_there_is_told_with_what_is_likely_meant(said: str, why: str) -> None:
    places = {f"shop{n:03}-eu-west-1": (f"{n:012}", "eu-west-1") for n in range(1000)}
    names = TargetNames.of(frozenset(places), places)
    assert names.refusal(said, said).startswith(f"no target {said}; {why}")


def test_the_lines_of_a_run_that_was_may_name_any_target_and_accounts_are_still_those_targets() -> (
    None
):
    names = replace(NAMES, is_open=True)
    said = [f"{ONE}/eu-west-1", "eu", "gone", ONE]
    assert [names.find(each) for each in said] == ["eu", "eu", "gone", ONE]
