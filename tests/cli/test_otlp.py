"""``--otlp``: what arrives at a collector is what happened, and no collector is in the way."""

import asyncio
import json
import os
import signal
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from batcher.emulator import Emulator, Quota
from tests.accounting.metrics_defined import DEFINED
from tests.conftest import Command, Ended, change, records, trigger
from tests.servers import free_port
from tests.telemetry.collector import Collector, Manner, collector
from tests.waiting import until

SECRET = "zx-secret-81"
TRIGGERS = 20
ON_THE_WAY = {"internal": 0.15, "throttle": 0.1, "reset-after": 0.05, "unavailable-html": 0.05}
UPDATE = "UpdateEventTrigger"


def seeded(**more: Any) -> Emulator:
    emulator = Emulator(**more)
    emulator.seed([{**trigger(n), "Description": f"{SECRET}-old"} for n in range(TRIGGERS)])
    return emulator


def write(folder: Path, *odd: dict[str, Any]) -> None:
    lines = [change(n, Description=f"{SECRET}-{n}", id=f"row-{n}") for n in range(TRIGGERS)]
    (folder / "u.jsonl").write_text("\n".join(map(json.dumps, [*lines, *odd])))


def run(url: str, *more: str) -> tuple[str, ...]:
    return ("run", "u.jsonl", "--yes", "--endpoint-url", url, "--rate", "200", *more)


def summary(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "u.run" / "summary.json").read_text())
    return found


async def test_every_attempt_is_one_span_and_the_counts_are_those_of_the_summary(
    batcher: Command, tmp_path: Path
) -> None:
    write(tmp_path, {**change(999), "id": "row-gone"}, {"DomainName": "acme", "id": "odd"})
    emulator = seeded(faults=ON_THE_WAY)
    batcher.environ |= {
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment=test",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-token=hush-hush",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    }
    async with emulator as url, collector() as taken:
        flags = ("--otlp", f"{taken.url}/", "--skip-invalid", "--max-failures", "none")
        ended = await batcher(*run(url, *flags))
        calls = Counter((each.operation, each.outcome == "ok") for each in emulator.calls())
    assert ended.code == 1, ended.err
    assert "OpenTelemetry" not in ended.err

    spans, told = taken.spans(), summary(tmp_path)
    attempts = [each for each in spans if each.kind == 3]
    assert Counter((each.attributes["rpc.method"], not each.failed) for each in attempts) == calls
    assert len({(each.trace, each.id) for each in spans}) == len(spans)
    for each in attempts:
        assert each.name == f"CustomerProfiles.{each.attributes['rpc.method']}"
        assert each.attributes["rpc.system"] == "aws-api"
        assert each.attributes["cloud.region"] == "eu-west-1"
        assert f"http://127.0.0.1:{each.attributes['server.port']}" == url
        assert each.failed == ("error.type" in each.attributes)
        assert each.failed == (each.attributes["batcher.verdict"] != "accepted")
        assert 0 <= each.seconds < 10
    answered = [each for each in attempts if not each.failed]
    assert all(each.attributes["http.response.status_code"] == 200 for each in answered)
    ids = [each.attributes["aws.request_id"] for each in answered]
    assert len(set(ids)) == len(ids)

    (of_run,) = taken.spans("run")
    updates = {each.attributes["batcher.update.id"]: each for each in taken.spans("update")}
    results = {each["id"]: each for each in records(tmp_path / "u.run" / "results.jsonl")}
    done = {id for id, each in results.items() if each["status"] != "invalid"}
    assert done <= updates.keys()
    for id in done:
        span, result = updates[id], results[id]
        assert span.attributes["batcher.status"] == result["status"]
        assert span.attributes["batcher.update.line"] == result["line"]
        assert (span.links, span.parent) == ([of_run.trace], b"")
        below = [each for each in attempts if each.trace == span.trace]
        assert all(each.parent == span.id for each in below)
        writes = [each for each in below if each.attributes["rpc.method"] == UPDATE]
        assert len(writes) == result["attempts"]
    assert len({each.trace for each in updates.values()}) == len(updates)
    assert of_run.attributes["batcher.total"] == told["total"]
    assert of_run.resource["service.name"] == "batcher"
    assert of_run.resource["deployment.environment"] == "test"
    assert of_run.resource["service.instance.id"] == of_run.attributes["batcher.run.id"]

    metrics = taken.metrics()
    statuses = {dict(labels)["status"]: n for labels, n in metrics["batcher.updates"].items()}
    assert statuses == {
        status: told[status] for status in ("succeeded", "failed", "in_doubt") if told[status]
    }
    by = Counter[tuple[str, bool]]()
    for labels, number in metrics["batcher.attempts"].items():
        by[dict(labels)["operation"], dict(labels)["outcome"] == "accepted"] += number
    assert by == calls
    assert metrics.keys() <= {each.otel for each in DEFINED}
    assert {"batcher.attempt.duration", "batcher.rate", "batcher.in_flight"} <= metrics.keys()

    assert all(headers["x-token"] == "hush-hush" for headers in taken.headers)
    sent = b"".join(taken.sent)
    assert SECRET.encode() not in sent
    everything = ended.err.encode() + b"".join(
        each.read_bytes() for each in (tmp_path / "u.run").iterdir() if "jsonl" not in each.name
    )
    log = (tmp_path / "u.run" / "log.jsonl").read_bytes()
    assert b"hush-hush" not in everything + log + sent


@pytest.mark.parametrize("manner", ["500", "503", "hang", "redirect", "away"])
async def test_no_collector_is_in_the_way(
    manner: Manner | str, batcher: Command, tmp_path: Path
) -> None:
    write(tmp_path)
    batcher.environ["OTEL_BSP_SCHEDULE_DELAY"] = "50"
    async with seeded() as url, collector("well" if manner == "away" else manner) as taken:
        address = f"http://127.0.0.1:{free_port()}" if manner == "away" else taken.url
        began = time.monotonic()
        ended = await batcher(*run(url, "--otlp", address, "--grace", "1", "--json"))
        took = time.monotonic() - began
    assert ended.code == 0, ended.err
    assert json.loads(ended.out)["succeeded"] == TRIGGERS
    assert took < 30  # the SDK alone waits for 30 s, and asks a collector that hangs once more
    lines = [line for line in ended.err.splitlines() if "OpenTelemetry" in line]
    assert len(lines) == 1
    assert "not sent" in lines[0]
    assert "withheld" not in ended.err
    log = records(tmp_path / "u.run" / "log.jsonl")
    assert [each["event"] for each in log].count("telemetry.lost") == 1
    assert taken.requests == 0 if manner == "away" else taken.requests > 0
    assert not taken.sent


async def test_a_queue_that_is_full_drops_spans_and_holds_nothing_up(
    batcher: Command, tmp_path: Path
) -> None:
    write(tmp_path)
    batcher.environ |= {
        "OTEL_BSP_MAX_QUEUE_SIZE": "4",
        "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "4",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    }
    async with seeded() as url, collector("hang") as taken:
        ended = await batcher(*run(url, "--otlp", taken.url, "--grace", "0"))
    assert ended.code == 0, ended.err
    assert " spans of " in ended.err


async def test_a_signal_ends_a_run_whose_collector_hangs(batcher: Command, tmp_path: Path) -> None:
    write(tmp_path)
    emulator = seeded(quotas={UPDATE: Quota(rate=5, burst=1)})
    async with emulator as url, collector("hang") as taken:
        process = await batcher.start(*run(url, "--otlp", taken.url))
        await until(emulator.applied)
        os.kill(process.pid, signal.SIGTERM)
        log = tmp_path / "u.run" / "log.jsonl"
        await until(lambda: b"run.draining" in log.read_bytes())
        os.kill(process.pid, signal.SIGTERM)
        await asyncio.wait_for(process.wait(), 20)
    assert process.returncode == 4
    assert records(tmp_path / "u.run" / "results.jsonl")


async def test_a_worker_sends_the_same_of_a_queue_in_files(
    batcher: Command, tmp_path: Path
) -> None:
    write(tmp_path)
    (tmp_path / "spool").mkdir()
    async with seeded() as url, collector() as taken:
        await batcher("enqueue", "u.jsonl", "--queue", "spool:spool")
        batcher.environ["BATCHER_OTLP"] = taken.url
        ended = await batcher(
            "worker", "--queue", "spool:spool", "--once", "--endpoint-url", url, "--rate", "200"
        )
    assert ended.code == 0, ended.err
    _hold_worker(taken)


def _hold_worker(taken: Collector) -> None:
    assert taken.spans("run") == []
    updates = taken.spans("update")
    assert Counter(each.attributes["batcher.status"] for each in updates) == {"succeeded": TRIGGERS}
    assert len(taken.spans(f"CustomerProfiles.{UPDATE}")) == TRIGGERS
    updated = taken.metrics()["batcher.updates"]
    assert sum(updated.values()) == TRIGGERS


@pytest.mark.parametrize(
    ("url", "variables", "said"),
    [
        ("collector:4318", {}, "--otlp"),
        ("http://user:hush@collector", {}, "--otlp"),
        ("http://c", {"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "OTEL_"),
    ],
)
async def test_what_can_not_be_is_refused_in_words(
    url: str, variables: dict[str, str], said: str, batcher: Command, tmp_path: Path
) -> None:
    write(tmp_path)
    batcher.environ |= variables
    async with seeded() as place:
        ended: Ended = await batcher(*run(place, "--otlp", url))
    assert ended.code == 2
    assert said in ended.err
    assert "hush" not in ended.err.replace("user:hush@collector", "")
