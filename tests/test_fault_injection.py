"""Whatever goes wrong on the way, results and server agree: the server's own log is the witness."""

import pytest

import batcher
from batcher.emulator import Emulator, Quota
from tests.conftest import change, trigger

TRIGGERS = 25
UPDATES = 3 * TRIGGERS


pytestmark = pytest.mark.usefixtures("stand_in_credentials")


@pytest.mark.parametrize(
    "faults",
    [
        {"internal": 0.3},
        {"throttle": 0.03, "throttle-untyped": 0.03},
        {"unavailable-html": 0.3},
        {"reset-before": 0.2, "reset-after": 0.2},
        {"hang": 0.05, "hang-after": 0.05},
        # at random, two sets of credentials in a row may be refused at once: the end
        ([None] * 39 + ["expired-token"]) * 4,
        {
            "internal": 0.1,
            "throttle": 0.02,
            "reset-after": 0.1,
            "hang-after": 0.02,
            "slow": 0.1,
            "unavailable-html": 0.05,
        },
    ],
    ids=lambda faults: "+".join(dict.fromkeys(filter(None, faults))),
)
async def test_results_and_server_agree_under(faults: dict[str, float] | list[str | None]) -> None:
    """``faults``: probabilities, or a script."""
    likely, script = (faults, []) if isinstance(faults, dict) else ({}, faults)
    emulator = Emulator(
        faults=likely, latency=(0.0, 0.02), quotas={"UpdateEventTrigger": Quota(rate=300, burst=30)}
    )
    emulator.script("UpdateEventTrigger", script)
    emulator.seed([trigger(n) for n in range(TRIGGERS)])
    updates = [change(n % TRIGGERS, SegmentFilter=f"round-{n // TRIGGERS}") for n in range(UPDATES)]
    async with emulator as url:
        batch = await batcher.update_many(
            updates,
            endpoint_url=url,
            rate=250,
            burst=10,
            read_rate=1000,
            max_attempts=6,
            read_timeout=0.5,
            concurrency=32,
        )
    applied = [
        (entry["EventTriggerName"], entry["request"]["SegmentFilter"])
        for entry in emulator.applied()
    ]

    assert [result.line for result in batch.results] == list(range(1, UPDATES + 1))
    for result, update in zip(batch.results, updates, strict=True):
        times = applied.count((update["EventTriggerName"], update["SegmentFilter"]))
        match result.status:
            case "succeeded":
                assert times >= 1
            case "failed":  # AWS answered at least once, or the request never left
                assert times == 0 or result.maybe_applied
                assert result.error is not None
                assert result.error.code in (
                    "InternalServerException",
                    "503",
                    "ReadTimeoutError",
                    "ConnectionClosedError",
                )
            case "in_doubt":
                assert result.error is not None
            case _:
                pytest.fail(f"unexpected {result}")
    for number in range(TRIGGERS):
        rounds = [segment for name, segment in applied if name == f"t{number}"]
        # one at a time, in input order; a repeat is the same update again
        assert rounds == sorted(rounds)
        last = batch.results[2 * TRIGGERS + number]
        if last.status == "succeeded":
            assert emulator.trigger("acme", f"t{number}")["SegmentFilter"] == "round-2"


async def test_no_update_that_was_applied_is_told_as_one_that_was_not() -> None:
    faults = {"internal": 0.25, "reset-after": 0.25, "reset-before": 0.05, "throttle": 0.05}
    emulator = Emulator(faults=faults, latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(2 * TRIGGERS)])
    updates = [change(n) for n in range(2 * TRIGGERS)]
    given = {"rate": 500, "read_rate": 1000, "max_attempts": 2, "max_failures": "none"}
    async with emulator as url:
        batch = await batcher.update_many(updates, endpoint_url=url, **given)
    applied = {each["EventTriggerName"] for each in emulator.applied()}
    succeeded = {each.trigger for each in batch.results if each.status == "succeeded"}
    assert applied - succeeded
    assert applied - succeeded <= {each.trigger for each in batch.maybe_applied}
    assert batch.counts.maybe_applied == sum(each.maybe_applied for each in batch.results)


async def test_an_answer_that_never_comes_is_in_doubt_and_a_refusal_is_failed() -> None:
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(2), trigger(3)])
    emulator.script("UpdateEventTrigger", ["hang-after", "reset-after", "reset-before"])
    async with emulator as url:
        batch = await batcher.update_many(
            [change(1)], endpoint_url=url, rate=100, max_attempts=3, read_timeout=0.2, whole="never"
        )
    result = batch.results[0]
    assert (result.status, result.attempts, result.error and result.error.code) == (
        "in_doubt",
        3,
        "ConnectionClosedError",
    )
    # nothing below the engine sends again
    assert (len(emulator.calls()), len(emulator.applied())) == (3, 2)
