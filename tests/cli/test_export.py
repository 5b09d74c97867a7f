"""``batcher export`` as its users meet it.

What comes out brings about what is there, in order, whatever happens meanwhile.
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from batcher.emulator import Emulator
from batcher.triggers.diff import same
from tests.conftest import Command, Ended, records, sdk_session, trigger
from tests.updates.samples import MODEL, full
from tests.waiting import until

Write = Callable[..., Path]


def seeded(domains: dict[str, int], **settings: Any) -> Emulator:
    emulator = Emulator(latency=(0.0, 0.0), **settings)
    emulator.seed([trigger(n, domain) for domain, count in domains.items() for n in range(count)])
    return emulator


def lines(ended: Ended) -> list[dict[str, Any]]:
    return [msgspec.json.decode(line) for line in ended.out.splitlines()]


async def test_an_export_is_the_live_state_by_domain_and_name_and_running_it_changes_nothing(
    batcher: Command, tmp_path: Path
) -> None:
    emulator = seeded({"globex": 3, "acme": 250})
    whole = {name: value for name, value in full().items() if name[0].isupper()}
    emulator.seed(
        [{**whole, "DomainName": "acme", "EventTriggerName": "whole", "Tags": {"team": "a"}}]
    )
    async with emulator as url:
        ended = await batcher(
            "export",
            "--domain",
            "globex",
            "--domain",
            "acme",
            "--endpoint-url",
            url,
            "--out",
            "x.jsonl",
        )
        assert ended.code == 0, ended.err
        found = records(tmp_path / "x.jsonl")
        assert all(
            same(line, emulator.trigger(line["DomainName"], line["EventTriggerName"]) or {})
            for line in found
        )
        pages = sum(call.operation == "ListEventTriggers" for call in emulator.calls())
        plan = await batcher("plan", "x.jsonl", "--endpoint-url", url)
        run = await batcher("run", "x.jsonl", "--endpoint-url", url, "--yes", "--json")
        assert emulator.applied() == []
    assert (run.code, msgspec.json.decode(run.out)["unchanged"]) == (0, 254), run.err
    assert (plan.code, "254 updates: 254 unchanged." in plan.err) == (0, True), plan.err
    names = [(line["DomainName"], line["EventTriggerName"]) for line in found]
    assert (names, len(names)) == (sorted(names), 254)
    assert all(MODEL.check(line) == [] for line in found)
    assert all({"ObjectTypeName", "EventTriggerConditions"} <= line.keys() for line in found)
    assert {name for line in found for name in line} == set(MODEL.schema["properties"]) - {
        "id",
        "target",
        "based_on",
        "chain",
        "lost",
        "domain_map",
        "priority",
    }
    assert "254 triggers of 2 domains in x.jsonl." in ended.err
    assert pages == 4  # 251 triggers at 100 a page, and 3
    assert (tmp_path / "x.jsonl").stat().st_mode & 0o777 == 0o600
    assert not re.search(r"before-|SECRET", ended.err)


async def test_all_domains_go_to_standard_output(batcher: Command) -> None:
    async with seeded({"b": 1, "a": 2, "c": 1}) as url:
        ended = await batcher("export", "--all", "--endpoint-url", url)
    assert ended.code == 0, ended.err
    assert [(line["DomainName"], line["EventTriggerName"]) for line in lines(ended)] == [
        ("a", "t0"),
        ("a", "t1"),
        ("b", "t0"),
        ("c", "t0"),
    ]


async def test_a_domain_that_is_not_there_is_said_and_the_others_are_exported(
    batcher: Command,
) -> None:
    async with seeded({"acme": 2}) as url:
        ended = await batcher(
            "export", "--domain", "nope", "--domain", "acme", "--endpoint-url", url
        )
    assert (ended.code, len(lines(ended))) == (1, 2)
    assert "domain nope: there is no such domain, or access to it was denied" in ended.err
    assert "2 triggers of 1 domain." in ended.err


async def test_an_export_of_nothing_that_could_be_read_leaves_no_file(
    batcher: Command, tmp_path: Path
) -> None:
    (tmp_path / "old.jsonl").write_text("as it was")
    async with seeded({"acme": 2, "empty": 0}) as url:
        to = ("--endpoint-url", url, "--out")
        failed = await batcher("export", "--domain", "nope", *to, "new.jsonl")
        kept = await batcher("export", "--domain", "nope", *to, "old.jsonl", "--force")
        part = await batcher("export", "--domain", "nope", "--domain", "acme", *to, "part.jsonl")
    assert "0 triggers of 0 domains; new.jsonl was not written." in failed.err
    assert (failed.code, kept.code, part.code) == (1, 1, 1)
    assert sorted(path.name for path in tmp_path.glob("*.jsonl")) == ["old.jsonl", "part.jsonl"]
    assert (tmp_path / "old.jsonl").read_text() == "as it was"


async def test_a_trigger_that_vanishes_meanwhile_is_skipped(batcher: Command) -> None:
    emulator = seeded({"acme": 8})
    keys = {
        "aws_access_key_id": "AKIDEXAMPLE",
        "aws_secret_access_key": "secret",
        "region_name": "eu-west-1",
    }
    async with (
        emulator as url,
        sdk_session().create_client("customer-profiles", endpoint_url=url, **keys) as client,
    ):
        export = await batcher.start(
            "export", "--domain", "acme", "--endpoint-url", url, "--read-rate", "4"
        )
        await until(lambda: any(call.operation == "GetEventTrigger" for call in emulator.calls()))
        await client.delete_event_trigger(DomainName="acme", EventTriggerName="t7")
        out, err = await export.communicate()
    assert (export.returncode, len(out.splitlines())) == (0, 7), err
    assert b"acme/t7: skipped; it was deleted while the export was going on." in err


async def test_throttles_and_faults_lose_nothing(batcher: Command) -> None:
    emulator = seeded(
        {"a": 30, "b": 30},
        rate=100,
        burst=20,
        faults={"internal": 0.1, "throttle": 0.1, "reset-after": 0.05},
    )
    async with emulator as url:
        ended = await batcher("export", "--all", "--endpoint-url", url, "--read-rate", "80")
    assert (ended.code, len(lines(ended))) == (0, 60), ended.err


@pytest.mark.parametrize(
    ("faults", "flags", "code", "said"),
    [
        ({}, (), 2, "--all"),
        ({}, ("--all", "--domain", "acme"), 2, "--all"),
        ({}, ("--all", "--out", "x.gz"), 2, "not packed"),
        ({}, ("--all", "--out", "none/x.jsonl"), 5, "none/x.jsonl: can't be written"),
        ({"access-denied": 1.0}, ("--domain", "acme"), 1, "can't be read: AccessDeniedException"),
        (
            {"internal": 1.0},
            ("--domain", "acme", "--max-attempts", "1"),
            1,
            "can't be read: InternalServerException",
        ),
    ],
)
async def test_what_goes_wrong_is_one_clear_message(
    batcher: Command, faults: dict[str, float], flags: tuple[str, ...], code: int, said: str
) -> None:
    async with seeded({"acme": 2}, faults=faults) as url:
        ended = await batcher("export", *flags, "--endpoint-url", url)
    assert (ended.code, said in ended.err, ended.out) == (code, True, ""), ended.err
