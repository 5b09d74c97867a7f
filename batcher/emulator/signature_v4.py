"""Signature Version 4, checked: botocore's signer computes it again from what arrived."""

from datetime import UTC, datetime, timedelta
from hmac import compare_digest

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from batcher.emulator.credentials import Credential
from batcher.emulator.errors import ServiceError
from batcher.emulator.requests import HttpRequest

TIMESTAMP = "%Y%m%dT%H%M%SZ"
TOLERANCE = timedelta(minutes=5)
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. Check your AWS"
    " Secret Access Key and signing method. Consult the service documentation for details."
)


def check_signature(
    received: HttpRequest, credential: Credential, secret: str, service: str, now: float
) -> None:
    """InvalidSignatureException unless signed with the secret, for the service, within 5 minutes.

    ``now`` is in epoch seconds. Headers that botocore never signs (User-Agent, Expect) must not be
    signed.
    """
    signed_at = _signed_at(received)
    _check_date(signed_at, datetime.fromtimestamp(now, UTC))
    if credential.service != service:
        raise _invalid(f"Credential should be scoped to correct service: '{service}'.")
    if credential.date != signed_at.strftime("%Y%m%d"):
        raise _invalid(
            "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from"
            " HTTP"
        )
    if not compare_digest(
        _signature(received, credential, secret, signed_at), credential.signature
    ):
        raise _invalid(MISMATCH)


def _signature(
    received: HttpRequest, credential: Credential, secret: str, signed_at: datetime
) -> str:
    names = credential.signed_headers.split(";")
    query = f"?{received.query}" if received.query else ""
    request = AWSRequest(
        method=received.method,
        url=f"http://{received.headers.get('Host', '')}{received.path}{query}",
        headers={
            name: received.headers.get(name, "") for name in names if name != "x-amz-content-sha256"
        },
        data=received.body,
    )
    request.context["timestamp"] = signed_at.strftime(TIMESTAMP)
    signer = SigV4Auth(
        Credentials(credential.access_key, secret), credential.service, credential.region
    )
    # recomputed from the body, so that a body that was changed is noticed
    if "x-amz-content-sha256" in names:
        request.headers["X-Amz-Content-SHA256"] = signer.payload(request)
    signature: str = signer.signature(
        signer.string_to_sign(request, signer.canonical_request(request)), request
    )
    return signature


def _signed_at(received: HttpRequest) -> datetime:
    text = received.headers.get("X-Amz-Date", "")
    try:
        return datetime.strptime(text, TIMESTAMP).replace(tzinfo=UTC)
    except ValueError:
        message = "Date must be in ISO-8601 'basic format', in the header X-Amz-Date."
        raise ServiceError("IncompleteSignatureException", message) from None


def _check_date(signed_at: datetime, now: datetime) -> None:
    earliest, latest = now - TOLERANCE, now + TOLERANCE
    signed, current = signed_at.strftime(TIMESTAMP), now.strftime(TIMESTAMP)
    if signed_at < earliest:
        bound = earliest.strftime(TIMESTAMP)
        raise _invalid(
            f"Signature expired: {signed} is now earlier than {bound} ({current} - 5 min.)"
        )
    if signed_at > latest:
        bound = latest.strftime(TIMESTAMP)
        raise _invalid(
            f"Signature not yet current: {signed} is still later than {bound} ({current} + 5 min.)"
        )


def _invalid(message: str) -> ServiceError:
    return ServiceError("InvalidSignatureException", message)
