"""An SQS that answers batch requests as a test says. No assertions here."""

import asyncio
from collections.abc import Callable
from typing import Any

import msgspec
from aiohttp import web
from aiohttp.test_utils import TestServer

from batcher.records import Message


def access_key_of(request: web.Request) -> str:
    """The access key that a request was signed with."""
    return request.headers["Authorization"].partition("Credential=")[2].partition("/")[0]


class ScriptedSqs:
    """An SQS FIFO queue that answers as a function says; keeps the batch requests that came.

    ``silent``: batch requests are answered after ``release`` only; ``lose``: whether the answer to
    a batch request, by its number from 1, gets lost. ``taken``: the bodies of what it took, what
    has the deduplication id of an earlier one left out. ``attributes``: of the queue.
    """

    def __init__(
        self,
        fail: Callable[[str, int], str | None],
        *,
        silent: bool = False,
        lose: Callable[[int], bool] = lambda times: False,
        attributes: dict[str, str] | None = None,
    ) -> None:
        self.fail = fail
        self.lose = lose
        self.attributes = attributes or {}
        self.taken: dict[str, str] = {}
        self.release = asyncio.Event()
        if not silent:
            self.release.set()
        self.batches: list[tuple[str, list[dict[str, Any]]]] = []
        self.access_keys: list[str] = []  # that requests were signed with
        app = web.Application()
        app.router.add_post("/{path:.*}", self._answer)
        self.server = TestServer(app, host="127.0.0.1")

    async def __aenter__(self) -> "ScriptedSqs":
        await self.server.start_server()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.server.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/000000000000/q.fifo"

    @property
    def queue(self) -> str:
        return f"sqs:{self.url}"

    async def _answer(self, request: web.Request) -> web.Response:
        operation = request.headers["X-Amz-Target"].partition(".")[2]
        self.access_keys.append(access_key_of(request))
        asked = msgspec.json.decode(await request.read())
        answer: dict[str, Any] = {}
        if operation == "GetQueueAttributes":
            answer = {"Attributes": self.attributes}
        if operation == "GetQueueUrl":
            answer = {"QueueUrl": self.url}
        if operation.endswith("Batch"):
            await self.release.wait()
            self.batches.append((operation, asked["Entries"]))
            times = len(self.batches)
            codes = {
                entry["Id"]: self.fail(entry.get("MessageBody", entry.get("ReceiptHandle")), times)
                for entry in asked["Entries"]
            }
            for entry in asked["Entries"]:
                if not codes[entry["Id"]] and "MessageDeduplicationId" in entry:
                    self.taken.setdefault(entry["MessageDeduplicationId"], entry["MessageBody"])
            if self.lose(times):
                assert request.transport is not None
                request.transport.abort()
            answer = {
                "Successful": [_sent(identity) for identity, code in codes.items() if not code],
                "Failed": [
                    {
                        "Id": identity,
                        "Code": code,
                        "SenderFault": code == "ReceiptHandleIsInvalid",
                        "Message": "no",
                    }
                    for identity, code in codes.items()
                    if code
                ],
            }
        return web.json_response(answer, content_type="application/x-amz-json-1.0")


def _sent(identity: str) -> dict[str, str]:
    return {"Id": identity, "MessageId": identity}


def held(number: int) -> Message:
    return Message(id=str(number), body=b"{}", handle=f"h{number}")
