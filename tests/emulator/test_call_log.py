"""The log of calls and of mutations."""

from collections.abc import Callable
from typing import Any

from batcher.emulator import Emulator
from batcher.emulator.call_log import CallLog, LoggedCall

NAME = {"DomainName": "acme", "EventTriggerName": "cart"}
Trigger = Callable[..., dict[str, Any]]


async def test_the_log_of_applied_mutations_says_who_changed_what(
    connect: Any, trigger: Trigger
) -> None:
    emulator = Emulator(latency=(0, 0))
    emulator.seed([trigger()])
    async with emulator as url:
        client = await connect(url)
        answer = await client.update_event_trigger(**NAME, Description="new")
        await client.get_event_trigger(**NAME)
    (entry,) = emulator.applied()
    assert (entry["operation"], entry["request"]) == (
        "UpdateEventTrigger",
        {**NAME, "Description": "new"},
    )
    assert entry["request_id"] == answer["ResponseMetadata"]["RequestId"]
    (call, read) = emulator.calls()
    assert (entry["time"], call.outcome, read.operation) == (call.time, "ok", "GetEventTrigger")
    assert emulator.counts() == {"UpdateEventTrigger": {"ok": 1}, "GetEventTrigger": {"ok": 1}}


def test_what_is_handed_out_is_the_log_so_far() -> None:
    log = CallLog()
    for outcome in ("ok", "ok", "ThrottlingException"):
        log.add_call(LoggedCall(1.5, "111122223333", "GetDomain", outcome))
    calls, counts = log.calls(), log.counts()
    log.add_call(LoggedCall(2.5, "111122223333", "GetDomain", "ok"))
    assert (len(calls), counts) == (3, {"GetDomain": {"ok": 2, "ThrottlingException": 1}})
    assert log.counts()["GetDomain"]["ok"] == 3
