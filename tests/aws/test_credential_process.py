"""A process that the SDK waits for ends where nobody waits any more, and after a while at all."""

import asyncio
import json
import os
import shlex
import subprocess
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path

import anyio
import pytest
from aiobotocore.session import AioSession
from botocore.exceptions import CredentialRetrievalError

from batcher.aws.credential_process import AwaitedProcess, end_with_its_session
from batcher.aws.sdk_errors import error_text
from batcher.aws.unsent import why_unsent
from tests.waiting import until


async def started(
    script: str, at_most: float = 60.0, *, told_after: float = 60.0, is_leader: bool = False
) -> AwaitedProcess:
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", script, stdout=PIPE, stderr=PIPE, start_new_session=is_leader
    )
    return AwaitedProcess(process, "it", at_most, told_after=told_after, is_leader=is_leader)


async def test_credentials_are_passed_on() -> None:
    said = '{"Version": 1, "AccessKeyId": "k", "SecretAccessKey": "s"}'
    process = await started(f"echo '{said}'")
    assert (await process.communicate(), process.returncode) == ((f"{said}\n".encode(), b""), 0)


@pytest.mark.parametrize(
    ("script", "fault"),
    [
        ("echo SECRET; echo SECRET >&2; exit 3", "it ended with exit code 3."),
        ("echo SECRET; kill -9 $$", "it was ended by signal 9."),
        ('echo \'{"Version": "SECRET"}\'', "it printed JSON without Version 1."),
        (
            'echo \'{"Version": 1, "AccessKeyId": "SECRET"}\'',
            "it printed JSON without SecretAccessKey.",
        ),
    ],
)
async def test_what_it_does_wrong_is_told_without_what_it_wrote(script: str, fault: str) -> None:
    process = await started(script)
    with pytest.raises(CredentialRetrievalError) as raised:
        await process.communicate()
    for told in (error_text(raised.value), why_unsent(raised.value).message):
        assert fault.rstrip(".") in told
        assert "SECRET" not in told


async def test_what_takes_long_is_told_of_while_it_is_waited_for(
    caplog: pytest.LogCaptureFixture,
) -> None:
    process = await started("exec sleep 1000", told_after=0.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(process.communicate)
        await until(lambda: "credentials.awaited" in caplog.text)
        tasks.cancel_scope.cancel()
    assert process.returncode == -9


@pytest.mark.parametrize("is_leader", [True, False])
async def test_what_it_started_is_ended_with_it(tmp_path: Path, *, is_leader: bool) -> None:
    if not (is_leader or Path("/proc/self/task").exists()):
        pytest.skip("the system does not tell what a process has started")
    pid = tmp_path / "pid"
    script = f"sleep 1000 & echo $! > {pid}.new; mv {pid}.new {pid}; wait"
    process = await started(script, is_leader=is_leader)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(process.communicate)
        await until(pid.exists)
        tasks.cancel_scope.cancel()
    await until(lambda: not is_alive(int(pid.read_text())))


def is_alive(pid: int) -> bool:
    """Whether it runs; one that nobody has reaped does not."""
    said = subprocess.run(
        ["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return said.stdout.strip()[:1] not in ("", "Z")


async def test_it_is_ended_where_the_wait_for_it_is() -> None:
    process = await started("exec sleep 1000")
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(process.communicate(), 0.01)
    assert process.returncode == -9


async def test_it_is_ended_also_where_what_it_started_holds_its_output() -> None:
    process = await started("sleep 5 & exec sleep 1000", at_most=0.5)
    began = asyncio.get_running_loop().time()
    with pytest.raises(CredentialRetrievalError, match=r"it gave none within 0.5 s, and was ended"):
        await process.communicate()
    assert process.returncode == -9
    assert asyncio.get_running_loop().time() - began < 3


@pytest.mark.parametrize("is_source", [False, True])
async def test_one_that_hangs_is_named_with_its_profile_and_is_gone(
    profiles: Path, tmp_path: Path, *, is_source: bool
) -> None:
    pid = tmp_path / "pid"
    command = ["sh", "-c", f"echo $$ > {pid}; echo SECRET; exec sleep 1000", "PASSWORD"]
    role = "[profile prod]\nrole_arn = arn:aws:iam::111122223333:role/r\nsource_profile = base\n"
    name = "base" if is_source else "prod"
    said = f"[profile {name}]\ncredential_process = {shlex.join(command)}\n"
    profiles.write_text(said + (role if is_source else ""))
    session = AioSession(profile="prod")
    session.set_config_variable("region", "eu-west-1")
    end_with_its_session(session, at_most=1.0)
    with pytest.raises(CredentialRetrievalError) as raised:
        await session.get_credentials()
    told = error_text(raised.value)
    assert f"credential_process sh of profile {name} gave none within 1 s" in told
    assert "SECRET" not in told
    assert "PASSWORD" not in told
    with pytest.raises(ProcessLookupError):  # killed, and reaped
        os.kill(int(pid.read_text()), 0)


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"\xff\xfe SECRET",
        b"<html>SECRET",
        b"null",
        b'["SECRET"]',
        b"[" * 100_000,
        b'{"Version":1,"AccessKeyId":5,"SecretAccessKey":["SECRET"]}',
        b'{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":null}',
        b'{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","SessionToken":{}}',
        b'{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","Expiration":"SECRET"}',
        b'{"Version":1,"AccessKeyId":"AKID","SecretAccessKey":"s","Expiration":7}',
    ],
    ids=lambda said: repr(said[:60]),
)
@pytest.mark.parametrize("later", [False, True], ids=["at first", "when they are renewed"])
async def test_what_is_no_credentials_is_told_as_that_whatever_it_is(
    profiles: Path, tmp_path: Path, said: bytes, *, later: bool
) -> None:
    answer = tmp_path / "answer"
    profiles.write_text(f"[profile prod]\ncredential_process = cat {shlex.quote(str(answer))}\n")
    session = AioSession(profile="prod")
    end_with_its_session(session)
    soon = (datetime.now(UTC) + timedelta(minutes=5)).isoformat()  # so they are renewed each time
    good = {"AccessKeyId": "AKID", "SecretAccessKey": "s", "SessionToken": "t", "Expiration": soon}
    answer.write_text(json.dumps({"Version": 1, **good}) if later else "")
    found = await session.get_credentials() if later else None
    answer.write_bytes(said)
    with pytest.raises(CredentialRetrievalError) as raised:
        await (session.get_credentials() if found is None else found.get_frozen_credentials())
    told = error_text(raised.value)
    assert "credential_process of profile prod said what is no credentials" in told
    assert "SECRET" not in told


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        ('tool "SECRET', "a quote is opened in its line and never closed. Close it,"),
        ("tool 'SECRET", "a quote is opened in its line and never closed. Close it,"),
        ("tool SECRET\\", "its line ends with a \\"),
        ("", "its line is empty. Name a program there"),
        ("tool \0SECRET", "its line has a null byte in it"),
    ],
    ids=["double", "single", "escape", "empty", "null"],
)
async def test_what_is_wrong_with_its_line_is_told_and_none_of_it_quoted(
    profiles: Path, line: str, fault: str
) -> None:
    profiles.write_text(f"[profile prod]\ncredential_process = {line}\n")
    session = AioSession(profile="prod")
    end_with_its_session(session)
    with pytest.raises(CredentialRetrievalError) as raised:
        await session.get_credentials()
    told = error_text(raised.value)
    assert f"credential_process of profile prod: {fault}" in told
    assert "SECRET" not in told
    assert told.isprintable()
