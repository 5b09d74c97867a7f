"""``batcher calibrate`` and ``batcher quota``: measured, remembered, shown, used, forgotten."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from batcher.emulator import Emulator, account_of
from batcher.operations import UPDATE_TRIGGER
from tests.conftest import Command, change, remember_quota, trigger
from tests.waiting import until

Write = Callable[..., Path]
ON = ("--domain", "acme", "--trigger", "t1")


def seeded(**options: object) -> Emulator:
    emulator = Emulator(**options)
    emulator.seed([trigger(n) for n in range(100)])
    return emulator


async def test_calibrating_finds_rate_and_burst_and_the_next_run_starts_from_them(
    batcher: Command, write_lines: Write
) -> None:
    emulator = seeded(rate=20, burst=20, latency=(0.02, 0.06))
    write_lines([change(n) for n in range(100)])
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        before = trigger(1)
        ended = await batcher("calibrate", *ON, "--endpoint-url", url, "--yes", "--json")
        assert ended.code == 0, ended.err
        found = json.loads(ended.out)
        assert found["rate"] == pytest.approx(20, rel=0.05)
        assert found["burst"] == pytest.approx(20, abs=5)
        assert sum(emulator.counts()["UpdateEventTrigger"].values()) == found["calls"] <= 200
        after = emulator.trigger("acme", "t1")
        assert [after[name] for name in before] == [before[name] for name in before]
        asked = {json.dumps(each["request"], sort_keys=True) for each in emulator.applied()}
        assert len(asked) == 1
        assert set(json.loads(asked.pop())) == {*trigger(1)}

        table = await batcher("quota")
        assert (
            table.code,
            f"{found['rate']:.3g}/s" in table.out,
            "eu-west-1  UpdateEventTrigger" in table.out,
        ) == (0, True, True)
        (entry,) = json.loads((await batcher("quota", "--json")).out)["quotas"]
        assert (entry["account"], entry["operation"]) == (found["account"], "UpdateEventTrigger")
        assert 0 <= entry["age_seconds"] < 60

        run = ("run", "updates.jsonl", "--endpoint-url", url, "--yes", "--json", "--no-before")
        late = await batcher(*run, "--deadline", "2s")
        assert late.code == 2
        assert "--deadline 2s can't be kept: target default takes" in late.err
        assert "it would need" in late.err
        assert len(emulator.applied()) == found["calls"] - found["throttles"]
        ended = await batcher(*run, "--deadline", "10m")
        assert (
            ended.code,
            f"{found['rate']:.3g}/s is what this account was found to allow just now" in ended.err,
        ) == (0, True)
        assert json.loads(ended.out)["throttles"] <= 4

    assert "Forgot 0" in (await batcher("quota", "--forget", "--account", "999")).err
    assert "Forgot 1" in (await batcher("quota", "--forget", "--account", found["account"])).err
    assert "No quota is remembered" in (await batcher("quota")).err


@pytest.mark.parametrize(
    ("rate", "burst", "latency"),
    [(100, 20, (0.01, 0.05)), (20, 5, (0.01, 0.01)), (10, 2, (0.01, 0.01))],
)
async def test_a_burst_of_less_than_a_second_is_no_reason_to_find_less(
    batcher: Command, rate: float, burst: float, latency: tuple[float, float]
) -> None:
    emulator = seeded(rate=rate, burst=burst, latency=latency)
    async with emulator as url:
        ended = await batcher("calibrate", *ON, "--endpoint-url", url, "--yes", "--json")
    found = json.loads(ended.out)
    assert sum(emulator.counts()["UpdateEventTrigger"].values()) == found["calls"] <= 200
    if found["measured"]:
        assert found["rate"] == pytest.approx(rate, rel=max(0.02, found["doubt"]))
        assert found["burst"] == pytest.approx(burst, rel=0.5, abs=1)
    else:  # the machine was too busy to send evenly: then nothing is claimed
        assert (ended.code, found["rate"] <= rate) == (1, True)


async def test_what_can_not_be_kept_is_said_and_where(batcher: Command) -> None:
    batcher.environ["XDG_STATE_HOME"] = "/proc/nowhere"  # where root can't write either
    async with seeded(rate=20, burst=5) as url:
        ended = await batcher("calibrate", *ON, "--endpoint-url", url, "--yes", "--json")
    assert (ended.code, json.loads(ended.out)["remembered"]) == (0, False)
    assert "/proc/nowhere/batcher/quotas.json can't be written: " in ended.err
    assert "; not remembered." in ended.err


async def test_too_few_calls_tell_too_little_and_are_not_exceeded(batcher: Command) -> None:
    emulator = seeded(rate=100, burst=100)
    async with emulator as url:
        ended = await batcher("calibrate", *ON, "--calls", "30", "--endpoint-url", url, "--yes")
    assert (ended.code, "Not measured" in ended.err) == (1, True)
    assert emulator.counts()["UpdateEventTrigger"] == {"ok": 30}
    assert "No quota is remembered" in (await batcher("quota")).err


@pytest.mark.parametrize(
    ("options", "arguments", "code", "said"),
    [
        ({}, ("--trigger", "none"), 5, "can't be read (ResourceNotFoundException"),
        ({}, ("--rate", "2"), 2, "give --rate auto"),
        ({"faults": {"access-denied": 1.0}}, (), 5, "AccessDeniedException"),
        ({}, ("no yes",), 2, "Give --yes"),
    ],
)
async def test_calibrating_refuses_with_one_message(
    batcher: Command, options: dict[str, object], arguments: tuple[str, ...], code: int, said: str
) -> None:
    emulator = seeded(**options)
    async with emulator as url:
        yes = () if arguments == ("no yes",) else ("--yes", *arguments)
        ended = await batcher("calibrate", *ON, "--endpoint-url", url, *yes)
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert emulator.applied() == []


@pytest.mark.parametrize(
    ("rate", "own", "code", "said"),
    [('"auto"', "2", 2, "give --rate auto, in its table"), ("2", '"auto"', 1, "Not measured")],
)
async def test_whether_there_is_a_ceiling_is_for_the_target_to_say(
    batcher: Command, tmp_path: Path, rate: str, own: str, code: int, said: str
) -> None:
    emulator = seeded()
    async with emulator as url:
        table = f'rate = {rate}\ntarget = "eu"\n[targets.eu]\nendpoint_url = "{url}"\nrate = {own}'
        (tmp_path / "targets.toml").write_text(table)
        ended = await batcher(
            "calibrate", *ON, "--calls", "10", "--config", "targets.toml", "--yes"
        )
    assert (ended.code, said in ended.err) == (code, True), ended.err
    assert len(emulator.applied()) == (0 if code == 2 else 10)


async def test_a_change_by_somebody_else_meanwhile_is_told(batcher: Command) -> None:
    emulator = seeded(rate=20, burst=20)
    async with emulator as url:
        process = await batcher.start(
            "calibrate", *ON, "--calls", "30", "--endpoint-url", url, "--yes"
        )
        await until(lambda: "UpdateEventTrigger" in emulator.counts())
        # they change it again and again, so the last word is theirs
        theirs = trigger(1) | {"Description": "theirs"}
        await until(lambda: emulator.seed([theirs]) and process.returncode is not None)
        _, err = await process.communicate()
    assert process.returncode == 5
    assert b"not as it was at the beginning (changed: Description)" in err


async def test_what_can_not_be_known_is_said_and_a_damaged_memory_is_one_warning(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    memory = tmp_path / "state" / "batcher" / "quotas.json"
    memory.parent.mkdir(parents=True)
    memory.write_text("{")
    write_lines([change(n) for n in range(20)])
    async with seeded() as url:
        run = (
            "run",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--yes",
            "--no-before",
            "--deadline",
            "1h",
        )
        ended = await batcher(*run, "--dry-run")
        assert ended.code == 0
        assert "Whether --deadline 1h (in 1 h 0 min) can be kept is not known" in ended.err
        assert "It needs 0.00528/s" in ended.err
        assert ended.err.count("quotas.json is damaged and ignored") == 1
        unwanted = await batcher(*run, "--dry-run", "--no-remember")
        assert "quotas.json" not in unwanted.err
        known = await batcher(*run, "--rate", "10", "--dry-run")
        assert (known.code, "Takes about 2 s, until " in known.err) == (0, True)


async def test_a_deadline_counts_looking_first_where_that_takes_longer(
    batcher: Command, write_lines: Write
) -> None:
    write_lines([change(n) for n in range(21)])
    emulator = seeded()
    async with emulator as url:
        run = (
            "run",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--yes",
            "--dry-run",
            "--read-rate",
            "2",
            "--deadline",
            "5s",
        )
        for rate in ("4", "auto"):
            ended = await batcher(*run, "--rate", rate, "--before")
            assert ended.code == 2
            assert "takes 10 s at 2/s of reading, until " in ended.err
            assert "has 5 s; it would need 4/s" in ended.err
        assert "looking first at 2/s" in (await batcher(*run, "--rate", "4", "--before")).err
        assert (await batcher(*run, "--rate", "4", "--no-before")).code == 0
        assert (await batcher(*run, "--rate", "1", "--before", "--read-rate", "50")).code == 2
        slow = await batcher(*run, "--rate", "1e-12", "--before")
    assert (slow.code, "Traceback" in slow.err, "it would need 4/s" in slow.err) == (2, False, True)
    assert emulator.counts() == {}


async def test_a_share_leaves_the_rest_to_others(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = seeded(rate=40, burst=40)
    write_lines([change(n) for n in range(60)])
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        account = account_of("AKIDEXAMPLE")
        remember_quota(tmp_path / "state", UPDATE_TRIGGER, 40, account=account)
        run = ("run", "updates.jsonl", "--endpoint-url", url, "--yes", "--json", "--no-before")
        ended = await batcher(*run, "--share", "50%")
    assert "50% of the quota is used" in ended.err
    summary = json.loads(ended.out)
    assert summary["rate"] == pytest.approx(20, rel=0.15)
    assert summary["throttles"] <= 2
