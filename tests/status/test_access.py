"""Who has the token may read; who guesses has to wait, and says so to nobody else."""

from base64 import b64encode
from pathlib import Path

import pytest

from batcher.errors import SettingsError
from batcher.status.access import ADDRESSES, AT_ONCE, Access, WrongTries, token_for

TOKEN = "correct-horse-42"
HERE = "10.0.0.7"


def basic(password: str, user: str = "ops") -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


def status(access: Access, given: str | None, address: str = HERE, now: float = 0.0) -> int | None:
    refusal = access.refused(given, address, now)
    return None if refusal is None else refusal.status


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (f"Bearer {TOKEN}", None),
        (f"bearer  {TOKEN} ", None),
        (basic(TOKEN), None),
        (basic(TOKEN, user=""), None),
        (basic(TOKEN, user="ü"), None),
        (None, 401),
        ("", 401),
        ("Bearer", 401),
        ("Bearer ", 401),
        (f"Bearer {TOKEN}x", 401),
        (f"Bearer {TOKEN[:-1]}", 401),
        (f"Bearer {TOKEN.upper()}", 401),
        (TOKEN, 401),
        (f"Digest {TOKEN}", 401),
        (f"Basic {TOKEN}", 401),
        ("Basic " + b64encode(TOKEN.encode()).decode(), 401),  # a user and no password
        (basic("x", user=TOKEN), 401),
        ("Basic ====", 401),
        ("Bearer \udcff\udcfe", 401),
        ("Bearer ü", 401),
    ],
)
def test_the_token_and_nothing_else_opens(given: str | None, expected: int | None) -> None:
    access = Access(TOKEN)
    assert status(access, given) == expected
    refusal = access.refused(given, HERE, 0.0)
    if refusal is not None:
        assert refusal.headers["WWW-Authenticate"].startswith("Basic realm=")
        assert TOKEN not in str(refusal)
    assert TOKEN not in repr(access)
    assert Access(None).refused(given, HERE, 0.0) is None


def test_wrong_tokens_are_slowed_down_where_they_come_from_and_soon_forgiven() -> None:
    access = Access(TOKEN)
    tried = [status(access, "Bearer wrong", now=0.0) for _ in range(AT_ONCE + 3)]
    assert tried == [401] * AT_ONCE + [429] * 3
    # not even the right one is looked at: else guesses could go on unhindered
    assert status(access, f"Bearer {TOKEN}", now=0.5) == 429
    refusal = access.refused("Bearer wrong", HERE, 0.5)
    assert refusal is not None
    assert refusal.headers == {"Retry-After": "1"}
    # one without any is no guess, and others are not held up
    assert status(access, None, now=0.5) == 401
    assert status(access, f"Bearer {TOKEN}", address="10.0.0.8", now=0.5) is None
    assert status(access, f"Bearer {TOKEN}", now=1.01) is None
    # one a second from then on: 100 s of guessing are about 100 guesses
    looked_at = sum(status(access, "Bearer wrong", now=2 + at / 10) == 401 for at in range(1000))
    assert looked_at <= 100 + AT_ONCE


def test_who_has_a_network_of_addresses_is_one_guesser_and_memory_is_bounded() -> None:
    wrong = WrongTries()
    for at in range(AT_ONCE):
        wrong.add(f"2001:db8:1:2::{at}", 0.0)
    assert wrong.wait("2001:db8:1:2:ffff::1", 0.0) > 0
    assert wrong.wait("2001:db8:1:3::1", 0.0) <= 0
    assert wrong.wait("::ffff:10.0.0.1", 0.0) <= 0
    for _ in range(AT_ONCE):
        wrong.add("::ffff:10.0.0.1", 0.0)
    assert wrong.wait("::ffff:10.0.0.2", 0.0) <= 0  # an IPv4 address each
    for at in range(2 * ADDRESSES):
        wrong.add(f"10.1.{at // 256}.{at % 256}", 0.0)
    assert len(wrong) == ADDRESSES


def test_where_others_reach_it_there_has_to_be_a_token(tmp_path: Path) -> None:
    assert token_for("127.0.0.1", 9090, None, None) is None
    assert token_for("0.0.0.0", 9090, TOKEN, None) == TOKEN
    assert token_for("::1", 9090, TOKEN, None) == TOKEN  # given is given
    with pytest.raises(SettingsError, match=r"0\.0\.0\.0:9090: other hosts .* --http 127\.0\.0\.1"):
        token_for("0.0.0.0", 9090, None, None)
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    assert token_for("0.0.0.0", 9090, None, str(file)) == TOKEN
    with pytest.raises(SettingsError, match="both are given"):
        token_for("0.0.0.0", 9090, TOKEN, str(file))
    for content in (b"", b"short\n", b"has a blank in it, and is long", b"\xff" * 20, b"x" * 4096):
        file.write_bytes(content)
        with pytest.raises(SettingsError, match="holds no token") as raised:
            token_for("0.0.0.0", 9090, None, str(file))
        assert "blank in it" not in str(raised.value)
    with pytest.raises(SettingsError, match="can't be read: No such file"):
        token_for("0.0.0.0", 9090, None, str(tmp_path / "none"))
