"""The policy of a page: nothing but itself, and the style sheet by its hash."""

from batcher.pages.content_policy import content_policy
from batcher.pages.style_sheet import style_hash


def test_nothing_may_be_loaded_but_what_is_named() -> None:
    rules = dict(rule.split(" ", 1) for rule in content_policy(connect_src="'self'").split("; "))
    assert rules.pop("style-src") == style_hash()
    assert rules == {
        "default-src": "'none'",
        "img-src": "data:",
        "base-uri": "'none'",
        "form-action": "'none'",
        "connect-src": "'self'",
    }
