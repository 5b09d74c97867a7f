"""The calling of hooks: in order, holding nothing back, within bounds, and asked before."""

import json
from pathlib import Path
from typing import Any

import anyio
import pytest
from aiohttp import web
from anyio.lowlevel import checkpoint

from batcher.clock import SystemClock
from batcher.config.hook_settings import HookEvent, HookSettings
from batcher.errors import HookError
from batcher.hooks.hooks import Bounds, Hooks
from batcher.logs import logger
from tests.hooks.conftest import Receiver
from tests.hooks.test_cloud_event import check_event
from tests.waiting import until


def hooks_of(*settings: HookSettings, **more: Any) -> Hooks:
    return Hooks(settings, "session", SystemClock(), logger(), **more)


def hook(on: list[HookEvent], call: str, **more: Any) -> HookSettings:
    kind = "url" if call.startswith("http") else "command"
    return HookSettings(on=on, **{kind: call}, **more)


def tell(hooks: Hooks, on: HookEvent, **data: Any) -> None:
    hooks.tell(on, hooks.event(on, kind="run", source="/r", subject="s", data=data))


async def ask(hooks: Hooks, on: HookEvent) -> None:
    await hooks.ask(on, hooks.event(on, kind="run", source="/r", subject="s", data={}))


async def test_a_hook_is_told_in_order_of_its_events_alone_and_all_of_them_by_the_end(
    receiver: Receiver, tmp_path: Path
) -> None:
    kept = tmp_path / "kept"
    command = hook(["wave_ended"], f"tee -a {kept}")
    hooks = hooks_of(hook(["started", "wave_ended", "ended"], receiver.url), command)
    async with hooks.open():
        tell(hooks, "planned")
        for number in range(5):
            tell(hooks, "wave_ended", number=number)
        tell(hooks, "ended")
        assert receiver.bodies == []  # telling takes no time
    events = [check_event(body) for body in receiver.bodies]
    assert [each["data"].get("number") for each in events] == [*range(5), None]
    assert [each["type"] for each in events[-2:]] == ["batcher.run.wave_ended", "batcher.run.ended"]
    assert len({each["id"] for each in events}) == 6
    same = [check_event(line) for line in kept.read_bytes().splitlines()]
    assert same == events[:5]
    assert hooks.failures == []


async def test_a_slow_or_failing_hook_holds_no_other_back_and_ends_nothing(
    receiver: Receiver, tmp_path: Path
) -> None:
    slow = hook(["started"], "sleep 600", timeout=0.05)
    refusing = hook(["started"], "sh -c 'exit 7'")
    hooks = hooks_of(slow, refusing, hook(["started"], receiver.url))
    async with hooks.open():
        tell(hooks, "started")
        await until(lambda: receiver.bodies)
    assert sorted(map(str, hooks.failures)) == [
        "sh … at started: exit code 7",
        "sleep … at started: not done after 0.05 seconds",
    ]


async def test_more_events_than_may_wait_are_left_out_but_the_end_is_told(
    receiver: Receiver,
) -> None:
    hooks = hooks_of(hook(["breaker_opened", "ended"], receiver.url), bounds=Bounds(waiting=3))
    async with hooks.open():
        for number in range(5):
            tell(hooks, "breaker_opened", number=number)
        tell(hooks, "ended")
    told = [json.loads(body)["data"].get("number") for body in receiver.bodies]
    assert told == [0, 1, 2, None]
    assert [each.on for each in hooks.failures] == ["breaker_opened"] * 2


async def test_at_the_end_hooks_are_waited_for_within_bounds() -> None:
    endless = hook(["started", "ended"], "sleep 600", timeout=600)
    hooks = hooks_of(endless, bounds=Bounds(finishing=0.05))
    async with hooks.open():
        tell(hooks, "started")
        tell(hooks, "ended")
        await hooks.finish()
        await checkpoint()  # nothing is cancelled but the hooks
    assert [each.on for each in hooks.failures] == ["started", "ended"]


async def test_what_the_body_raises_is_raised_bare_after_the_hooks_were_told(
    receiver: Receiver,
) -> None:
    hooks = hooks_of(hook(["ended"], receiver.url))

    async def body() -> None:
        async with hooks.open():
            tell(hooks, "ended")
            raise LookupError("of the body")

    with pytest.raises(LookupError, match="of the body"):
        await body()
    assert len(receiver.bodies) == 1


async def test_a_cancelled_body_waits_for_no_hook(receiver: Receiver) -> None:
    hooks, told = hooks_of(hook(["started"], "sleep 600", timeout=600)), anyio.Event()

    async def body() -> None:
        async with hooks.open():
            tell(hooks, "started")
            told.set()
            await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(body)
        await told.wait()
        tasks.cancel_scope.cancel()


@pytest.mark.parametrize("refuse", ["status", "exit", "time", "absent"])
async def test_a_before_hook_that_fails_stops_at_once(
    receiver: Receiver, tmp_path: Path, refuse: str
) -> None:
    receiver.answers.append(web.Response(status=409 if refuse == "status" else 200))
    second = {
        "status": hook(["planned"], "true", before=True),
        "exit": hook(["planned"], "sh -c 'exit 1' --token SECRET", before=True),
        "time": hook(["planned"], "sleep 600", before=True, timeout=0.05),
        "absent": hook(["planned"], "./absent", before=True),
    }[refuse]
    touched = tmp_path / "touched"
    last = hook(["planned"], f"touch {touched}", before=True)
    hooks = hooks_of(hook(["planned"], receiver.url, before=True), second, last)
    await ask(hooks, "checked")  # another event
    with pytest.raises(HookError, match=r"^hook .* at planned: .* Nothing was sent\.") as raised:
        await ask(hooks, "planned")
    assert "SECRET" not in str(raised.value)
    assert (len(receiver.bodies), touched.exists()) == (1, False)


async def test_before_hooks_that_succeed_are_asked_in_order_of_the_file(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    hooks = hooks_of(
        *(hook(["started"], f"sh -c 'echo {n} >> {kept}'", before=True) for n in (1, 2, 3))
    )
    said: list[str] = []
    hooks.say = said.append
    await ask(hooks, "started")
    assert kept.read_text() == "1\n2\n3\n"
    assert said == ["Waits for hook sh … (started), at most 10 s."] * 3


async def test_a_defect_in_the_calling_is_a_failure_of_that_call() -> None:
    async def broken(*_: object) -> str | None:
        raise ZeroDivisionError

    hooks = hooks_of(hook(["ended"], "true"), hook(["planned"], "true", before=True), call=broken)
    async with hooks.open():
        tell(hooks, "ended")
        with pytest.raises(HookError, match=r"a defect \(ZeroDivisionError\)"):
            await ask(hooks, "planned")
    assert [each.reason for each in hooks.failures] == ["a defect (ZeroDivisionError)"]
