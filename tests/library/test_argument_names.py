"""What a flag is called at the command is told of the library's argument, wherever it says it."""

import ast
import re
from collections.abc import Iterator

import pytest

import batcher
from batcher.config import options
from batcher.errors import WrongAccountError
from batcher.library.argument_names import (
    errors_of_arguments,
    result_of_arguments,
    told_of_arguments,
)
from batcher.records import Error, Result
from tests.laws.source import PACKAGE, files, tree

KNOWN = {each.flag for each in options() if "library" in each.entry_points}


@pytest.mark.parametrize(
    ("of_flags", "of_arguments"),
    [
        ("--rate: can't be '-1': Give a number.", "rate: can't be '-1': Give a number."),
        ("5 failed, more than --max-failures 4 (none", "5 failed, more than max_failures=4 (none"),
        ("more than --max-failures 5%", "more than max_failures=5%"),
        ("x: --transport lean can't do this", "x: transport=lean can't do this"),
        ("--endpoint-url http://h:1 is not there", "endpoint_url=http://h:1 is not there"),
        ("Give --region, or another --profile.", "Give region=, or another profile=."),
        ("no such trigger; --create-missing creates it", "no such trigger; create_missing=True"),
        ("--no-such: no such setting.", "no_such: no such setting."),
        ("--R2: no such setting. See --rate.", "R2: no such setting. See rate=."),
        ("--targets.a-b.rate: can't be -1", "targets.a-b.rate: can't be -1"),
        ("--reason: can't be '--rate'", "reason: can't be '--rate'"),
        ('target: no target "--rate"', 'target: no target "--rate"'),
        ("give another place with --out", "give another place with --out"),
        ("a name may have x--rate in it", "a name may have x--rate in it"),
    ],
)
def test_a_flag_is_the_argument_that_it_stands_for(of_flags: str, of_arguments: str) -> None:
    assert told_of_arguments(of_flags).startswith(of_arguments)


def _texts() -> Iterator[str]:
    """Every text of the package that could be told to somebody."""
    for path in files(PACKAGE):
        if "cli" not in path.parts and path.name != "argument_names.py":
            for node in ast.walk(tree(path)):
                if isinstance(node, ast.Constant) and isinstance(node.value, str):
                    yield node.value


def test_no_text_of_the_package_tells_the_library_of_a_flag_that_is_an_argument() -> None:
    texts = [text for text in _texts() if "--" in text]
    assert any(flag in text for text in texts for flag in KNOWN)
    left = {flag for text in texts for flag in re.findall(r"--[a-z-]+", told_of_arguments(text))}
    assert left & KNOWN == set()


def test_errors_and_results_are_told_of_arguments() -> None:
    with pytest.raises(batcher.SettingsError, match=r"^rate: "), errors_of_arguments():
        raise batcher.SettingsError("--rate: can't be that")
    with pytest.raises(WrongAccountError) as wrong, errors_of_arguments():
        raise WrongAccountError("another account")
    assert wrong.value.advice.startswith("Give the profile= of that account, or the account=")
    with pytest.raises(ValueError, match="--rate"), errors_of_arguments():
        raise ValueError("--rate is not ours to change")
    result = Result.invalid(1, "eu", "--share: no part", "2026-01-01T00:00:00.000Z")
    assert result_of_arguments(result).error == Error(
        code=result.error.code, message="share: no part"
    )


async def test_what_can_not_be_is_told_of_the_argument_at_either_entry_point() -> None:
    with pytest.raises(batcher.SettingsError, match=r"^max_failures: can't be 'many'"):
        await batcher.update_many([], max_failures="many")
    with pytest.raises(batcher.SettingsError, match=r"^max_failures: can't be 'many'"):
        batcher.iter_updates([], max_failures="many")
    with pytest.raises(batcher.SettingsError, match=r"^targets\.a-b\.rate: can't be -1"):
        await batcher.update_many([], targets={"a-b": {"rate": -1}})
    with pytest.raises(batcher.SettingsError, match=r"^no_such: no such setting"):
        await batcher.update_many([], no_such="1")  # type: ignore[call-arg] # there is none
