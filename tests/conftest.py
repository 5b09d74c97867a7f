"""What the tests of several rooms share: the command as a process, clients, triggers."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import msgspec
import pytest
from aiobotocore.session import AioSession
from botocore.config import Config
from hypothesis import settings

from batcher.aws.service_model import model_loader
from batcher.clock import SystemClock
from batcher.quota.estimated_quota import EstimatedQuota
from batcher.storage.quota_file import QuotaFile, QuotaKey
from batcher.storage.state_directory import state_directory
from tests.forked_process import ForkedProcess, can_be_forked, start_forked
from tests.servers import Server, running, s3_server

# a slow machine is no counterexample
settings.register_profile("batcher", deadline=None)
settings.load_profile("batcher")

# the commands under test are ended as on a terminal, also where the tests are in the background
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)  # which nohup has ignored

CONDITIONS = [
    {
        "EventTriggerDimensions": [
            {
                "ObjectAttributes": [
                    {
                        "FieldName": "Total",
                        "ComparisonOperator": "EQUAL",
                        "Values": ["SECRET-VALUE-1"],
                    }
                ]
            }
        ],
        "LogicalOperator": "ALL",
    }
]


Process = asyncio.subprocess.Process | ForkedProcess


class Ended(msgspec.Struct, frozen=True, kw_only=True):
    """How a command ended."""

    code: int
    out: str
    err: str


class Command:
    """``batcher`` in a directory of its own, with stand-in credentials.

    Nothing else of this machine's settings is there.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environ = {
            "PATH": os.environ["PATH"],
            "PYTHONPATH": str(Path.cwd()),
            "HOME": str(folder),
            "XDG_STATE_HOME": str(folder / "state"),
            "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_REGION": "eu-west-1",
            "AWS_EC2_METADATA_DISABLED": "true",
            "BATCHER_READ_RATE": "1000",  # the emulators of these tests don't limit reading
        }

    async def start(
        self,
        *arguments: str,
        stdin: int | None = asyncio.subprocess.DEVNULL,
        stderr: int | None = None,
    ) -> Process:
        """``stderr``: a descriptor, such as a terminal's; by default what is there is read."""
        if can_be_forked(self.environ):
            return await start_forked(
                arguments,
                folder=self.folder,
                environ=self.environ,
                stdin=stdin,
                stderr=stderr,
            )
        return await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "batcher",
            *arguments,
            cwd=self.folder,
            env=self.environ,
            stdin=stdin,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE if stderr is None else stderr,
        )

    async def __call__(self, *arguments: str, given: bytes | None = None) -> Ended:
        stdin = asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE
        process = await self.start(*arguments, stdin=stdin)
        out, err = await process.communicate(given)
        assert b"Traceback" not in err, err.decode()
        return Ended(code=process.returncode or 0, out=out.decode(), err=err.decode())


def sdk_session() -> AioSession:
    """A session of the SDK's own; what it reads of the installed models is read once a process."""
    session = AioSession()
    session.register_component("data_loader", model_loader())
    return session


class ClockAhead:
    """A wall clock that can be put forward, so that what comes later has a later LastUpdatedAt."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return time.time() + self.seconds


@pytest.fixture
def batcher(tmp_path: Path) -> Command:
    return Command(tmp_path)


@pytest.fixture(scope="module")
def local_s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with running(s3_server(tmp_path_factory.mktemp("s3"))) as server:
        yield server


@pytest.fixture
def stand_in_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "ACCESS_KEY_ID": "AKIDEXAMPLE",
        "SECRET_ACCESS_KEY": "secret",
        "DEFAULT_REGION": "eu-west-1",
    }.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
async def connect() -> AsyncIterator[Callable[..., Any]]:
    """Makes aiobotocore clients that never retry; they are closed at the end."""
    async with AsyncExitStack() as exits:

        async def make(
            url: str,
            key: str = "AKIDTEST",
            secret: str = "secret",
            token: str | None = None,
            region: str = "eu-west-1",
            service: str = "customer-profiles",
            read_timeout: float = 20,
        ) -> Any:
            return await exits.enter_async_context(
                sdk_session().create_client(
                    service,
                    endpoint_url=url,
                    region_name=region,
                    aws_access_key_id=key,
                    aws_secret_access_key=secret,
                    aws_session_token=token,
                    config=Config(retries={"total_max_attempts": 1}, read_timeout=read_timeout),
                )
            )

        yield make


def trigger(number: int, domain: str = "acme") -> dict[str, Any]:
    """A trigger as CreateEventTrigger takes it."""
    return {
        "DomainName": domain,
        "EventTriggerName": f"t{number}",
        "ObjectTypeName": "Orders",
        "Description": f"before-{number}",
        "EventTriggerConditions": CONDITIONS,
    }


def change(number: int, domain: str = "acme", **more: Any) -> dict[str, Any]:
    """An update of that trigger."""
    return {
        "DomainName": domain,
        "EventTriggerName": f"t{number}",
        "Description": f"after-{number}",
        **more,
    }


@pytest.fixture
def write_lines(tmp_path: Path) -> Callable[..., Path]:
    def write(
        lines: Iterator[dict[str, Any]] | list[dict[str, Any]], name: str = "updates.jsonl"
    ) -> Path:
        path = tmp_path / name
        path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
        return path

    return write


def records(path: Path) -> list[dict[str, Any]]:
    """The JSON lines of a file."""
    return [msgspec.json.decode(line) for line in path.read_bytes().splitlines()]


def remember_quota(
    state: Path, operation: str, rate: float, *, account: str, region: str = "eu-west-1"
) -> None:
    """Put what a run has found of a quota into the file of quotas below ``$XDG_STATE_HOME``."""
    key = QuotaKey(account=account, region=region, operation=operation)
    file = QuotaFile(state_directory({"XDG_STATE_HOME": str(state)}), pytest.fail)
    learned = EstimatedQuota(rate=rate, burst=5.0, doubt=0.01)
    assert file.remember([(key, learned)], SystemClock().wall())
