"""Amazon S3 as a place for files: each is put with its SHA-256 and then looked up there.

Nothing is deleted here. Errors of botocore become UploadError, or SettingsError where the URL or
the settings have to be put right.
"""

import base64
import hashlib
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import anyio
import anyio.to_thread
import botocore.exceptions as sdk
from aiobotocore.config import AioConfig
from botocore.loaders import Loader

from batcher.aws.answers import refuse_redirects
from batcher.aws.credentials import open_session, region_of
from batcher.aws.one_attempt import OneAttemptSession
from batcher.aws.s3_address import s3_place
from batcher.aws.sdk_errors import error_text
from batcher.errors import SettingsError, UploadError


class S3Uploader:
    """ports.Uploader: a key is the prefix of ``s3://BUCKET/PREFIX``, then folder and name.

    Use as an async context manager.

    The role needs s3:PutObject and s3:GetObject there, and kms:GenerateDataKey and kms:Decrypt for
    the bucket's own key if it has one. Entering raises SettingsError.
    """

    def __init__(
        self,
        url: str,
        *,
        profile: str | None = None,
        region: str | None = None,
        endpoint_url: str | None = None,
    ) -> None:
        if (place := s3_place(url)) is None:
            raise SettingsError(f"{url}: not a place in S3. Give s3://BUCKET/PREFIX.")
        self.bucket, prefix = place[0], place[1].strip("/")
        self.prefix = f"{prefix}/" if prefix else ""
        self._profile, self._region, self._endpoint = profile, region, endpoint_url
        self._loader = Loader()
        self._client: Any = None
        self._stack = AsyncExitStack()

    def __repr__(self) -> str:
        return f"<S3Uploader {self._place('')}>"

    async def __aenter__(self) -> Self:
        try:
            await self._connect()
        except (sdk.BotoCoreError, ValueError) as error:
            raise SettingsError(f"{self._place('')}: {error_text(error)}") from error
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self._disconnect()

    async def send(self, path: Path, folder: str = "") -> None:
        """Put the file, and have S3 say its size and SHA-256. Raises UploadError."""
        name = f"{folder}/{path.name}" if folder else path.name
        try:
            if self._client is None:
                await self._connect()
            with path.open("rb") as file:
                digest = await anyio.to_thread.run_sync(hashlib.file_digest, file, "sha256")
                size = file.tell()
                checksum = base64.b64encode(digest.digest()).decode()
                file.seek(0)
                where = {"Bucket": self.bucket, "Key": self.prefix + name}
                await self._client.put_object(
                    **where,
                    Body=file,
                    ContentLength=size,
                    ChecksumSHA256=checksum,
                    ContentType="application/x-ndjson",
                )
            there = await self._client.head_object(**where, ChecksumMode="ENABLED")
        # also what botocore chokes on, such as a proxy's page: the worker lives on
        except Exception as error:
            await self._disconnect()  # the next one begins with credentials read anew
            raise UploadError(
                f"{self._place(name)}: {error_text(error)}. It stays in {path.parent} and is sent"
                " again."
            ) from error
        if (found := (there.get("ContentLength"), there.get("ChecksumSHA256"))) != (size, checksum):
            raise UploadError(
                f"{self._place(name)}: is there with {found[0]} bytes and SHA-256 {found[1]}, "
                f"{path} has {size} bytes and {checksum}. The file stays and is sent again."
            )

    def _place(self, name: str) -> str:
        return f"s3://{self.bucket}/{self.prefix}{name}"

    async def _connect(self) -> None:
        session = open_session(self._profile, self._loader, self._region)
        client = session.create_client(
            "s3",
            region_name=region_of(session, self._region),
            endpoint_url=self._endpoint,
            config=AioConfig(
                connect_timeout=5,
                read_timeout=60,
                retries={"mode": "standard", "total_max_attempts": 1},
                http_session_cls=OneAttemptSession,
            ),
        )
        self._client = await self._stack.enter_async_context(client)
        refuse_redirects(self._client)

    async def _disconnect(self) -> None:
        self._client = None
        with anyio.CancelScope(shield=True):
            await self._stack.aclose()
