"""Whatever acts for a run does it where the run belongs, or not at all."""

import hashlib
import json
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from aiohttp import ClientSession, web

from batcher.config import Settings
from batcher.emulator import Emulator, account_of
from batcher.errors import RunDirectoryError
from batcher.jobs.run_places import refuse_other_places, with_places
from batcher.records import Seconds, Summary, TargetSummary
from batcher.target_identity import TargetIdentity
from tests.conftest import Command, Ended, change, records, trigger
from tests.servers import free_port
from tests.waiting import until

Write = Callable[..., Path]
ONE, TWO = account_of("AKIDEXAMPLE"), account_of("AKIDOTHER")
FLAGS = ("--yes", "--rate", "1000", "--no-progress")

elsewhere = pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"AWS_ACCESS_KEY_ID": "AKIDOTHER"}, f"account of target default was {ONE}, now {TWO}"),
        ({"AWS_REGION": "us-east-1"}, "region of target default was eu-west-1, now us-east-1"),
    ],
    ids=["account", "region"],
)


def seeded(count: int = 3, **options: Any) -> Emulator:
    emulator = Emulator(**options)
    emulator.seed([trigger(number) for number in range(count)])
    return emulator


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_refusal_names_the_run_and_what_differs() -> None:
    one = TargetIdentity(region="eu-west-1", account=ONE, endpoint="http://h")
    other = TargetIdentity(region="eu-west-1", account=ONE, endpoint="http://x")
    with pytest.raises(RunDirectoryError, match=r"u\.run: belongs to another place: .* http://x"):
        refuse_other_places("u.run", {"default": one}, {"default": other}, Settings(), sends=False)


async def test_only_of_a_run_that_has_done_nothing_a_refusal_proposes_to_start_anew(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0)])
    run = ("run", "updates.jsonl", "--endpoint-url")
    async with seeded(latency=(30.0, 30.0)) as one, seeded() as two, seeded() as three:
        first = await batcher.start(*run, one, *FLAGS)
        await until((tmp_path / "updates.run" / "run.json").exists)
        first.kill()
        await first.communicate()
        refused = await batcher(*run, two, *FLAGS)
        assert (refused.code, "or start anew with --out DIR" in refused.err) == (5, True)
        assert (await batcher(*run, two, *FLAGS, "--out", "two.run")).code == 0
        done = await batcher(*run, three, *FLAGS, "--out", "two.run")
    assert (done.code, "belongs to another place" in done.err) == (5, True)
    assert "--out DIR" not in done.err


@elsewhere
@pytest.mark.parametrize(
    "command",
    [
        "run updates.jsonl",
        "retry updates.run",
        "verify updates.run",
        "verify updates.run --in-doubt-only",
        "rollback updates.run",
    ],
)
async def test_no_command_acts_for_a_finished_run_elsewhere(
    batcher: Command,
    write_lines: Write,
    tmp_path: Path,
    command: str,
    environ: dict[str, str],
    said: str,
) -> None:
    write_lines([change(0), change(1), change(9)])
    emulator = seeded()
    async with emulator as url:
        arguments = [*command.split(), "--endpoint-url", url]
        arguments += [] if "verify" in command else FLAGS
        first = await batcher("run", "updates.jsonl", "--endpoint-url", url, *FLAGS)
        assert first.code == 1, first.err
        before, applied = content(tmp_path / "updates.run"), emulator.applied()
        batcher.environ |= environ
        refused = await batcher(*arguments)
        assert (refused.code, said in refused.err) == (5, True), refused.err
        assert emulator.applied() == applied
    assert content(tmp_path / "updates.run") == before
    assert not list(tmp_path.glob("*.retry*")) + list(tmp_path.glob("*.rollback*"))


@pytest.mark.parametrize(
    "command", ["run updates.jsonl", "verify updates.run", "rollback updates.run"]
)
async def test_a_run_whose_account_nobody_knew_is_gone_on_with_only_where_somebody_names_it(
    batcher: Command, write_lines: Write, command: str
) -> None:
    write_lines([change(0), change(1)])
    emulator = seeded()
    async with emulator as url:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = f"http://127.0.0.1:{free_port()}"
        first = await batcher("run", "updates.jsonl", "--endpoint-url", url, *FLAGS)
        assert (first.code, "unknown account" in first.err) == (0, True), first.err
        del batcher.environ["AWS_ENDPOINT_URL_STS"]
        applied = emulator.applied()
        arguments = [*command.split(), "--endpoint-url", url]
        arguments += [] if "verify" in command else FLAGS
        refused = await batcher(*arguments)
        assert (refused.code, f"never known, now it is {ONE}" in refused.err) == (5, True)
        assert emulator.applied() == applied
        named = await batcher(*arguments, "--account", ONE)
        assert named.code == 0, named.err


async def test_another_endpoint_is_another_place(batcher: Command, write_lines: Write) -> None:
    write_lines([change(0)])
    async with seeded() as one, seeded() as two:
        assert (await batcher("run", "updates.jsonl", "--endpoint-url", one, *FLAGS)).code == 0
        refused = await batcher("run", "updates.jsonl", "--endpoint-url", two, *FLAGS)
    assert refused.code == 5
    assert f"endpoint of target default was {one}, now {two}" in refused.err


@asynccontextmanager
async def forwarding(url: str) -> AsyncIterator[str]:
    """An HTTP proxy that finds every host at that address."""

    async def forward(request: web.Request) -> web.Response:

        there = "/".join([url, *request.raw_path.split("/", 3)[3:]])
        headers = {k: v for k, v in request.headers.items() if k != "Host"}
        sent = {"headers": headers, "data": await request.read()}
        async with session.request(request.method, there, **sent) as answer:
            kept = {k: v for k, v in answer.headers.items() if k.lower().startswith("x-amzn")}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())

    async with ClientSession(auto_decompress=False) as session:
        runner = web.ServerRunner(web.Server(forward))
        await runner.setup()
        try:
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            yield f"http://127.0.0.1:{runner.addresses[0][1]}"
        finally:
            await runner.cleanup()


async def test_a_run_at_one_endpoint_of_awss_is_gone_on_with_at_each_other_one(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(0), change(1), change(9)])
    emulator = seeded(2)
    plain, other = "profile.eu-west-1.amazonaws.com", "profile.eu-west-1.amazonaws.com.example.org"
    fips, dual = "PROFILE-fips.eu-west-1.amazonaws.com.:80/", "profile.eu-west-1.api.aws/"
    vpc = "vpce-0a-1b.profile.eu-west-1.vpce.amazonaws.com"
    async with emulator as url, forwarding(url) as proxy:
        batcher.environ |= {"HTTP_PROXY": proxy, "NO_PROXY": "127.0.0.1"}
        batcher.environ |= {"AWS_ENDPOINT_URL_STS": url}

        async def at(host: str, *command: str) -> Ended:
            return await batcher(*command, "--endpoint-url", f"http://{host}")

        first = await at(plain, "run", "updates.jsonl", *FLAGS)
        assert first.code == 1, first.err
        emulator.seed([trigger(9)])
        retried = await at(fips, "retry", "updates.run", *FLAGS)
        verified = await at(dual, "verify", "updates.run")
        held = await at(vpc, "drift", "updates.run")
        undone = await at(fips, "rollback", "updates.run", *FLAGS)
        resumed = await at(vpc, "run", "updates.jsonl", *FLAGS)
        applied = len(emulator.applied())
        refused = await at(other, "rollback", "updates.run", *FLAGS, "--out", "other.rollback")
        assert len(emulator.applied()) == applied == 5
    assert [each.code for each in (retried, verified, held, undone)] == [0, 0, 0, 0], verified.err
    assert (resumed.code, refused.code) == (1, 5), resumed.err
    assert f"was http://{plain}, now http://{other}" in refused.err
    run = json.loads((tmp_path / "updates.run" / "run.json").read_bytes())
    assert run["targets"]["default"]["endpoint"] == f"http://{plain}", "as its first session had it"


async def test_a_target_first_seen_on_a_resume_belongs_to_the_run_from_then_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([{**change(0), "target": "one"}, {**change(1), "target": "two"}])

    def configured(one: str, two: str) -> tuple[str, ...]:
        tables = f'[targets.one]\nendpoint_url = "{one}"\n[targets.two]\nendpoint_url = "{two}"\n'
        (tmp_path / "c.toml").write_text(f'target = "one"\n{tables}')
        return ("run", "updates.jsonl", "--config", "c.toml", *FLAGS)

    async with seeded() as one, seeded() as two, seeded() as other:
        assert (await batcher(*configured(one, "http://127.0.0.1:1"))).code == 3
        assert (await batcher(*configured(one, two))).code == 0
        run = json.loads((tmp_path / "updates.run" / "run.json").read_bytes())
        assert {name: place["endpoint"] for name, place in run["targets"].items()} == {
            "one": one,
            "two": two,
        }
        refused = await batcher(*configured(one, other))
    assert (refused.code, f"was {two}, now {other}" in refused.err) == (5, True)


def renewing(folder: Path, key: str) -> Path:
    """A profile whose credentials are fetched anew for each signature, with the key in a file."""
    script, file = folder / "credentials.py", folder / "key"
    expiry = (datetime.now(UTC) + timedelta(minutes=14)).isoformat()  # due, and not yet over
    answer = {"Version": 1, "SecretAccessKey": "s", "SessionToken": "t", "Expiration": expiry}
    script.write_text(
        "import json\n"
        f"print(json.dumps({answer!r} | {{'AccessKeyId': open({str(file)!r}).read()}}))\n"
    )
    (folder / "config").write_text(f"[default]\ncredential_process = {sys.executable} {script}\n")
    file.write_text(key)
    return file


async def test_credentials_of_another_account_fetched_in_mid_run_stop_it_before_a_request(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(number) for number in range(40)])
    key = renewing(tmp_path, "AKIDEXAMPLE")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del batcher.environ[name]
    batcher.environ["AWS_CONFIG_FILE"] = str(tmp_path / "config")
    emulator = seeded(40)
    async with emulator as url:
        arguments = ("run", "updates.jsonl", "--endpoint-url", url, "--yes", "--rate", "5")
        process = await batcher.start(*arguments, "--no-progress")
        await until(lambda: len(emulator.applied()) >= 3)
        key.write_text("AKIDOTHER")
        _, err = await process.communicate()
        assert process.returncode == 3, err.decode()
        assert f"belongs to account {ONE}" in err.decode()
        assert f"are of account {TWO}" in err.decode()
        assert {call.account for call in emulator.calls()} == {ONE}
        key.write_text("AKIDEXAMPLE")
        resumed = await batcher(*arguments[:-1], "1000")
    assert resumed.code == 0, resumed.err
    assert len(records(tmp_path / "updates.run" / "results.jsonl")) == 40


@pytest.mark.parametrize(("away", "code"), [(False, 0), (True, 5)])
async def test_a_pinned_account_has_to_be_known(
    batcher: Command, write_lines: Write, tmp_path: Path, away: bool, code: int
) -> None:
    write_lines([change(0)])
    if away:
        batcher.environ["AWS_ENDPOINT_URL_STS"] = "http://127.0.0.1:1"
    emulator = seeded()
    async with emulator as url:
        command = ("run", "updates.jsonl", "--endpoint-url", url, *FLAGS)
        refused = await batcher(*command, "--account", TWO)
        assert (refused.code, f"belongs to account {TWO}" in refused.err) == (5, True)
        assert not (tmp_path / "updates.run").exists()
        assert emulator.calls() == []
        assert (await batcher(*command, "--account", ONE)).code == code
        if away:
            unknown = await batcher(*command)
            assert (unknown.code, "unknown account" in unknown.err) == (0, True)
            run = json.loads((tmp_path / "updates.run" / "run.json").read_bytes())
            assert run["targets"]["default"]["account"] is None


async def test_an_account_that_is_first_known_at_a_renewal_is_the_runs_from_then_on(
    batcher: Command, write_lines: Write, tmp_path: Path
) -> None:
    write_lines([change(number) for number in range(40)])
    key, port = renewing(tmp_path, "AKIDEXAMPLE"), free_port()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        del batcher.environ[name]
    batcher.environ["AWS_CONFIG_FILE"] = str(tmp_path / "config")
    batcher.environ["AWS_ENDPOINT_URL_STS"] = f"http://127.0.0.1:{port}"
    emulator = seeded(40)
    async with emulator as url:
        arguments = ("run", "updates.jsonl", "--endpoint-url", url, "--yes", "--rate", "5")
        process = await batcher.start(*arguments, "--no-progress")
        await until(lambda: len(emulator.applied()) >= 3)
        async with Emulator(port=port):
            key.write_text("AKIDOTHER")
            _, err = await process.communicate()
        assert process.returncode == 3, err.decode()
        assert f"belongs to account {ONE}, and the credentials are of account {TWO}" in err.decode()
    run = json.loads((tmp_path / "updates.run" / "run.json").read_bytes())
    assert run["targets"]["default"]["account"] == ONE


ONE_PLACE = TargetIdentity(region="eu-west-1", account=ONE, endpoint="http://h")
OTHER_PLACE = TargetIdentity(region="us-east-1", account=None, endpoint="http://h")


def summed(*targets: str) -> Summary:
    members: dict[str, Any] = {"wall_seconds": 1.0, "rate": 1.0, "seconds": Seconds()}
    if len(targets) < 2:
        return Summary(**members)
    return Summary(**members, targets={name: TargetSummary(**members) for name in targets})


def test_a_summary_says_where_it_was_and_by_whom() -> None:
    one = with_places(summed(), {"a": ONE_PLACE}, {"a": "arn"}, None)
    assert (one.account, one.region, one.who) == (ONE, "eu-west-1", "arn")
    unknown = with_places(summed(), {"a": OTHER_PLACE}, {"a": None}, None)
    assert (unknown.account, unknown.region, unknown.who) == (None, "us-east-1", None)


def test_of_several_targets_each_says_so_and_the_whole_what_they_share() -> None:
    places = {"a": ONE_PLACE, "b": OTHER_PLACE}
    both = with_places(summed("a", "b"), places, {"a": "arn", "b": "arn"}, None)
    assert isinstance(both.targets, dict)
    found = {name: (part.account, part.region, part.who) for name, part in both.targets.items()}
    assert found == {"a": (ONE, "eu-west-1", "arn"), "b": (None, "us-east-1", "arn")}
    assert (both.account, both.region, both.who) == (None, None, "arn")


@pytest.mark.parametrize("targets", [("a",), ("a", "b")])
def test_who_did_a_target_in_an_earlier_session_is_still_said(targets: tuple[str, ...]) -> None:
    places = dict.fromkeys(targets, ONE_PLACE)
    before = with_places(summed(*targets), places, {"a": "arn:before"}, None)
    after = with_places(summed(*targets), places, {"b": "arn:after"}, before)
    part = after if len(targets) == 1 else cast("dict[str, TargetSummary]", after.targets)["a"]
    assert part.who == "arn:before"


async def test_the_summary_of_a_run_names_its_place_its_input_and_its_time(
    batcher: Command, write_lines: Callable[..., Path], tmp_path: Path
) -> None:
    emulator = Emulator(latency=(0.0, 0.0))
    emulator.seed([trigger(n) for n in range(3)])
    file = write_lines([change(n) for n in range(3)])
    async with emulator as url:
        flags = ("run", "updates.jsonl", "--endpoint-url", url, "--rate", "100", "--yes", "--json")
        said = json.loads((ended := await batcher(*flags)).out)
        assert (
            "In 112233313609, eu-west-1, as arn:aws:iam::112233313609:user/emulator." in ended.err
        )
        again = await batcher(*flags)
    written = json.loads((tmp_path / "updates.run" / "summary.json").read_bytes())
    assert said == written == json.loads(again.out), "a finished run is told as it was"
    place = (said["account"], said["region"], said["who"])
    assert place == (ONE, "eu-west-1", f"arn:aws:iam::{ONE}:user/emulator")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert said["input"] == {"name": "updates.jsonl", "sha256": sha256}
    manifest = json.loads((tmp_path / "updates.run" / "run.json").read_bytes())
    assert said["started_at"] == manifest["started_at"] < said["finished_at"]


@pytest.mark.parametrize(
    "command", ["verify updates.run", "drift updates.run", "rollback updates.run --dry-run"]
)
async def test_a_run_that_nothing_says_the_region_of_is_looked_at_where_it_was(
    batcher: Command, write_lines: Write, command: str
) -> None:
    write_lines([change(0)])
    async with seeded() as url:
        flags = ("--endpoint-url", url)
        assert (await batcher("run", "updates.jsonl", *flags, *FLAGS)).code == 0
        del batcher.environ["AWS_REGION"]
        ended = await batcher(*command.split(), *flags)
        assert (ended.code, f"{ONE}, eu-west-1 (target default" in ended.err) == (0, True)
        batcher.environ["AWS_DEFAULT_REGION"] = "us-east-1"
        refused = await batcher(*command.split(), *flags)
    said = "the region of target default was eu-west-1, now us-east-1"
    assert (refused.code, said in refused.err) == (5, True), refused.err
