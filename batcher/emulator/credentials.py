"""Who is calling, from the Authorization header.

Whether the signature is right is decided in ``signature_v4``.
"""

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from batcher.emulator.errors import ServiceError
from batcher.emulator.requests import HttpRequest

AUTHORIZATION = re.compile(
    r"AWS4-HMAC-SHA256\s+Credential=(?P<access_key>[^/,\s]+)/(?P<date>\d{8})/(?P<region>[^/,\s]+)"
    r"/(?P<service>[^/,\s]+)/aws4_request\s*,\s*SignedHeaders=(?P<signed_headers>[^,\s]+)\s*,\s*"
    r"Signature=(?P<signature>[0-9a-f]+)\s*"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Credential:
    """What an Authorization header of Signature Version 4 says."""

    access_key: str
    date: str
    region: str
    service: str
    signed_headers: str
    signature: str


@dataclass(frozen=True, kw_only=True, slots=True)
class CallerIdentity:
    """Who sent a request: account (12 digits) and Region, and the ARN and id that STS tells.

    ``tags``: of the role's session.
    """

    account: str
    region: str
    arn: str
    user_id: str
    tags: Mapping[str, str] = field(default_factory=dict)


def account_of(access_key: str) -> str:
    """The account of an access key id: its SHA-256 as a number, modulo 10**12, in 12 digits."""
    return f"{int.from_bytes(hashlib.sha256(access_key.encode()).digest()) % 10**12:012d}"


def read_credential(received: HttpRequest) -> Credential:
    """What the Authorization header of a request says.

    MissingAuthenticationTokenException without one, IncompleteSignatureException when it can't be
    read.
    """
    header = received.headers.get("Authorization")
    if header is None:
        raise ServiceError("MissingAuthenticationTokenException", "Missing Authentication Token")
    if (match := AUTHORIZATION.fullmatch(header)) is None:
        message = (
            "Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' of"
            " AWS4-HMAC-SHA256."
        )
        raise ServiceError("IncompleteSignatureException", message)
    return Credential(**match.groupdict())
