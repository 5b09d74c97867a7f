import re

import pytest

from batcher.errors import SettingsError
from batcher.triggers.lint.codes import LINT_CODES, CodeSelection, find_code
from batcher.triggers.lint.finding import SEVERITIES


def test_codes_are_ascending_and_each_code_and_name_is_given_once() -> None:
    codes = list(LINT_CODES)
    assert codes == sorted(codes)
    assert all(re.fullmatch(r"BT[01][0-9]{2}", code) for code in codes)
    names = [each.name for each in LINT_CODES.values()]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"[a-z]+(-[a-z0-9]+)*", name) for name in names)


@pytest.mark.parametrize("code", LINT_CODES.values(), ids=str)
def test_a_code_says_what_is_wrong_why_and_what_to_write_instead(code) -> None:
    assert code.severity in SEVERITIES
    assert not code.title.endswith(".")
    assert code.reason.endswith(".")
    assert code.instead.endswith(".")
    assert code.example


@pytest.mark.parametrize(
    ("select", "ignore", "wanted"),
    [
        ([], [], "BT101 BT102 BT150"),
        (["BT1"], ["BT15"], "BT101 BT102"),
        ([], ["BT1", "BT101"], ""),
        (["BT101"], ["BT"], "BT101"),  # the longer beginning counts
        (["bt150", "set-twice"], [], "BT101 BT150"),
        (["BT101"], ["BT101"], ""),
    ],
)
def test_the_longest_beginning_counts_and_of_the_same_one_ignore(select, ignore, wanted) -> None:
    selection = CodeSelection(select, ignore)
    found = [each for each in ("BT101", "BT102", "BT150") if LINT_CODES[each] in selection]
    assert " ".join(found) == wanted


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("BT10O", "BT10O: no code of lint.* Did you mean BT1"),
        ("set-twise", "Did you mean set-twice?"),
        ("BT999", "no code of lint"),
        ("\x1b[31m", r"\\u001b\[31m: no code"),
        ("", "no code of lint"),
    ],
)
def test_an_unknown_code_is_refused_with_what_was_meant(given: str, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        CodeSelection(ignore=[given])


def test_a_code_is_found_by_itself_and_by_its_name() -> None:
    assert find_code(" bt101 ") is find_code("Set-Twice") is LINT_CODES["BT101"]
    assert find_code("BT10") is None
