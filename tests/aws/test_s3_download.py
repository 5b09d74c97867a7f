"""Updates out of an object in S3: fetched once, whole or not at all."""

import base64
import gc
import gzip
import hashlib
import socket
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from anyio.to_thread import run_sync
from botocore.session import Session

from batcher.aws.s3_download import s3_object
from batcher.emulator import Emulator
from batcher.errors import AwsError, BatcherError, CredentialsError, InputError
from batcher.sources.local_file import local_file
from tests.conftest import Command, change, records, trigger
from tests.odd_server import http, odd_server
from tests.queues.scripted_sqs import access_key_of
from tests.servers import Server

CONTENT = b'{"DomainName":"acme"}\n' * 50_000

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


@pytest.fixture
def bucket(local_s3: Server, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A client of the server, which is where S3 is for all; the bucket is ``inputs``."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{local_s3.port}")
    client: Any = Session().create_client("s3", region_name="us-east-1")
    client.create_bucket(Bucket="inputs")
    return client


@pytest.mark.parametrize(
    ("key", "packed"),
    [("updates.jsonl", CONTENT), ("a b/updates.jsonl.gz", gzip.compress(CONTENT))],
)
def test_an_object_is_copied_unpacked_for_its_owner_only(
    bucket: Any, tmp_path: Path, key: str, packed: bytes
) -> None:
    bucket.put_object(Bucket="inputs", Key=key, Body=packed, ChecksumSHA256=_sha256(packed))
    path = local_file(f"s3://inputs/{key}", tmp_path / "input.jsonl")
    assert (path.read_bytes(), path.stat().st_mode & 0o777) == (CONTENT, 0o600)
    with s3_object(f"s3://inputs/{key}", None, None) as stream:
        assert stream.read(1) == packed[:1]
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("s3://inputs/gone.jsonl", "s3://inputs/gone.jsonl: NoSuchKey"),
        ("s3://no-such-bucket/updates.jsonl", "NoSuchBucket"),
        ("s3://inputs", "Give s3://BUCKET/KEY"),
        ("s3://inputs/", "Give s3://BUCKET/KEY"),
        ("s3:///updates.jsonl", "Give s3://BUCKET/KEY"),
    ],
)
def test_what_is_not_there_is_an_input_error(
    bucket: Any, tmp_path: Path, url: str, says: str
) -> None:
    with pytest.raises(InputError, match=says):
        local_file(url, tmp_path / "input.jsonl")
    assert list(tmp_path.iterdir()) == []


def test_without_credentials_it_says_so(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    with pytest.raises(CredentialsError, match="--profile"):
        local_file("s3://inputs/updates.jsonl", tmp_path / "input.jsonl")
    with pytest.raises(CredentialsError, match="nobody"):
        local_file("s3://inputs/updates.jsonl", tmp_path / "input.jsonl", profile="nobody")


@pytest.mark.parametrize("session", [True, False])
def test_an_sso_login_that_is_over_is_one_of_credentials(
    bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, session: bool
) -> None:
    where = "sso_start_url = https://acme.example/start\nsso_region = eu-west-1\n"
    role = "sso_account_id = 111122223333\nsso_role_name = reader\n"
    named = f"sso_session = acme\n[sso-session acme]\n{where}" if session else where
    config = tmp_path / "config"
    config.write_text(f"[profile sso]\nregion = eu-west-1\n{role}{named}")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("HOME", str(tmp_path))  # where tokens of SSO would be
    with pytest.raises(CredentialsError, match="--profile"):
        local_file("s3://inputs/updates.jsonl", tmp_path / "input.jsonl", profile="sso")


def _open_sockets() -> set[int]:
    """Those of this process that are open, by identity."""
    found = (each for each in gc.get_objects() if isinstance(each, socket.socket))
    return {id(each) for each in found if each.fileno() >= 0}


def _length(length: int = len(CONTENT), **more: str) -> dict[str, str]:
    return {"Content-Length": str(length), "Connection": "close", **more}


XML = b'<?xml version="1.0"?>\n<Error><Code>SlowDown</Code><Message>SECRET</Message></Error>'
CLOSED = {"Connection": "close"}

ODD_ANSWERS: dict[str, tuple[str, dict[str, str], bytes, str]] = {
    "another checksum": ("200", _length(x_amz_checksum_sha256="AAAA"), CONTENT, "checksum"),
    "no checksum at all": ("200", _length(x_amz_checksum_crc32="!!"), CONTENT, "checksum"),
    "ends too early": ("200", _length(), CONTENT[:1000], "1000 of 1100000 bytes came"),
    "no length, and ends too early": ("200", CLOSED, CONTENT[:1000], "how long the object is"),
    "no end": ("200", CLOSED, CONTENT * 200, "how long the object is"),
    "a length below zero": ("200", _length(-5), CONTENT, "can't be fetched"),
    "a length that is none": ("200", {"Content-Length": "x"} | CLOSED, CONTENT, "can't be fetched"),
    "a part": ("206", _length(Content_Range="bytes 0-9/99"), CONTENT, "status 206"),
    "nothing": ("204", CLOSED, b"", "status 204"),
    "an error instead": ("200", _length(len(XML)), XML, "an error and no object: SlowDown"),
    "a fault": ("500", _length(len(XML)), XML, "SlowDown"),
}


@pytest.mark.parametrize(
    ("status", "headers", "body", "told"), ODD_ANSWERS.values(), ids=ODD_ANSWERS
)
async def test_what_is_no_whole_object_is_never_taken_for_one(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: str,
    headers: dict[str, str],
    body: bytes,
    told: str,
) -> None:
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]

    async def answer() -> AsyncIterator[bytes]:
        yield "\r\n".join([f"HTTP/1.1 {status} Odd", *lines, "", ""]).encode() + body

    before = _open_sockets()
    async with odd_server(lambda request: answer()) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
        with pytest.raises(AwsError, match=f"s3://inputs/updates.*{told}") as raised:
            await run_sync(local_file, "s3://inputs/updates.jsonl", tmp_path / "input.jsonl")
    assert _open_sockets() <= before, "its connection is closed, and not left to the collector"
    assert "SECRET" not in str(raised.value)
    assert list(tmp_path.iterdir()) == []


async def test_a_part_that_was_put_there_is_an_error_of_the_input(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with odd_server(lambda request: http(200, gzip.compress(CONTENT)[:-200])) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        with pytest.raises(InputError, match="s3://inputs/updates"):
            await run_sync(local_file, "s3://inputs/updates.jsonl.gz", tmp_path / "input.jsonl")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (301, "PermanentRedirect", AwsError),
        (303, "PermanentRedirect", AwsError),
        (400, "AuthorizationHeaderMalformed", InputError),
    ],
)
async def test_the_region_that_a_bucket_is_said_to_be_in_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    code: str,
    error: type[BatcherError],
) -> None:
    body = XML.replace(b"SlowDown", code.encode())
    answer = http(status, body, x_amz_bucket_region="eu-west-3", Location="http://127.0.0.1:1/u")
    async with odd_server(lambda request: answer) as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        with pytest.raises(error, match=r"s3://inputs/u.*The bucket is in eu-west-3"):
            await run_sync(local_file, "s3://inputs/u", tmp_path / "input.jsonl")
    assert len(server.requests) <= 2


async def test_a_run_of_an_object_resumes_and_refuses_another_content(
    bucket: Any, batcher: Command, tmp_path: Path, write_lines: Any
) -> None:
    def put(*numbers: int) -> None:
        bucket.put_object(
            Bucket="inputs", Key="run.jsonl", Body=write_lines(map(change, numbers)).read_bytes()
        )

    batcher.environ["AWS_ENDPOINT_URL_S3"] = bucket.meta.endpoint_url
    emulator = Emulator()
    emulator.seed([trigger(1), trigger(2)])
    await run_sync(put, 1, 2)
    async with emulator as url:
        command = ("run", "s3://inputs/run.jsonl", "--endpoint-url", url, "--rate", "100", "--yes")
        first = await batcher(*command)
        assert first.code == 0, first.err
        assert len(records(tmp_path / "run.run" / "results.jsonl")) == 2
        again = await batcher(*command)
        assert (again.code, "0 updates left" in again.err) == (0, True)
        await run_sync(put, 1)
        other = await batcher(*command)
        assert (other.code, "the input was" in other.err) == (5, True)
        undone = await batcher("rollback", "run.run", "--yes")
    assert undone.code == 0, undone.err
    assert emulator.trigger("acme", "t1")["Description"] == "before-1"


def _sha256(content: bytes) -> str:
    return base64.b64encode(hashlib.sha256(content).digest()).decode()


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_a_redirect_is_not_followed(
    status: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with (
        odd_server(lambda request: http(200, CONTENT)) as elsewhere,
        odd_server(lambda request: http(status, b"", Location=f"{elsewhere.url}/u")) as server,
    ):
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", server.url)
        with pytest.raises(AwsError, match=rf"s3://inputs/u.*status {status}\) to 127\.0\.0\.1"):
            await run_sync(local_file, "s3://inputs/u", tmp_path / "input.jsonl")
    assert not elsewhere.requests
    assert not (tmp_path / "input.jsonl").exists()


@pytest.mark.parametrize(("profile", "key"), [("reader", "AKIDREADER"), (None, "AKIDOTHER")])
async def test_it_is_read_with_the_profile_else_with_the_credentials_that_are_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, profile: str | None, key: str
) -> None:
    kept = tmp_path / "credentials"
    kept.write_text("[reader]\naws_access_key_id = AKIDREADER\naws_secret_access_key = s\n")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(kept))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDOTHER")
    signed: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        signed.append(access_key_of(request))
        return web.Response(body=CONTENT)

    app = web.Application()
    app.router.add_get("/{key:.*}", answer)
    async with TestServer(app) as scripted:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", str(scripted.make_url("/")))
        await run_sync(
            partial(local_file, "s3://inputs/u.jsonl", tmp_path / "input.jsonl", profile=profile)
        )
    assert set(signed) == {key}
