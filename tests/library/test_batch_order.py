"""What a caller gives is refused at once, in a sentence that says what to give."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from batcher.errors import SettingsError
from batcher.library.batch_order import BatchOrder, batch_order
from tests.conftest import change


def order(updates: Any = (), client: Any = None, **more: Any) -> BatchOrder:
    on_result, on_progress = more.pop("on_result", None), more.pop("on_progress", None)
    confirm = more.pop("confirm", ())
    return batch_order(updates, client, on_result, on_progress, more, confirm)


def generator() -> Iterator[dict[str, Any]]:
    yield change(1)


async def asynchronous() -> AsyncIterator[dict[str, Any]]:
    yield change(1)


@pytest.mark.parametrize(
    ("updates", "said"),
    [
        ("[]", r"not str\. Decode its lines"),
        (b'{"DomainName": "acme"}', r"not bytes\. Decode"),
        (bytearray(b"{}"), "not bytearray"),
        (memoryview(b"{}"), "not memoryview"),
        (io.StringIO("{}"), r"not StringIO\. Decode its lines: map\(json.loads, file\)"),
        (change(1), r"not dict\. Put one update into a list: \[update\]"),
        (None, r"not NoneType\. Put updates into a list"),
        (7, "not int"),
        (Path("updates.jsonl"), "not PosixPath"),
        (generator, r"not function\. Call it"),
        (asynchronous, r"not function\. Call it"),
        (dict, r"not type\. Call it"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_no_iterable_of_updates_is_a_type_error(updates: Any, said: str) -> None:
    with pytest.raises(
        TypeError, match=f"^updates has to be an iterable or async iterable.*{said}"
    ):
        order(updates)


def test_a_coroutine_is_to_be_awaited() -> None:
    coroutine = asyncio.sleep(0)
    with pytest.raises(TypeError, match=r"not coroutine\. Await it"):
        order(coroutine)
    coroutine.close()


@pytest.mark.parametrize(
    ("updates", "total"),
    [
        ([], 0),
        ([change(1), change(2)], 2),
        ((change(1),), 1),
        ({1: change(1)}.values(), 1),
        (generator(), None),
        (asynchronous(), None),
        (map(change, range(3)), None),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_is_one_is_taken_and_counted_where_that_can_be(
    updates: Any, total: int | None
) -> None:
    assert order(updates).total == total


class AsyncCall:
    async def __call__(self, told: Any) -> None: ...


async def async_callback(told: Any) -> None: ...


@pytest.mark.parametrize("name", ["on_result", "on_progress"])
@pytest.mark.parametrize("callback", [async_callback, AsyncCall(), 3, "print"])
def test_a_callback_that_nothing_would_wait_for_is_a_type_error(name: str, callback: Any) -> None:
    with pytest.raises(TypeError, match=f"^{name} has to be a plain function"):
        order(**{name: callback})


@pytest.mark.parametrize("callback", [print, [].append, lambda told: None])
def test_a_plain_callback_is_taken(callback: Callable[..., Any]) -> None:
    assert order(on_result=callback).on_result is callback


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"canary": 5}, "canary: a setting of batcher run"),
        ({"rate": -1}, "--rate"),
        ({"reigon": "eu-west-1"}, "reigon: no such setting"),
    ],
)
def test_settings_are_checked_at_once(settings: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        order(**settings)


def test_a_client_is_checked_at_once_and_the_users_files_are_left_alone() -> None:
    with pytest.raises(TypeError, match="client has to be an aiobotocore client"):
        order(client=object())
    assert order().settings.remember is False


def test_a_protected_target_has_to_be_confirmed_for_a_reason() -> None:
    targets = {"pay": {"account": "555566667777", "region": "eu-west-1", "protected": True}}
    for more, said in (
        ({"reason": "OPS-1"}, "--confirm: target pay: protected"),
        ({"confirm": ["555566667777"]}, "--reason: target pay: protected"),
        ({"confirm": ["payy"], "reason": "OPS-1"}, "no target payy; did you mean pay"),
    ):
        with pytest.raises(SettingsError, match=said):
            order(targets=targets, **more)
    for confirmed in ("pay", "555566667777", "555566667777/eu-west-1"):
        found = order(targets=targets, reason="OPS-1", confirm=[confirmed])
        assert found.settings.for_target("pay").protected


@pytest.mark.parametrize(
    ("environ", "settings", "said"),
    [
        ({"BATCHER_ENDPOINT_URL": "http://127.0.0.1:1"}, {}, 1),
        ({"BATCHER_ENDPOINT_URL": "http://127.0.0.1:1"}, {"targets": {"a": {}, "b": {}}}, 2),
        ({"BATCHER_ENDPOINT_URL": " "}, {}, 0),
        ({"BATCHER_ENDPOINT_URL": "http://h", "AWS_ENDPOINT_URL": "http://h"}, {}, 0),
        ({"BATCHER_ENDPOINT_URL": "http://h"}, {"endpoint_url": "http://127.0.0.1:1"}, 0),
        ({}, {}, 0),
    ],
    ids=["one", "several", "blank", "of AWS", "given", "none"],
)
def test_an_endpoint_of_the_commands_is_not_taken_and_the_log_says_so(
    environ: dict[str, str],
    settings: dict[str, Any],
    said: int,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    with caplog.at_level("WARNING", logger="batcher"):
        found = order([change(1)], **settings)
    assert found.settings.endpoint_url == settings.get("endpoint_url")
    told = [each.msg for each in caplog.records if each.name == "batcher"]
    assert [each["event"] for each in told] == ["endpoint.not_read"] * bool(said)
    assert [each["targets"] for each in told] == [said] * bool(said)
