"""``batcher run`` as its users meet it.

A process, a file, a server, an exit code, a run directory.
"""

import asyncio
import gzip
import json
import re
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import zstandard

from batcher.cli.run import default_directory
from batcher.emulator import Emulator, account_of
from tests.conftest import Command, change, records, trigger
from tests.local_sts import LocalSts
from tests.waiting import until

Write = Callable[..., Path]


@pytest.mark.parametrize(
    ("file", "directory"),
    [
        ("updates.jsonl", "updates.run"),
        ("below/updates.jsonl.gz", "updates.run"),
        ("updates.jsonl.zst", "updates.run"),
        ("s3://bucket/key/updates.jsonl", "updates.run"),
        ("updates.txt", "updates.txt.run"),
        ("-", "stdin.run"),
    ],
)
def test_the_default_directory_has_the_name_of_the_input(file: str, directory: str) -> None:
    """Whatever it is packed in."""
    assert default_directory(file) == Path(directory)


async def test_a_run_does_its_whole_job(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(rate=400, burst=100)
    emulator.seed([trigger(n, domain) for n in range(20) for domain in ("acme", "globex")])
    write_lines([change(n, domain) for n in range(20) for domain in ("acme", "globex")])
    async with emulator as url:
        ended = await batcher(
            "run", "updates.jsonl", "--endpoint-url", url, "--rate", "200", "--yes", "--json"
        )
    assert ended.code == 0, ended.err
    assert (
        f"40 updates to 40 triggers in 2 domains of {account_of('AKIDEXAMPLE')}, eu-west-1"
        in ended.err
    )
    assert "acme 20, globex 20" in ended.err
    summary = json.loads(ended.out)
    assert (
        summary["total"],
        summary["succeeded"],
        summary["not_started"],
        summary["throttles"],
    ) == (40, 40, 0, 0)
    out = tmp_path / "updates.run"
    assert json.loads((out / "summary.json").read_bytes()) == summary
    assert sorted(result["line"] for result in records(out / "results.jsonl")) == list(range(1, 41))
    assert {
        path.name: path.stat().st_mode & 0o777 for path in out.iterdir() if path.name != "lock"
    } == dict.fromkeys(
        [
            *("run.json", "results.jsonl", "before.jsonl", "summary.json", "log.jsonl"),
            *("report.html", "timeline.jsonl"),
        ],
        0o600,
    )
    assert all(
        emulator.trigger(d, f"t{n}")["Description"] == f"after-{n}"
        for n in range(20)
        for d in ("acme", "globex")
    )


async def test_running_again_sends_nothing_and_another_input_is_refused(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(2)])
    write_lines([change(1), change(2)])
    async with emulator as url:
        command = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes")
        assert (await batcher(*command)).code == 0
        again = await batcher(*command)
        assert (again.code, "2 results from before, 0 updates left" in again.err) == (0, True)
        assert len(emulator.applied()) == 2
        write_lines([change(1), change(2), change(3)])
        other = await batcher(*command)
    assert (other.code, "the input was" in other.err) == (5, True)


async def test_failures_are_values_and_can_be_run_again(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(3)])
    write_lines([change(1), change(2), {"id": "mine", **change(4)}, change(3)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100", "--yes")
        ended = await batcher("run", "updates.jsonl", *flags)
        assert ended.code == 1
        assert "ResourceNotFoundException: 2" in ended.err
        failed = tmp_path / "updates.run" / "failed.jsonl"
        assert [(line["id"], line["EventTriggerName"]) for line in records(failed)] == [
            ("2", "t2"),
            ("mine", "t4"),
        ]
        assert failed.stat().st_mode & 0o777 == 0o600
        emulator.seed([trigger(2), trigger(4)])
        assert (await batcher("run", str(failed), *flags, "--out", "second.run")).code == 0


async def test_nothing_is_sent_when_a_line_breaks_a_rule(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines(
        [
            change(1),
            {"DomainName": "acme"},
            change(1, EventTriggerLimits={"Periods": [{"Unit": "YEARS"}]}),
        ]
    )
    async with emulator as url:
        flags = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes")
        ended = await batcher(*flags)
        assert ended.code == 2
        assert re.search(r"line 2: .*EventTriggerName", ended.err)
        assert re.search(r"line 3: EventTriggerLimits\.Periods\[0\]\.Unit: .*DAYS", ended.err)
        assert (emulator.applied(), (tmp_path / "updates.run").exists()) == ([], False)
        skipped = await batcher(*flags, "--skip-invalid", "--json")
    assert skipped.code == 1
    assert {key: json.loads(skipped.out)[key] for key in ("total", "succeeded", "invalid")} == {
        "total": 3,
        "succeeded": 1,
        "invalid": 2,
    }
    assert sorted(
        (r["line"], r["status"]) for r in records(tmp_path / "updates.run" / "results.jsonl")
    ) == [(1, "succeeded"), (2, "invalid"), (3, "invalid")]


async def test_an_id_that_an_invalid_line_has_as_number_names_its_own_update_and_no_other(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator, there = Emulator(), tmp_path / "updates.run"
    emulator.seed([trigger(n) for n in (2, 3)])
    write_lines(
        [
            {"DomainName": "acme"},
            change(1, id="1"),  # not there yet
            change(2, id="x"),
            change(9, id="x"),  # invalid: the id comes again
            change(3, id="4"),
            change(9, id="5", target="nowhere"),
        ]
    )
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "100")
        ended = await batcher("run", "updates.jsonl", *flags, "--yes", "--skip-invalid")
        assert ended.code == 1, ended.err
        results = records(there / "results.jsonl")
        assert sorted((r["line"], r["id"], r["status"]) for r in results) == [
            (1, "1", "invalid"),
            (2, "1", "failed"),
            (3, "x", "succeeded"),
            (4, "4", "invalid"),
            (5, "4", "succeeded"),
            (6, "6", "invalid"),
        ]
        assert (await batcher("run", "updates.jsonl", *flags, "--yes", "--skip-invalid")).code == 1
        assert len(emulator.applied()) == 2, "nothing is sent anew"
        assert "2 as asked" in (await batcher("verify", "updates.run", *flags)).err
        emulator.seed([trigger(1)])
        retried = await batcher("retry", "updates.run", *flags, "--yes")
        assert retried.code == 0, retried.err
        assert [each["EventTriggerName"] for each in emulator.applied()][2:] == ["t1"]
        undone = await batcher("rollback", "updates.run", *flags, "--yes")
        assert undone.code == 0, undone.err
    texts = [emulator.trigger("acme", f"t{n}")["Description"] for n in (2, 3)]
    assert texts == ["before-2", "before-3"]


@pytest.mark.parametrize("kind", ["gz", "zst", "stdin"])
async def test_packed_files_and_standard_input_run_as_plain_ones(
    batcher: Command, write_lines: Write, tmp_path: Path, kind: str
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(n) for n in range(1, 4)])
    plain = write_lines([change(n) for n in range(1, 4)]).read_bytes()
    (tmp_path / "u.jsonl.gz").write_bytes(gzip.compress(plain))
    (tmp_path / "u.jsonl.zst").write_bytes(zstandard.compress(plain))
    async with emulator as url:
        file = "-" if kind == "stdin" else f"u.jsonl.{kind}"
        given = plain if kind == "stdin" else None
        flags = ("run", file, "--endpoint-url", url, "--rate", "100", "--yes", "--out", "o.run")
        ended = await batcher(*flags, given=given)
        assert (ended.code, len(emulator.applied())) == (0, 3)
        assert (await batcher(*flags, given=given)).code == 0
        assert len(emulator.applied()) == 3


async def test_a_dry_run_and_a_missing_yes_send_nothing_and_leave_nothing(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator()
    write_lines([change(1)])
    async with emulator as url:
        dry = await batcher("run", "updates.jsonl", "--endpoint-url", url, "--dry-run")
        unasked = await batcher("run", "updates.jsonl", "--endpoint-url", url)
    assert (dry.code, unasked.code) == (0, 2)
    assert "less than 1 s" in dry.err
    assert "Give --yes" in unasked.err
    assert (
        emulator.counts().get("UpdateEventTrigger"),
        sorted(p.name for p in tmp_path.iterdir()),
    ) == (None, ["updates.jsonl"])


async def test_a_dry_run_to_targets_that_are_away_is_no_success(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    (tmp_path / "targets.toml").write_text(
        'region = "eu-west-1"\n[targets.here]\n'
        + "".join(f'[targets.away{n}]\nendpoint_url = "http://127.0.0.1:1"\n' for n in range(3))
    )
    write_lines([change(n, target=name) for n, name in enumerate(("here", "away0", "away1"))])
    async with Emulator() as url:
        flags = ("--config", "targets.toml", "--endpoint-url", url, "--dry-run")
        dry = await batcher("run", "updates.jsonl", *flags)
    assert dry.code == 1
    assert dry.err.count("can't be sent and stay as they are") == 1
    assert "2 updates of 2 targets (away0, away1) can't be sent and stay as they are" in dry.err
    assert dry.err.strip().splitlines()[-1] == "2 of 3 updates can't be sent: 2 targets."


@pytest.mark.parametrize(
    ("flags", "unknown"),
    [
        (["--dry-run"], (0, "unknown account")),
        (["--yes"], (0, "unknown account")),
        (["--yes", "--account", "111122223333"], (5, "an account that STS does not tell")),
    ],
    ids=["dry", "wet", "pinned"],
)
async def test_credentials_that_are_over_are_told_before_anything_is_sent_or_said_to_be_well(
    batcher: Command, write_lines: Write, flags: list[str], unknown: tuple[int, str]
) -> None:
    emulator = Emulator()
    emulator.seed([trigger(1)])
    write_lines([change(1)])
    async with LocalSts() as sts, emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = sts.url
        sts.refusal = ("ExpiredToken", 403)
        ended = await batcher("run", "updates.jsonl", "--endpoint-url", url, *flags)
        assert ended.code == 5
        assert "AWS does not accept the credentials (ExpiredToken). Renew them" in ended.err
        assert not emulator.calls()
        sts.refusal = ("SignatureDoesNotMatch", 403)
        ended = await batcher("run", "updates.jsonl", "--endpoint-url", url, *flags)
        assert (ended.code, unknown[1] in ended.err) == (unknown[0], True)


async def test_a_signal_drains_and_the_same_command_resumes(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.02, 0.04))
    emulator.seed([trigger(n) for n in range(200)])
    write_lines([change(n) for n in range(200)])
    async with emulator as url:
        flags = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "60", "--yes", "--json")
        process = await batcher.start(*flags)
        await _applied(emulator, 20)
        process.send_signal(signal.SIGTERM)
        out, err = await process.communicate()
        assert process.returncode == 4, err
        assert re.search(rb"Interrupted: waits for \d+ calls? in flight, at most 20 s; a", err)
        summary = json.loads(out)
        assert summary["succeeded"] == len(emulator.applied()) < 200
        assert summary["not_started"] == 200 - summary["succeeded"]
        ended = await batcher(*flags)
    assert (ended.code, json.loads(ended.out)["succeeded"]) == (0, 200)
    assert len(emulator.applied()) == 200


async def test_a_second_signal_stops_at_once_and_what_may_have_been_applied_is_in_doubt(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(faults={"hang-after": 1.0})
    emulator.seed([trigger(1), trigger(2)])
    write_lines([change(1), change(1), change(2)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--rate", "50", "--yes", "--no-before")
        process = await batcher.start("run", "updates.jsonl", *flags)
        await until(lambda: len(emulator.applied()) == 2)
        process.send_signal(signal.SIGINT)
        while b"draining" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 4
        emulator.set_faults({})
        summary = json.loads((tmp_path / "updates.run" / "summary.json").read_bytes())
        assert (summary["in_doubt"], summary["not_started"], summary["attempts"]) == (2, 1, 2)
        ended = await batcher("run", "updates.jsonl", *flags)
        assert (ended.code, len(emulator.applied())) == (1, 3)
        assert "1 succeeded, 2 in doubt" in ended.err
        assert (await batcher("verify", "updates.run", "--endpoint-url", url)).code == 0
    statuses = [each["status"] for each in records(tmp_path / "updates.run" / "results.jsonl")]
    assert statuses.count("succeeded") == 2, "line 1 is superseded by line 2 of its trigger"


@pytest.mark.parametrize(
    ("faults", "flags", "code", "said"),
    [
        ({"access-denied": 1.0}, (), 3, "every call was refused"),
        (
            {"internal": 0.3},
            ("--max-attempts", "1", "--max-failures", "5"),
            3,
            "more than --max-failures 5",
        ),
        ({"internal": 1.0}, ("--outage-limit", "0"), 3, "--outage-limit"),
        ({"expired-token": 1.0}, (), 5, "does not accept the credentials"),
    ],
)
async def test_a_hopeless_run_stops_itself(
    batcher: Command,
    write_lines: Write,
    faults: dict[str, float],
    flags: tuple[str, ...],
    code: int,
    said: str,
) -> None:
    emulator = Emulator(faults=faults)
    emulator.seed([trigger(n) for n in range(300)])
    write_lines([change(n) for n in range(300)])
    async with emulator as url:
        ended = await batcher(
            "run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes", *flags
        )
        assert len(emulator.calls()) < 300
    assert (ended.code, said in ended.err) == (code, True), ended.err


@pytest.mark.parametrize(
    ("arguments", "environ", "code", "said"),
    [
        (("run", "none.jsonl"), {}, 2, "none.jsonl"),
        (("run", "."), {}, 2, "directory"),
        (("run", "updates.jsonl", "--rate", "quick"), {}, 2, "--rate: can't be 'quick'"),
        (("run", "updates.jsonl", "--speed", "3"), {}, 2, "No such option"),
        (("run", "updates.jsonl", "--config", "none.toml"), {}, 2, "none.toml"),
        (("run", "updates.jsonl", "--profile", "nobody"), {}, 2, "nobody"),
        (("run", "updates.jsonl"), {"AWS_REGION": ""}, 2, "no Region"),
        (
            ("run", "updates.jsonl"),
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            5,
            "no AWS credentials",
        ),
        (
            ("run", "updates.jsonl", "--endpoint-url", "http://127.0.0.1:1"),
            {},
            5,
            "no connection to",
        ),
        (("run", "updates.jsonl", "--endpoint-url", "gopher"), {}, 2, "gopher"),
        (
            ("run", "updates.jsonl", "--out", "updates.jsonl"),
            {},
            5,
            "can't be used as run directory",
        ),
    ],
)
async def test_bad_input_is_one_clear_message(
    batcher: Command,
    write_lines: Write,
    arguments: tuple[str, ...],
    environ: dict[str, str],
    code: int,
    said: str,
) -> None:
    write_lines([change(1)])
    batcher.environ |= environ
    ended = await batcher(*arguments, "--yes", "--json")
    assert (ended.code, said in ended.err) == (code, True), ended.err
    if said != "No such option":
        assert said in json.loads(ended.out)["error"]


async def test_a_deadline_does_not_stop_a_run_that_is_late(
    batcher: Command, write_lines: Write
) -> None:
    emulator = Emulator(latency=(0.5, 0.5))
    emulator.seed([trigger(n) for n in range(6)])
    write_lines([change(n) for n in range(6)])
    async with emulator as url:
        flags = ("--endpoint-url", url, "--deadline", "1s", "--concurrency", "2", "--no-before")
        ended = await batcher("run", "updates.jsonl", *flags, "--yes", "--json")
    summary = json.loads(ended.out)
    assert (ended.code, summary["succeeded"], summary["stopped"]) == (0, 6, None), ended.err
    assert summary["wall_seconds"] > 1


async def test_nothing_sensitive_is_shown_or_logged(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    emulator = Emulator(
        faults={"internal": 0.2, "unavailable-html": 0.1, "reset-before": 0.1, "throttle": 0.1}
    )
    emulator.seed([trigger(n) for n in range(30)])
    conditions = trigger(1)["EventTriggerConditions"]
    write_lines([change(n, EventTriggerConditions=conditions) for n in range(35)])
    async with emulator as url:
        ended = await batcher(
            "run",
            "updates.jsonl",
            "--endpoint-url",
            url,
            "--rate",
            "100",
            "--yes",
            "--log-level",
            "debug",
        )
    assert ended.code == 1
    shown = ended.out + ended.err
    for name in ("results.jsonl", "log.jsonl", "summary.json", "run.json"):
        shown += (tmp_path / "updates.run" / name).read_text()
    assert "ResourceNotFoundException" in shown
    assert not re.search(r"after-\d|SECRET-VALUE|secret", shown)
    assert "after-33" in (tmp_path / "updates.run" / "failed.jsonl").read_text()


async def _applied(emulator: Emulator, count: int) -> None:
    await until(lambda: len(emulator.applied()) >= count)


async def _called(emulator: Emulator, count: int) -> None:
    await until(lambda: len(emulator.calls()) >= count)


@pytest.mark.parametrize("bad", [False, True])
async def test_a_finished_run_is_told_so_and_nothing_is_written(
    batcher: Command, write_lines: Write, tmp_path: Path, bad: bool
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(3)])
    write_lines([change(0), change(1), change(9 if bad else 2)])
    run = tmp_path / "updates.run"
    async with emulator as url:
        flags = ("--endpoint-url", url, "--yes", "--json")
        first = await batcher("run", "updates.jsonl", *flags)
        before = _files(run)
        calls = len(emulator.calls())
        for more in ((), ("--canary", "1"), ("--max-changes", "1"), ("--no-before",)):
            again = await batcher("run", "updates.jsonl", *flags, *more)
            assert (again.code, again.out) == (first.code, first.out) == (int(bad), again.out)
            assert "this run is finished, and nothing is left to do" in again.err
            assert _files(run) == before
        assert len(emulator.calls()) == calls
        other = await batcher("run", "updates.jsonl", *flags, "--create-missing")
        assert other.code == 5
        assert "belongs to another run: create_missing was False" in other.err
        assert _files(run) == before
        (run / "summary.json").unlink()
        assert (await batcher("run", "updates.jsonl", *flags)).code == int(bad)
        assert (run / "summary.json").exists(), "books that are not closed are closed"
        assert len(emulator.calls()) == calls


def _files(run: Path) -> dict[str, tuple[bytes, int]]:
    """Names, content and times of a run's files, and the time of its directory."""
    found = {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in run.iterdir()}
    return found | {"": (b"", run.stat().st_mtime_ns)}
