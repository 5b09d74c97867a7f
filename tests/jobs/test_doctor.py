"""The whole job: several targets, what is missing, what is never told, what is never sent."""

import os
from pathlib import Path

import msgspec
import pytest
from anyio import create_task_group

from batcher.config import resolve
from batcher.emulator import account_of
from batcher.errors import SettingsError
from batcher.jobs.diagnosis import Diagnosis
from batcher.jobs.doctor import Visit, examine, place_of_queue
from batcher.jobs.permission_checks import Sample
from batcher.jobs.queue_admin import QueueAddress
from batcher.task_groups import open_task_group
from tests.jobs.conftest import SettingsFor, seeded
from tests.odd_server import http, odd_server
from tests.waiting import until


def verdicts(diagnosis: Diagnosis, subject: str) -> dict[str, str]:
    return {each.name: each.verdict for each in diagnosis.checks if each.subject == subject}


@pytest.fixture(autouse=True)
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)


async def test_each_target_is_told_and_one_that_is_away_keeps_no_other_from_it(
    settings_for: SettingsFor, tmp_path: Path
) -> None:
    emulator = seeded(1)
    async with emulator as url:
        settings = settings_for(url)
        away = {"endpoint_url": "http://127.0.0.1:1", "region": "eu-west-2"}
        targets = {"away": away, "here": {"endpoint_url": url, "region": "eu-west-1"}}
        settings = resolve({"targets": targets}, base=settings)
        found = await examine(settings, Visit(sample=Sample(domain="acme")))
        calls = {call.operation for call in emulator.calls()}
    assert verdicts(found, "target away")["endpoint"] == "fault"
    here = verdicts(found, "target here")
    assert "fault" not in here.values()
    assert here["profile:GetEventTrigger"] == "ok"
    (region,) = [
        each.seen for each in found.checks if (each.subject, each.name) == ("target away", "Region")
    ]
    assert region == "eu-west-2 (the table of target away)."
    assert found.to_mend[0].subject == "target away"
    assert (found.has_faults, found.missing) == (True, {})
    reads = {"ListDomains", "ListEventTriggers", "GetEventTrigger"}
    assert calls == reads | {"-"}  # of no operation: the unsigned one
    assert not list(tmp_path.iterdir())


async def test_what_aws_refuses_is_a_policy_for_that_account(settings_for: SettingsFor) -> None:
    emulator = seeded(1)
    emulator.script("ListEventTriggers", ["access-denied"])
    async with emulator as url:
        sample = Sample(domain="acme", trigger="t0")
        found = await examine(settings_for(url), Visit(door="export", sample=sample))
    (statement,) = found.missing["target default"]["Statement"]
    assert statement["Action"] == ["profile:ListEventTriggers"]
    place = f"arn:aws:profile:eu-west-1:{account_of('AKIDEXAMPLE')}:domains/acme"
    assert statement["Resource"][0] == place


async def test_a_queue_that_is_refused_is_a_policy_for_that_queue(
    settings_for: SettingsFor,
) -> None:
    async with odd_server(lambda _: http(403, {"__type": "x#AccessDenied"})) as odd:
        queue = f"sqs:{odd.url}/111122223333/updates"
        found = await examine(settings_for(odd.url), Visit(door="enqueue", queue=queue))
    (statement,) = found.missing["queue"]["Statement"]
    assert statement["Resource"][0] == "arn:aws:sqs:eu-west-1:111122223333:updates"
    assert not [each for each in found.checks if each.subject.startswith("target")]


async def test_no_secret_is_told(
    settings_for: SettingsFor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "SECRET")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "SECRET")
    monkeypatch.setenv("HTTP_PROXY", "http://u:SECRET@127.0.0.1:1")
    monkeypatch.setenv("HTTPS_PROXY", "http://u:SECRET@127.0.0.1:1")
    settings = settings_for("https://profile.eu-west-1.amazonaws.com", external_id="SECRET")
    settings = msgspec.structs.replace(settings, limiter="redis://u:SECRET@127.0.0.1:1/0")
    redis = "redis://u:SECRET@127.0.0.1:1/0?stream=s"

    async def check(queue: str) -> None:
        found = await examine(settings, Visit(door="worker", queue=queue))
        assert verdicts(found, "queue")["queue"] == "fault"
        assert "SECRET" not in str(msgspec.to_builtins(found))

    async with open_task_group() as tasks:
        for queue in ("sqs:updates", redis, "redis://u:SECRET@@/x#y", "nonsense:SECRET@x"):
            tasks.start_soon(check, queue)


async def test_credentials_that_can_not_be_had_are_told_with_what_to_look_at(
    settings_for: SettingsFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "[profile bad]\ncredential_process = echo SECRET\n"
    (tmp_path / "config").write_text(text)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    found = await examine(settings_for("http://127.0.0.1:1", profile="bad"), Visit())
    assert verdicts(found, "target default")["credentials"] == "fault"
    (check,) = [each for each in found.to_mend if each.name == "credentials"]
    assert "credential_process" in check.advice
    assert "SECRET" not in str(found)


@pytest.mark.parametrize(
    ("visit", "said"),
    [
        (Visit(door="queue"), "--queue"),
        (Visit(sample=Sample(trigger="t")), "--domain"),
    ],
)
async def test_what_does_not_go_together_is_refused(visit: Visit, said: str) -> None:
    with pytest.raises(SettingsError, match=said):
        await examine(resolve({}), visit)


async def test_of_lines_that_name_no_target_it_is_said_that_their_target_has_no_table(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("http://127.0.0.1:1", targets={"a": {}})
    for target, told in (("default", {"lines without a target": "untested"}), ("a", {})):
        found = await examine(msgspec.structs.replace(settings, target=target), Visit(), within=5)
        assert verdicts(found, "target default") == told
        assert verdicts(found, "target a")["Region"] == "ok"
    both = resolve({"targets": {"a": {"region": "r"}, "b": {"region": "r"}}})
    (check,) = [
        each
        for each in (await examine(both, Visit(), within=5)).checks
        if each.subject == "target default"
    ]
    assert "are invalid beside 2 targets" in check.seen + check.advice


async def test_of_many_targets_the_one_that_is_named_is_looked_at_alone(
    settings_for: SettingsFor,
) -> None:
    settings = settings_for("http://127.0.0.1:1", targets={"a": {}, "b": {}}, target="b")
    found = await examine(settings, Visit(only="b"), within=5)
    subjects = {each.subject for each in found.checks}
    assert {each for each in subjects if each.startswith("target")} == {"target b"}


@pytest.mark.parametrize("profile", ["direct", "role"])
async def test_a_process_that_gives_credentials_and_hangs_does_not_outlive_it(
    settings_for: SettingsFor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str
) -> None:
    script = tmp_path / "hangs"
    script.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 1000\n")
    script.chmod(0o700)
    (tmp_path / "config").write_text(
        f"[profile direct]\ncredential_process = {script}\n"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/r\nsource_profile = direct\n"
    )
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    async with create_task_group() as tasks:
        settings = settings_for("http://127.0.0.1:1", profile=profile)
        tasks.start_soon(examine, settings, Visit())
        await until((tmp_path / "pid").exists)
        await until(lambda: (tmp_path / "pid").read_text().endswith("\n"))
        tasks.cancel_scope.cancel()
    number = int((tmp_path / "pid").read_text())
    await until(lambda: not is_alive(number))


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("url", "region"),
    [
        ("sqs:https://sqs.eu-north-1.amazonaws.com/111122223333/q", "eu-north-1"),
        ("sqs:https://eu-north-1.queue.amazonaws.com/111122223333/q", "eu-north-1"),
        ("sqs:https://sqs.example/111122223333/q", "*"),
        ("sqs:https://[/111122223333/q", "*"),
        ("sqs:q", "*"),
    ],
)
def test_the_place_of_a_queue_is_what_its_url_says(url: str, region: str) -> None:
    found = place_of_queue(QueueAddress(url=url, profile=None, region=None))
    assert (found["queue"], found["region"]) == ("q", region)
