"""The Authorization header."""

import hashlib

import pytest

from batcher.emulator import Emulator
from batcher.emulator.credentials import account_of, read_credential
from batcher.emulator.requests import HttpRequest
from tests.emulator.raw_http import SIGNED, send


@pytest.mark.parametrize(
    ("authorization", "status", "code"),
    [
        (None, 403, "MissingAuthenticationTokenException"),
        ("Bearer x", 400, "IncompleteSignatureException"),
        (SIGNED.replace("/eu-west-1", ""), 400, "IncompleteSignatureException"),
    ],
)
async def test_a_request_without_a_readable_signature_is_refused(
    authorization: str | None, status: int, code: str
) -> None:
    async with Emulator(latency=(0, 0)) as url:
        assert (await send(url, body=b"{}", authorization=authorization))[:2] == (status, code)


def test_what_the_header_says_is_read_whatever_the_spaces() -> None:
    tight = SIGNED.replace(", ", ",")
    for header in (SIGNED, tight):
        request = HttpRequest(
            method="GET", path="/", query="", headers={"Authorization": header}, body=b""
        )
        credential = read_credential(request)
        assert (credential.access_key, credential.region) == ("AK", "eu-west-1")
        assert (credential.service, credential.signature) == ("profile", "0a")


def test_the_account_of_a_key_is_twelve_digits_of_its_hash() -> None:
    number = int(hashlib.sha256(b"AKIDEXAMPLE").hexdigest(), 16) % 10**12
    assert account_of("AKIDEXAMPLE") == f"{number:012d}"
