"""The hooks of configs/hooks do what the page says, with a chat and a ticket system on loopback."""

import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web

EXAMPLE = json.loads(
    Path("docs/hooks.md").read_text().partition("```json\n")[2].partition("```")[0]
)


@pytest.fixture
async def service() -> AsyncIterator[tuple[str, list[Any]]]:
    got: list[Any] = []

    async def post(request: web.Request) -> web.Response:
        got.append(await request.json())
        return web.Response()

    async def get(request: web.Request) -> web.Response:
        state = "approved" if request.match_info["path"] == "changes/OPS-12" else "new"
        return web.json_response({"state": state})

    app = web.Application()
    app.router.add_post("/{path:.*}", post)
    app.router.add_get("/{path:.*}", get)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    yield f"http://127.0.0.1:{runner.addresses[0][1]}", got
    await runner.cleanup()


async def call(name: str, event: dict[str, Any], **environ: str) -> tuple[int, str]:
    ended = await anyio.run_process(
        [sys.executable, f"configs/hooks/{name}.py"],
        input=json.dumps(EXAMPLE | event | {"data": EXAMPLE["data"] | event["data"]}).encode(),
        env=environ,
        check=False,
    )
    return ended.returncode, ended.stderr.decode()


def event(on: str, **data: Any) -> dict[str, Any]:
    return {"type": f"batcher.run.{on}", "data": data}


async def test_a_chat_reads_what_happened(service: tuple[str, list[Any]]) -> None:
    url, got = service
    failure = {"domain": "acme", "trigger": "t8", "code": "ResourceNotFoundException"}
    counts = EXAMPLE["data"]["counts"] | {"in_doubt": 0}
    for told in (
        event("ended", counts=counts),
        event("first_failure", counts=counts, failure=failure),
    ):
        assert await call("chat", told, CHAT_WEBHOOK=f"{url}/services/x") == (0, "")
    shown = Path("docs/hooks.md").read_text().partition("```text\n")[2].partition("```")[0]
    assert got[0] == {"text": shown.rstrip("\n")}
    assert got[1]["text"].endswith("acme/t8: ResourceNotFoundException")


async def test_a_run_starts_when_its_ticket_is_approved_and_ends_in_it(
    service: tuple[str, list[Any]],
) -> None:
    url, got = service
    planned, new = event("planned"), event("planned", labels={"ticket": "OPS/13"})
    assert await call("ticket", planned, TICKETS=url) == (0, "")
    assert await call("ticket", new, TICKETS=url) == (1, "ticket OPS/13 is new\n")
    code, said = await call("ticket", event("planned", labels={}), TICKETS=url)
    assert (code, "--label ticket=" in said) == (1, True)
    undo = event("planned", labels={"ticket": "OPS/13"}, run={"kind": "rollback"})
    assert await call("ticket", undo, TICKETS=url) == (0, "")
    assert got == []
    assert await call("ticket", event("ended"), TICKETS=url) == (0, "")
    assert got[0]["comment"]["counts"] == EXAMPLE["data"]["counts"]
