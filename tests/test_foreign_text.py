"""What others wrote comes out without secrets, in one line, as far as it is known."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from batcher.foreign_text import holds_secret, known_phrases, shown_url, withheld
from batcher.printable_text import printable

PASSWORD = "hunter2-Pässwort"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("redis://u:{}@h:6379/0?stream=s", "redis://h:6379/0?stream=s"),
        ("redis://:{}@h", "redis://h"),
        ("REDIS://:{}@h/0", "REDIS://h/0"),
        ("redis://h/0?stream=s&password={}", "redis://h/0?stream=s"),
        ("rediss://h?ssl_password={}&username={}", "rediss://h"),
        ("rediss://h?ssl_ca_certs=/etc/ca.pem&auth={}", "rediss://h?ssl_ca_certs=/etc/ca.pem"),
        ("redis://h?stream=s&ssl_ca_data={}", "redis://h?stream=s"),
        ("rediss://:{}/x@h", "rediss://…"),
        ("rediss://:{}#x@h", "rediss://…"),
        ("rediss://:{}?x@h", "rediss://…"),
        ("rediss://:[{}@h", "rediss://…"),
        ("rediss://:x{}", "rediss://…"),
        ("valkey+tls://u:{}@h:1/0", "valkey+tls://h:1/0"),
        ("https://u:{}@proxy:3128/", "https://proxy:3128/"),
        ("http://h/path?token={}#{}", "http://h/path"),
        (
            "sqs:https://u:{}@sqs.eu-west-1.amazonaws.com/1/q",
            "sqs:https://sqs.eu-west-1.amazonaws.com/1/q",
        ),
        ("redis:u:{}@h", "…"),
        ("redis:h?password={}", "…"),
        ("redis://[::1]:6379/0", "redis://[::1]:6379/0"),
        ("spool:/data/a@b?c", "spool:/data/a@b?c"),
        ("sqs:updates.fifo", "sqs:updates.fifo"),
        ("local", "local"),
    ],
)
def test_a_url_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert shown_url(url.replace("{}", PASSWORD)) == shown
    assert holds_secret(url.replace("{}", PASSWORD)) == ("{}" in url and "_ca_data" not in url)


@pytest.mark.parametrize(
    "url", ["http://h:99999", "http://h:abc", "https://h:9465/path?x=1", "http://[::1]:1/"]
)
def test_an_address_that_is_odd_holds_no_password_for_that(url: str) -> None:
    assert not holds_secret(url)


@given(
    st.text(min_size=6),
    st.sampled_from(["redis://:{}@h:1/0?stream=s", "http://h?password={}", "rediss://{}@h"]),
)
def test_no_password_of_any_characters_is_shown(password: str, url: str) -> None:
    shown = shown_url(url.replace("{}", f"§§{password}§§"))
    assert "§§" not in shown
    assert printable(shown) == shown or "§" not in shown


def test_only_known_phrases_are_kept_and_the_rest_is_counted() -> None:
    known = re.compile("Rate exceeded|try later")
    assert known_phrases("Rate exceeded. Try: try later!", known) == (
        "Rate exceeded; try later [withheld: 8 characters]"
    )
    assert known_phrases("Rate exceeded.", known) == "Rate exceeded"
    assert known_phrases("secret", known, str.upper) == withheld(6)
    assert known_phrases("try later", known, str.upper) == "TRY LATER"


def test_a_long_text_takes_no_longer_than_it_is() -> None:
    text = "x" * 300_000  # hours, were it looked through from each of its letters on
    assert shown_url(text) == text
    assert not holds_secret(text)
