"""Answers, as bytes to send. Every one carries a request id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from batcher.emulator.errors import ServiceError
from batcher.emulator.model import Json

HTML_503 = (
    b"<html><head><title>503 Service Unavailable</title></head><body><h1>503</h1></body></html>\n"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reply:
    """An HTTP answer."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


def success(members: Json, request_id: str) -> Reply:
    return Reply(status=200, body=json.dumps(members).encode(), headers=_identified(request_id))


def refusal(error: ServiceError, status: int, request_id: str) -> Reply:
    body = json.dumps({"Message": error.message}).encode("utf-8", "replace")
    return Reply(
        status=status, body=body, headers=_identified(request_id) | {"x-amzn-ErrorType": error.code}
    )


def untyped_throttle(request_id: str) -> Reply:
    body = json.dumps({"Message": "Too Many Requests"}).encode()
    return Reply(status=429, body=body, headers=_identified(request_id))


def unavailable_html(request_id: str) -> Reply:
    return Reply(
        status=503, body=HTML_503, content_type="text/html", headers=_identified(request_id)
    )


def _identified(request_id: str) -> dict[str, str]:
    return {"x-amzn-RequestId": request_id}
