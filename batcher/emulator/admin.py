"""The controls over HTTP, under ``/_emulator/``: JSON in, JSON out, no authentication."""

import json
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qsl

from batcher.emulator.controls import Controls
from batcher.emulator.replies import Reply
from batcher.emulator.requests import HttpRequest

PREFIX = "/_emulator/"


class Admin:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._handlers: dict[tuple[str, str], Callable[[HttpRequest], Reply]] = {
            ("GET", "counts"): lambda _: _json(controls.counts()),
            ("GET", "applied"): lambda _: _json_lines(controls.applied()),
            ("GET", "calls"): lambda _: _json_lines(call._asdict() for call in controls.calls()),
            ("GET", "quota"): lambda _: _json(controls.quotas()),
            ("PUT", "quota"): self._put_quota,
            ("GET", "faults"): lambda _: _json(controls.faults()),
            ("PUT", "faults"): self._put_faults,
            ("POST", "script"): self._post_script,
            ("POST", "seed"): self._post_seed,
            ("GET", "state"): lambda _: _json(controls.state()),
            ("PUT", "latency"): self._put_latency,
        }

    def answer(self, received: HttpRequest) -> Reply:
        """The answer to a request whose path starts with PREFIX."""
        name = received.path.removeprefix(PREFIX)
        if handler := self._handlers.get((received.method, name)):
            try:
                return handler(received)
            except (ValueError, TypeError, OverflowError, RecursionError) as error:
                return _error(400, str(error))
        methods = [method for method, path in self._handlers if path == name]
        if methods:
            return _error(405, f"{name} takes {' and '.join(methods)}")
        return _error(
            404,
            f"there is no {name!r}; there are"
            f" {', '.join(sorted({path for _, path in self._handlers}))}",
        )

    def _put_quota(self, received: HttpRequest) -> Reply:
        values = _members(received, {"operation", "rate", "burst"})
        self._controls.set_quota(
            _text(values, "operation"),
            _number(values, "rate", optional=True),
            _number(values, "burst", optional=True),
        )
        return _json(self._controls.quotas())

    def _put_faults(self, received: HttpRequest) -> Reply:
        values = _object(received)
        self._controls.set_faults({kind: _number(values, kind) or 0.0 for kind in values})
        return _json(self._controls.faults())

    def _post_script(self, received: HttpRequest) -> Reply:
        values = _members(received, {"operation", "faults"})
        operation, kinds = _text(values, "operation"), values.get("faults")
        if operation is None or not isinstance(kinds, list):
            raise ValueError("give an operation, and faults: a list of kinds and nulls")
        self._controls.script(operation, kinds)
        return _json(self._controls.faults())

    def _post_seed(self, received: HttpRequest) -> Reply:
        place = dict(parse_qsl(received.query))
        seeded = self._controls.seed_lines(
            received.body, "body", place.get("account"), place.get("region")
        )
        return _json({"seeded": seeded})

    def _put_latency(self, received: HttpRequest) -> Reply:
        match _members(received, {"seconds"}):
            case {"seconds": [int() | float() as low, int() | float() as high]}:
                self._controls.set_latency(low, high)
                return _json({"seconds": [low, high]})
        raise ValueError('give {"seconds": [low, high]}')


def _object(received: HttpRequest) -> dict[str, Any]:
    value = json.loads(received.body)
    if not isinstance(value, dict):
        raise ValueError("give a JSON object")
    return value


def _members(received: HttpRequest, known: set[str]) -> dict[str, Any]:
    value = _object(received)
    if unknown := sorted(value.keys() - known):
        raise ValueError(f"unknown member {unknown[0]!r}; known are {', '.join(sorted(known))}")
    return value


def _number(values: dict[str, Any], name: str, *, optional: bool = False) -> float | None:
    value = values.get(name)
    if value is None and optional:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{name} is {value!r}: it must be a number")
    return value


def _text(values: dict[str, Any], name: str) -> str | None:
    value = values.get(name)
    if value is not None and not isinstance(value, str):
        raise ValueError(f"{name} is {value!r}: it must be a string")
    return value


def _json(value: object) -> Reply:
    return Reply(status=200, body=json.dumps(value).encode() + b"\n")


def _json_lines(values: Iterable[object]) -> Reply:
    body = b"".join(json.dumps(value).encode() + b"\n" for value in values)
    return Reply(status=200, body=body, content_type="application/x-ndjson")


def _error(status: int, message: str) -> Reply:
    return Reply(status=status, body=json.dumps({"error": message}).encode() + b"\n")
