"""Signature V4 of a request from a template: what is the same for many requests is made once.

The signing key is kept for a day, Region and service; per request that leaves two hashes, and an
HMAC whose key is hashed already. What is signed, and in which order, is ``request_template``'s.
"""

import hmac
from hashlib import sha256
from typing import Any, NamedTuple

ALGORITHM = "AWS4-HMAC-SHA256"
_END = "aws4_request"


class _KeyedHash:
    """HMAC-SHA256 (RFC 2104) with one key; each digest takes less than half of ``hmac.digest``."""

    __slots__ = ("_inner", "_outer")

    def __init__(self, key: bytes) -> None:
        block = key.ljust(sha256().block_size, b"\0")
        self._inner = sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = sha256(bytes(byte ^ 0x5C for byte in block))

    def hexdigest(self, text: bytes) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(text)
        outer.update(inner.digest())
        return outer.hexdigest()


class _Day(NamedTuple):
    """What signatures of one day have in common; ``opening``: of the Authorization header."""

    date: str
    access_key: str
    secret_key: str
    key: _KeyedHash
    scope: str
    opening: str


class Signer:
    """Signs for one Region and service; keeps the key of the last day and access key."""

    def __init__(self, region: str, service: str) -> None:
        self._region = region
        self._service = service
        self._day = _Day("", "", "", _KeyedHash(b""), "", "")

    def authorization(
        self, credentials: Any, timestamp: str, canonical_request: str, signed_headers: str
    ) -> str:
        """The Authorization header of a request.

        ``credentials``: frozen; ``timestamp``: its X-Amz-Date.
        """
        day = self._day
        if (
            not timestamp.startswith(day.date)
            or credentials.access_key != day.access_key
            or credentials.secret_key != day.secret_key
            or not day.date
        ):
            day = self._day = self._begin(credentials, timestamp[:8])
        digest = sha256(canonical_request.encode()).hexdigest()
        text = f"{ALGORITHM}\n{timestamp}\n{day.scope}\n{digest}"
        signature = day.key.hexdigest(text.encode())
        return f"{day.opening}{signed_headers}, Signature={signature}"

    def _begin(self, credentials: Any, date: str) -> _Day:
        key = f"AWS4{credentials.secret_key}".encode()
        for part in (date, self._region, self._service, _END):
            key = hmac.digest(key, part.encode(), "sha256")
        scope = f"{date}/{self._region}/{self._service}/{_END}"
        return _Day(
            date=date,
            access_key=credentials.access_key,
            secret_key=credentials.secret_key,
            key=_KeyedHash(key),  # of 32 bytes, less than a block
            scope=scope,
            opening=f"{ALGORITHM} Credential={credentials.access_key}/{scope}, SignedHeaders=",
        )
