"""What templates fill in: escaped, visible, cut, and a name that is not there is an error."""

import pytest
from jinja2 import UndefinedError

from batcher.pages.environment import LONGEST, percent, render_page, shown, utc_text, words

HOSTILE = "</style><script>alert(1)</script>\x00\u202e\u2028\"'&"


def _page(**content: object) -> str:
    return render_page("tests.pages", "sample.html", **content)


def test_what_is_filled_in_is_escaped_visible_and_cut() -> None:
    page = _page(text=HOSTILE, long="x" * 100_000, unknown=None)
    assert "<script" not in page
    assert "&lt;/style&gt;&lt;script&gt;alert(1)&lt;/script&gt;\\u0000\\u202e\\u2028" in page
    assert "x" * LONGEST + "… [100,000 characters]" in page
    assert "<i>?</i>" in page
    assert not set("\x00\u202e\u2028") & set(page)


def test_a_name_that_is_not_there_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'long' is undefined"):
        _page(text="", unknown=None)


@pytest.mark.parametrize(
    ("when", "text"),
    [
        ("2026-11-27T16:50:43.123Z", "2026-11-27 16:50:43 UTC"),
        ("2026-11-27T16:50:43+02:00", "2026-11-27 14:50:43 UTC"),
        (0, "1970-01-01 00:00:00 UTC"),
        (1e300, "1e+300"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_is_in_utc_and_what_is_none_stays(when: str | float, text: str) -> None:
    assert utc_text(when) == text


def test_shares_names_and_what_is_not_known() -> None:
    assert (percent(0.0537), words("not_started"), shown(None)) == ("5.4 %", "not started", "?")
