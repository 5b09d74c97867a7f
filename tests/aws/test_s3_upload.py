"""Parts on their way to S3.

A file goes only when S3 itself has told its size and SHA-256; S3 away, it waits.
"""

import base64
import hashlib
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from batcher.aws.s3_upload import S3Uploader
from batcher.errors import SettingsError, UploadError
from batcher.storage.results_directory import ResultsDirectory
from tests.conftest import sdk_session
from tests.odd_server import http, odd_server
from tests.servers import Server
from tests.storage.test_results_directory import delivered, numbers, numbers_in
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("stand_in_credentials")


@pytest.fixture
async def bucket(local_s3: Server, stand_in_credentials: None) -> AsyncIterator[Any]:
    """A client of the server; ``parts`` is made there anew in each test."""
    async with sdk_session().create_client(
        "s3", endpoint_url=_url(local_s3), region_name="us-east-1"
    ) as client:
        await client.create_bucket(Bucket="parts")
        yield client


def _url(local_s3: Server) -> str:
    return f"http://127.0.0.1:{local_s3.port}"


async def _content(client: Any, key: str) -> bytes:
    answer = await client.get_object(Bucket="parts", Key=key)
    return bytes(await answer["Body"].read())


async def test_a_part_is_there_with_its_checksum_before_the_file_goes(
    local_s3: Server, bucket: Any, tmp_path: Path
) -> None:
    async with (
        S3Uploader("s3://parts/results/prod/", endpoint_url=_url(local_s3)) as uploader,
        ResultsDirectory(
            tmp_path, rotate_bytes=1_000_000, rotate_seconds=60, uploader=uploader
        ) as results,
    ):
        for number in range(20):
            await results.append(delivered(number))
    assert list(tmp_path.iterdir()) == []
    (there,) = (await bucket.list_objects_v2(Bucket="parts"))["Contents"]
    content = await _content(bucket, there["Key"])
    assert there["Key"].startswith("results/prod/2")
    assert list(numbers_in(content)) == list(range(20))
    head = await bucket.head_object(Bucket="parts", Key=there["Key"], ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"] == base64.b64encode(hashlib.sha256(content).digest()).decode()


async def test_parts_pile_up_while_s3_is_away_with_a_warning_and_go_when_it_is_back(
    local_s3: Server, bucket: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    local_s3.stop()
    async with (
        S3Uploader("s3://parts", endpoint_url=_url(local_s3)) as uploader,
        ResultsDirectory(tmp_path, rotate_bytes=1, rotate_seconds=60, uploader=uploader) as results,
    ):
        with caplog.at_level(logging.WARNING, logger="batcher"):
            for number in range(3):
                await results.append(delivered(number))
            await until(lambda: "results.not_sent" in caplog.text)
        assert numbers(tmp_path) == [0, 1, 2]
        assert results.waiting == 3
        local_s3.start()  # without the bucket, which is one more thing to wait for
        await bucket.create_bucket(Bucket="parts")
        await until(lambda: not numbers(tmp_path), within=20)
    keys = [each["Key"] for each in (await bucket.list_objects_v2(Bucket="parts"))["Contents"]]
    assert [number for key in keys for number in numbers_in(await _content(bucket, key))] == [
        0,
        1,
        2,
    ]


async def test_to_send_a_part_again_is_harmless(
    local_s3: Server, bucket: Any, tmp_path: Path
) -> None:
    path = tmp_path / "again.jsonl"
    path.write_bytes(b"{}\n")
    async with S3Uploader("s3://parts", endpoint_url=_url(local_s3)) as uploader:
        await uploader.send(path)
        await uploader.send(path)
    assert await _content(bucket, "again.jsonl") == b"{}\n"


@pytest.mark.parametrize(
    ("put", "head", "says"),
    [
        (200, 404, "404"),
        (200, {"Content-Length": "2"}, "is there with 2 bytes"),
        (200, {"Content-Length": "3"}, "SHA-256 None"),
        (200, {"Content-Length": "3", "x-amz-checksum-sha256": "b3RoZXI="}, "SHA-256 b3RoZXI="),
        (503, {}, "503"),
    ],
)
async def test_what_s3_does_not_confirm_is_not_sent(
    put: int, head: Any, says: str, tmp_path: Path
) -> None:
    async def answer(request: web.Request) -> web.Response:
        if request.method == "PUT":
            return web.Response(status=put, text="<html><p>a proxy's page" if put != 200 else "")
        return web.Response(headers=head) if isinstance(head, dict) else web.Response(status=head)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", answer)
    path = tmp_path / "part.jsonl"
    path.write_bytes(b"{}\n")
    async with (
        TestServer(app, host="127.0.0.1") as scripted,
        S3Uploader("s3://parts", endpoint_url=str(scripted.make_url("/"))) as uploader,
    ):
        with pytest.raises(UploadError, match=says):
            await uploader.send(path)
    assert path.exists()


async def test_credentials_that_come_later_are_found(
    local_s3: Server, bucket: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "part.jsonl"
    path.write_bytes(b"{}\n")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    async with S3Uploader("s3://parts", endpoint_url=_url(local_s3)) as uploader:
        with pytest.raises(UploadError, match="Unable to locate credentials"):
            await uploader.send(path)
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
        await uploader.send(path)
    assert await _content(bucket, "part.jsonl") == b"{}\n"


async def test_the_region_is_that_of_the_environment_also_by_the_name_that_botocore_does_not_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    signed: list[str] = []

    async def note(request: web.Request) -> web.Response:
        signed.append(request.headers["Authorization"])
        return web.Response(status=403)

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", note)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_REGION", "eu-central-2")
    (tmp_path / "part").touch()
    async with (
        TestServer(app, host="127.0.0.1") as server,
        S3Uploader("s3://parts/results", endpoint_url=str(server.make_url("/"))) as uploader,
    ):
        with pytest.raises(UploadError):
            await uploader.send(tmp_path / "part")
    assert "/eu-central-2/s3/" in signed[0]


@pytest.mark.parametrize(
    "url", ["s3:parts", "s3://", "s3:///results", "https://parts.s3.amazonaws.com/", "s3://UPPER/x"]
)
def test_what_is_no_place_in_s3_is_a_settings_error(url: str) -> None:
    with pytest.raises(SettingsError, match="Give s3://BUCKET/PREFIX"):
        S3Uploader(url)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int, tmp_path: Path) -> None:
    part = tmp_path / "part.jsonl"
    part.write_bytes(b"{}\n")
    async with (
        odd_server(lambda request: http(200)) as elsewhere,
        odd_server(lambda request: http(status, b"", Location=f"{elsewhere.url}/p")) as server,
        S3Uploader("s3://parts/p", region="us-east-1", endpoint_url=server.url) as uploader,
    ):
        with pytest.raises(UploadError, match=rf"status {status}\) to 127\.0\.0\.1"):
            await uploader.send(part)
    assert not elsewhere.requests
    assert part.exists()
