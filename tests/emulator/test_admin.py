"""The controls over HTTP."""

import json
from collections.abc import Callable
from typing import Any

import aiohttp
import pytest

from batcher.emulator import Emulator
from batcher.emulator.admin import PREFIX

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def _ask(url: str, method: str, path: str, body: bytes | None = None) -> tuple[int, Any]:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, url + PREFIX + path, data=body) as r,
    ):
        text = await r.text()
        lines = r.content_type == "application/x-ndjson"
        return r.status, [json.loads(line) for line in text.splitlines()] if lines else json.loads(
            text
        )


async def test_what_the_controls_do_in_process_they_do_over_http(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0))
    async with emulator as url:
        line = json.dumps(trigger()).encode()
        assert await _ask(url, "POST", "seed", line + b"\n\n" + line) == (200, {"seeded": 2})
        client = await connect(url)
        await client.update_event_trigger(**NAME, Description="new")
        assert await _ask(url, "GET", "counts") == (200, {"UpdateEventTrigger": {"ok": 1}})
        assert await _ask(url, "GET", "applied") == (200, emulator.applied())
        assert await _ask(url, "GET", "calls") == (
            200,
            [call._asdict() for call in emulator.calls()],
        )
        assert await _ask(url, "GET", "state") == (200, emulator.state())

        assert (await _ask(url, "PUT", "faults", b'{"internal": 1}'))[0] == 200
        with pytest.raises(client.exceptions.InternalServerException):
            await client.get_event_trigger(**NAME)
        assert (await _ask(url, "PUT", "faults", b"{}"))[0] == 200
        script = b'{"operation": "GetEventTrigger", "faults": [null, "access-denied"]}'
        status, faults = await _ask(url, "POST", "script", script)
        assert (status, faults["scripted"]) == (200, {"GetEventTrigger": [None, "access-denied"]})
        await client.get_event_trigger(**NAME)
        with pytest.raises(client.exceptions.AccessDeniedException):
            await client.get_event_trigger(**NAME)

        quota = b'{"operation": "GetEventTrigger", "rate": 0.001, "burst": 1}'
        assert (await _ask(url, "PUT", "quota", quota))[0] == 200
        await client.get_event_trigger(**NAME)
        with pytest.raises(client.exceptions.ThrottlingException):
            await client.get_event_trigger(**NAME)
        in_force = {"default": None, "operations": {"GetEventTrigger": {"rate": 0.001, "burst": 1}}}
        assert await _ask(url, "GET", "quota") == (200, in_force)
        assert (await _ask(url, "PUT", "quota", b'{"rate": null}'))[1] == {
            "default": None,
            "operations": {},
        }
        await client.get_event_trigger(**NAME)
        assert await _ask(url, "PUT", "latency", b'{"seconds": [0, 0.01]}') == (
            200,
            {"seconds": [0, 0.01]},
        )


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("GET", "nothing", None, 404, "there is no 'nothing'; there are applied, calls"),
        ("DELETE", "quota", None, 405, "quota takes GET and PUT"),
        ("PUT", "quota", b"{", 400, "Expecting property name"),
        ("PUT", "quota", b"[]", 400, "give a JSON object"),
        ("PUT", "quota", b"\xff", 400, "decode"),
        (
            "PUT",
            "quota",
            b'{"rates": 1}',
            400,
            "unknown member 'rates'; known are burst, operation, rate",
        ),
        ("PUT", "quota", b'{"rate": "1"}', 400, "rate is '1': it must be a number"),
        ("PUT", "quota", b'{"operation": "X", "rate": 1}', 400, "unknown operation 'X'"),
        (
            "PUT",
            "quota",
            b'{"operation": 1, "rate": 1}',
            400,
            "operation is 1: it must be a string",
        ),
        ("PUT", "faults", b'{"meteor": 1}', 400, "unknown fault 'meteor'"),
        ("PUT", "faults", b'{"internal": true}', 400, "internal is True: it must be a number"),
        ("PUT", "latency", b'{"seconds": 3}', 400, "give"),
        ("PUT", "latency", b'{"seconds": [3, 1]}', 400, "latency is 3 to 1 s"),
        ("POST", "script", b'{"operation": "GetEventTrigger"}', 400, "faults: a list of kinds"),
        ("POST", "script", b'{"operation": "GetEventTrigger", "faults": [{}]}', 400, ""),
        (
            "POST",
            "seed",
            b'\n{"DomainName": "acme"}',
            400,
            "body: line 2: 3 validation errors detected",
        ),
        ("POST", "seed?region=x", b"{}", 400, "body: line 1"),
    ],
)
async def test_a_mistake_is_answered_with_what_is_wrong(
    method: str, path: str, body: bytes | None, status: int, said: str
) -> None:
    emulator = Emulator()
    async with emulator as url:
        answered, error = await _ask(url, method, path, body)
    assert (answered, list(error)) == (status, ["error"])
    assert said in error["error"]
