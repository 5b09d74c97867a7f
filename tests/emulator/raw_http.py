"""Requests that no SDK would send. No assertions here but on what every answer carries."""

import io
import re

import aiohttp

SIGNED = (
    "AWS4-HMAC-SHA256 Credential=AK/20260101/eu-west-1/profile/aws4_request, SignedHeaders=host,"
    " Signature=0a"
)
CART = "/domains/acme/event-triggers/cart"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


async def send(
    url: str,
    method: str = "PUT",
    path: str = CART,
    body: bytes | io.BytesIO | None = None,
    authorization: str | None = SIGNED,
) -> tuple[int, str, str]:
    """Status, error type and message of the answer."""
    headers = {"Authorization": authorization} if authorization else {}
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + path, data=body, headers=headers) as r,
    ):
        assert UUID.fullmatch(r.headers["x-amzn-RequestId"])
        return r.status, r.headers.get("x-amzn-ErrorType", ""), (await r.json()).get("Message", "")
