"""Webhooks: what is posted, and what of a failure is told."""

import ssl
from pathlib import Path

import anyio
import pytest
from aiohttp import web

from batcher.hooks.webhook_call import call_webhook
from tests.hooks.conftest import Receiver
from tests.servers import free_port


async def test_a_webhook_gets_the_body_as_a_structured_cloud_event(receiver: Receiver) -> None:
    assert await call_webhook(receiver.url, b'{"a": 1}') is None
    assert receiver.bodies == [b'{"a": 1}']
    assert receiver.headers[0]["Content-Type"] == "application/cloudevents+json; charset=utf-8"
    assert receiver.headers[0]["User-Agent"].startswith("batcher/")
    assert "Authorization" not in receiver.headers[0]


@pytest.mark.parametrize("status", [301, 302, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    receiver.answers.append(web.Response(status=status, headers={"Location": "/elsewhere"}))
    reason = await call_webhook(receiver.url, b"{}")
    assert reason == f"status {status}; no redirect is followed"
    assert len(receiver.bodies) == 1


async def test_of_a_failure_no_word_of_the_address_or_the_answer_is_told(
    receiver: Receiver,
) -> None:
    receiver.answers.append(web.Response(status=403, text="SECRET-ANSWER"))
    assert await call_webhook(receiver.url, b"{}") == "status 403"
    nobody = f"http://127.0.0.1:{free_port()}/SECRET-TOKEN"
    for url in (
        nobody,
        "http://no-such-host.invalid/SECRET-TOKEN",
        "http://127.0.0.1:99999/SECRET",
    ):
        reason = await call_webhook(url, b"{}")
        assert reason is not None
        assert reason.startswith("it can't be reached (")
        assert "SECRET" not in reason


async def test_a_certificate_that_nobody_vouches_for_gets_nothing(tmp_path: Path) -> None:
    got: list[bytes] = []

    async def handle(request: web.Request) -> web.Response:
        got.append(await request.read())
        return web.Response()

    new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=localhost"
    names = ["-keyout", str(tmp_path / "key"), "-out", str(tmp_path / "certificate")]
    await anyio.run_process(["openssl", *new.split(), *names])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "certificate", tmp_path / "key")
    app = web.Application()
    app.router.add_post("/{path:.*}", handle)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    reason = await call_webhook(f"https://localhost:{runner.addresses[0][1]}/SECRET", b"{}")
    await runner.cleanup()
    assert reason is not None
    assert "certificate verify failed" in reason
    assert (got, "SECRET" in reason) == ([], False)


async def test_a_proxy_of_the_environment_is_taken(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("http_proxy", receiver.url.rpartition("/services")[0])
    assert await call_webhook("http://chat.example/hook", b"{}") is None
    assert receiver.headers[0]["Host"] == "chat.example"
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    assert await call_webhook(receiver.url, b"{}") is None
