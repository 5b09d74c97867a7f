"""Several accounts in one run.

Each with its own credentials, pace and counts, and none in the way of another.
"""

import json
import shlex
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator, account_of
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.quota_file import QuotaFile, QuotaKey
from tests.conftest import Command, change, records, trigger
from tests.servers import free_port

Write = Callable[..., Path]
ROLE = "arn:aws:iam::444455556666:role/batcher"


def lines(**counts: int) -> Iterator[dict[str, Any]]:
    """So many updates of each target, sorted by target."""
    for target, count in counts.items():
        yield from ({"target": target, **change(n)} for n in range(count))


def settings(folder: Path, **tables: dict[str, Any]) -> str:
    text = [f'target = "{next(iter(tables))}"']
    for name, table in tables.items():
        text += [
            f"[targets.{name}]",
            *(f"{key} = {json.dumps(value)}" for key, value in table.items()),
        ]
    (folder / "targets.toml").write_text("\n".join(text))
    return "targets.toml"


def seeded(count: int, **options: Any) -> Emulator:
    emulator = Emulator(**options)
    emulator.seed([trigger(n) for n in range(count)])
    return emulator


async def test_a_fast_target_ends_in_its_own_time_beside_a_slow_one(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(slow=20, fast=200))
    slow, fast = seeded(20, rate=2, burst=1), seeded(200, rate=100, burst=20)
    async with slow as slow_url, fast as fast_url:
        config = settings(
            tmp_path,
            slow={"endpoint_url": slow_url, "rate": 2},
            fast={"endpoint_url": fast_url, "rate": 100, "burst": 1},
        )
        ended = await batcher(
            "run", "updates.jsonl", "--config", config, "--yes", "--json", "--no-before"
        )
    assert ended.code == 0, ended.err
    summary = json.loads(ended.out)
    targets = summary["targets"]
    assert {name: target["succeeded"] for name, target in targets.items()} == {
        "slow": 20,
        "fast": 200,
    }
    took = {name: target["wall_seconds"] for name, target in targets.items()}
    assert 1.9 < took["fast"] < took["slow"] / 2
    assert took["slow"] > 9
    for part in (summary, *targets.values()):
        assert sum(part["seconds"].values()) == pytest.approx(part["wall_seconds"], rel=0.02)
    assert targets["slow"]["seconds"]["token"] > 0.7 * targets["slow"]["wall_seconds"]
    assert targets["fast"]["double_quota_saves"] == 0, "its own --rate held it"


async def test_two_targets_of_one_quota_share_it_and_it_is_remembered_as_the_whole(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(one=60, two=60))
    book = QuotaFile(tmp_path / "state" / "batcher", print)
    async with seeded(60, rate=20, burst=10) as url:
        key = QuotaKey(
            account=account_of("AKIDEXAMPLE"), region="eu-west-1", operation="UpdateEventTrigger"
        )
        book.remember(
            [(key, EstimatedQuota(rate=20, burst=10, doubt=0.01))], "2026-03-02T12:00:00.000Z"
        )
        (before,) = book.entries()
        config = settings(tmp_path, one={"endpoint_url": url}, two={"endpoint_url": url})
        ended = await batcher(
            "run", "updates.jsonl", "--config", config, "--yes", "--no-before", "--json"
        )
    found = json.loads(ended.out)
    assert ended.code == 0, ended.err
    assert found["throttles"] <= 3, "alone each of them would take all of it"
    (after,) = book.entries()
    assert after.rate == pytest.approx(20, rel=0.1)
    assert not after.is_guess
    assert after.used_at > before.used_at


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        ({"endpoint_url": "http://127.0.0.1:1"}, "no connection to http://127.0.0.1:1"),
        ({"role_arn": ROLE, "external_id": "wrong"}, "not authorized to perform: sts:AssumeRole"),
        ({"fault": "access-denied"}, "every call was refused"),
        ({"fault": "expired-token"}, "does not accept the credentials"),
    ],
    ids=["unreachable", "role", "denied", "expired"],
)
async def test_a_target_that_fails_stops_alone(
    batcher: Command, write_lines: Write, tmp_path: Path, broken: dict[str, str], said: str
) -> None:
    write_lines(lines(bad=60, good=60))
    good = seeded(60, external_ids={ROLE: "right"})
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(good)
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        table = {"endpoint_url": url, **broken}
        if fault := table.pop("fault", None):
            faulty = seeded(60, faults={fault: 1.0})
            table["endpoint_url"] = await stack.enter_async_context(faulty)
        config = settings(
            tmp_path, bad={**table, "rate": 100}, good={"endpoint_url": url, "rate": 100}
        )
        ended = await batcher(
            "run", "updates.jsonl", "--config", config, "--yes", "--json", "--no-before"
        )
        assert ended.code == 3, ended.err
        summary = json.loads(ended.out)
        assert summary["stopped"].startswith("target bad: ")
        assert said in summary["targets"]["bad"]["stopped"]
        assert said in ended.err
        assert (summary["targets"]["good"]["succeeded"], summary["targets"]["good"]["stopped"]) == (
            60,
            None,
        )
        assert summary["targets"]["bad"]["not_started"] > 0
        assert len(good.applied()) == 60

        there = url
        if fault:  # at the same endpoint: the run belongs there
            faulty.set_faults({})
            there = table["endpoint_url"]
        mended = settings(
            tmp_path,
            bad={"endpoint_url": there, "rate": 100},
            good={"endpoint_url": url, "rate": 100},
        )
        resumed = await batcher(
            "run", "updates.jsonl", "--config", mended, "--yes", "--json", "--no-before"
        )
    assert json.loads(resumed.out)["not_started"] == 0, resumed.err


async def test_a_target_that_has_done_its_part_is_not_needed_any_more(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(gone=3, late=60))
    run = ("run", "updates.jsonl", "--config", "targets.toml", "--yes", "--json", "--no-before")
    async with seeded(60) as late:
        async with seeded(3) as gone:
            settings(
                tmp_path,
                gone={"endpoint_url": gone},
                late={"endpoint_url": f"http://127.0.0.1:{free_port()}"},
            )
            assert (await batcher(*run)).code == 3
        settings(tmp_path, gone={"endpoint_url": gone}, late={"endpoint_url": late, "rate": 100})
        resumed = await batcher(*run)
    assert (resumed.code, json.loads(resumed.out)["stopped"]) == (0, None), resumed.err
    again = await batcher(*run)  # nothing is left for anybody, and nobody is asked
    assert (again.code, json.loads(again.out)["succeeded"]) == (0, 63), again.err


async def test_an_assumed_role_is_another_account_and_is_renewed_before_it_expires(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(other=50))
    emulator = seeded(50, session_seconds=2, external_ids={ROLE: "right"})
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        role = {"role_arn": ROLE, "external_id": "right", "role_session_name": "migration"}
        config = settings(tmp_path, other={"endpoint_url": url, "rate": 10, **role})
        ended = await batcher("run", "updates.jsonl", "--config", config, "--yes", "--no-before")
        counts = emulator.counts()
    assert ended.code == 0, ended.err
    assert "of 444455556666, eu-west-1 (target other" in ended.err
    # 5 s of calls, and no session was used beyond its 2 s
    assert counts["UpdateEventTrigger"] == {"ok": 50}
    assert counts["AssumeRole"]["ok"] >= 3
    assert {applied["account"] for applied in emulator.applied()} == {"444455556666"}
    assert "ASIA" not in "".join(path.read_text() for path in (tmp_path / "updates.run").iterdir())


async def test_a_wrong_external_id_is_one_clear_message(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(other=3))
    emulator = seeded(3, external_ids={ROLE: "right"})
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        ended = await batcher(
            "run",
            "updates.jsonl",
            "--target",
            "other",
            "--role-arn",
            ROLE,
            "--endpoint-url",
            url,
            "--yes",
            "--no-before",
        )
    assert ended.code == 5
    assert "batcher: target other: " in ended.err
    assert "not authorized to perform: sts:AssumeRole" in ended.err
    assert "Check role_arn, external_id" in ended.err
    assert emulator.applied() == []


async def test_a_target_without_a_region_is_a_mistake_to_be_put_right_first(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(one=3, two=3))
    batcher.environ.pop("AWS_REGION")
    emulator = seeded(3)
    async with emulator as url:
        config = settings(
            tmp_path, one={"endpoint_url": url, "region": "eu-west-1"}, two={"endpoint_url": url}
        )
        ended = await batcher("run", "updates.jsonl", "--config", config, "--yes", "--no-before")
    assert (ended.code, "target two: no Region" in ended.err, emulator.applied()) == (2, True, [])


async def test_a_plan_shows_what_it_can_and_leaves_out_a_target_that_can_not_be_used(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(up=2, down=1))
    async with seeded(2) as url:
        config = settings(
            tmp_path,
            up={"endpoint_url": url},
            down={"endpoint_url": f"http://127.0.0.1:{free_port()}"},
        )
        ended = await batcher(
            "plan", "updates.jsonl", "--config", config, "--out", "plan.jsonl", "--json"
        )
    assert ended.code == 1, ended.err
    plan = json.loads(ended.out)
    assert {name: plan["summary"][name] for name in ("total", "changed", "unreadable")} == {
        "total": 3,
        "changed": 2,
        "unreadable": 1,
    }
    assert "target down: no connection" in ended.out
    assert {record["target"] for record in records(tmp_path / "plan.jsonl")} == {"up"}


async def test_verify_settles_what_is_in_doubt_in_the_sums_of_each_target_too(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines(lines(one=3, two=3))
    one, two = seeded(3), seeded(3)
    one.script("UpdateEventTrigger", ["reset-after"])
    two.script("UpdateEventTrigger", ["reset-before"])
    async with one as one_url, two as two_url:
        tables = {"one": {"endpoint_url": one_url}, "two": {"endpoint_url": two_url}}
        config = settings(tmp_path, **tables)
        flags = ("--config", config, "--json")
        assert (
            await batcher(
                "run", "updates.jsonl", *flags, "--max-attempts", "1", "--rate", "50", "--yes"
            )
        ).code == 1
        file = tmp_path / "updates.run" / "summary.json"
        assert [part["in_doubt"] for part in json.loads(file.read_bytes())["targets"].values()] == [
            1,
            1,
        ]
        proof = await batcher("verify", "updates.run", *flags)
        assert (proof.code, json.loads(proof.out)["settled"]) == (
            0,
            {"succeeded": 1, "failed": 1},
        ), proof.err
        parts = json.loads(file.read_bytes())["targets"]
        counts = {
            name: (part["succeeded"], part["failed"], part["in_doubt"])
            for name, part in parts.items()
        }
        assert counts == {"one": (3, 0, 0), "two": (2, 1, 0)}
        assert (parts["one"]["errors"], parts["two"]["errors"]) == ({}, {"NotAsAsked": 1})
        file.write_bytes(file.read_bytes().replace(b'"failed": 1', b'"failed": 0'))
        forged = await batcher("verify", "updates.run", *flags)
    assert [finding["what"] for finding in json.loads(forged.out)["wrong"]["first"]] == [
        "summary.json says 0 failed, the results say 1",
        "summary.json says 0 failed of target two, the results say 1",
    ]


async def test_a_run_whose_lines_name_accounts_is_retried_verified_reported_and_undone(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    accounts = ["111122223333", "444455556666"]
    named = [accounts[0], f"{accounts[1]}/eu-west-1", f"shop-{accounts[1]}", None]
    named = [named[n % 4] for n in (*range(7), 1, 2)]
    write_lines({**({"target": name} if name else {}), **change(n)} for n, name in enumerate(named))
    emulator = seeded(8)  # the last one is not there yet
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        (tmp_path / "c.toml").write_text(
            f'endpoint_url = "{url}"\nregion = "eu-west-1"\n[targets."shop-{{account}}"]\n'
            f'accounts = {accounts}\nrole_arn = "arn:aws:iam::{{account}}:role/batcher"\n'
        )
        command = ("run", "updates.jsonl", "--config", "c.toml", "--target", accounts[0])
        assert (await batcher(*command, "--yes")).code == 1  # one failed
        emulator.seed([trigger(8)])
        retried = await batcher("retry", "updates.run", "--yes")
        assert retried.code == 0, retried.err
        results = records(tmp_path / "updates.run.retry-1" / "results.jsonl")
        assert [each["target"] for each in results] == [f"shop-{accounts[1]}"]
        for after in ("updates.run", "updates.run.retry-1"):
            verified = await batcher("verify", after)
            assert verified.code == 0, verified.err
        for argument in (("report", "updates.run", "--format", "json"), ("history",)):
            assert (await batcher(*argument)).code == 0
        undone = await batcher("rollback", "updates.run", "--yes")
        assert undone.code == 0, undone.err
    assert len(emulator.applied()) == 8 + 1 + 8


@pytest.mark.parametrize("more", [[], ["--waves", "1,2,rest", "--check", "true"]], ids=len)
async def test_a_wrong_account_is_left_for_later_as_the_refusal_offers_and_done_once_it_is_right(
    batcher: Command, write_lines: Write, tmp_path: Path, more: list[str]
) -> None:
    write_lines(lines(one=2, wrong=2, role=2))
    emulator = seeded(2)
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = url
        at = {"endpoint_url": url}
        wrong = {"one": at, "wrong": {**at, "account": "9" * 12}, "role": {**at, "role_arn": ROLE}}
        run = ("run", "updates.jsonl", "--config", settings(tmp_path, **wrong), "--yes", *more)
        refused = await batcher(*run)
        assert (refused.code, emulator.applied()) == (5, []), refused.err
        offered = shlex.split(refused.err.partition("for now, add ")[2].strip().removesuffix("."))
        part = await batcher(*run, *offered, "--json")
        assert part.code == 3, part.err
        counts = {name: each["succeeded"] for name, each in json.loads(part.out)["targets"].items()}
        assert counts == {"one": 2, "wrong": 0, "role": 2}
        settings(tmp_path, **{**wrong, "wrong": {**at, "account": account_of("AKIDEXAMPLE")}})
        rest = await batcher(*run, "--json")
    assert "Run the same command again without that setting" in part.err
    assert (rest.code, json.loads(rest.out)["not_started"]) == (0, 0), rest.err
    assert "without_target" not in (tmp_path / "updates.run" / "run.json").read_text().replace(
        '"without_target": null', ""
    )


async def test_where_nobody_is_there_to_decide_a_wrong_account_holds_no_other_target_up(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    (tmp_path / "q").mkdir()
    write_lines(lines(one=2, wrong=2), "q/u.jsonl")
    emulator = seeded(2)
    async with emulator as url:
        at = {"endpoint_url": url}
        config = settings(tmp_path, one=at, wrong={**at, "account": "9" * 12})
        config_file = tmp_path / config
        config_file.write_text(f'without_target = "one"\n{config_file.read_text()}')
        worker = ("worker", "--queue", "spool:q", "--once", "--config", config)
        ended = await batcher(*worker)
        assert (ended.code, len(emulator.applied())) == (3, 2), ended.err
        assert "target wrong: belongs to account 999999999999" in ended.err
        assert "--without-target" not in ended.err
        settings(tmp_path, one=at, wrong=at)
        assert (await batcher(*worker)).code == 0
    (results,) = tmp_path.glob("q/done/*.run/results.jsonl")
    assert len(records(results)) == 4
