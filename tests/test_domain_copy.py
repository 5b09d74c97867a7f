"""The copy of a domain with what makes its triggers fire, killed in between and gone on with."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from batcher.emulator import Emulator
from tests.conftest import Command, records, trigger
from tests.waiting import until

Write = Callable[..., Path]
COPY = ("--domain-map", "acme=copy", "--create-missing", "--with-integrations")


def integrations(emulator: Emulator, domain: str) -> dict[str, list[str]]:
    """The names of triggers by the URI that they are attached to."""
    (place,) = emulator.state()["places"]
    (found,) = (each for each in place["domains"] if each["record"]["DomainName"] == domain)
    return {each["Uri"]: each["EventTriggerNames"] for each in found["integrations"]}


async def test_killed_between_a_trigger_and_its_integration_the_same_command_completes_it(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    tagged: list[dict[str, Any]] = [{**trigger(n), "Tags": {"team": "crm"}} for n in range(3)]
    attached = [
        {"DomainName": "acme", "Uri": f"s3://bucket-{n}", "EventTriggerNames": [f"t{n}"]}
        for n in range(2)
    ]
    other = {"DomainName": "copy", "Uri": "s3://other", "EventTriggerNames": ["x"]}
    emulator.seed([*tagged, *attached, other])
    write_lines([{name: each[name] for name in each if name != "Tags"} for each in tagged])
    emulator.script("PutIntegration", ["hang"])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "500", "--yes", "--json", *COPY)
        process = await batcher.start("run", "updates.jsonl", *flags)
        await until(lambda: "PutIntegration" in emulator.counts())
        process.kill()
        await process.communicate()
        assert integrations(emulator, "copy") == {"s3://other": ["x"]}
        ended = await batcher("run", "updates.jsonl", *flags)
    assert ended.code == 0, ended.err
    assert integrations(emulator, "copy") == {
        "s3://bucket-0": ["t0"],
        "s3://bucket-1": ["t1"],
        "s3://other": ["x"],
    }
    for number in range(3):
        copied = emulator.trigger("copy", f"t{number}")
        assert copied is not None
        assert copied["Tags"] == {"team": "crm"}
    created = [each.get("created") for each in records(tmp_path / "updates.run" / "results.jsonl")]
    assert created.count("with_integration") == 2
    assert json.loads(ended.out)["created"]["with_integration"] == 2
    applied = [entry["operation"] for entry in emulator.applied()]
    assert (applied.count("CreateEventTrigger"), applied.count("PutIntegration")) == (3, 2)
    assert applied.count("TagResource") == 3


async def test_without_it_each_trigger_that_was_created_is_said_never_to_fire(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(0)])
    write_lines([trigger(number) for number in range(3)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "500", "--yes", "--json")
        refused = await batcher("run", "updates.jsonl", *flags, "--with-integrations")
        assert emulator.calls() == []
        ended = await batcher("run", "updates.jsonl", *flags, "--create-missing")
    assert refused.code == 2
    assert "means something only with --create-missing" in refused.err
    assert (ended.code, json.loads(ended.out)["created"]) == (0, {"without_integration": 2})
    assert "2 triggers created, and NEVER FIRING until an integration names each" in ended.err
    assert "  line 2, acme/t1\n  line 3, acme/t2\n" in ended.err
