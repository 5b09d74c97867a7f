"""What ``s3://BUCKET/KEY`` says, and what is there: without the SDK, until something is read."""

import re
from contextlib import AbstractContextManager
from typing import BinaryIO

from batcher.optional_imports import late_module

SCHEME = "s3://"
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


def s3_place(url: str) -> tuple[str, str] | None:
    """Bucket and key, without the slash between them; None when it is no place in S3."""
    match = _URL.fullmatch(url)
    return None if match is None else (match[1], match[2] or "")


def open_s3_object(
    url: str, profile: str | None, region: str | None
) -> AbstractContextManager[BinaryIO]:
    """The content of an object, as ``s3_download.s3_object`` has it."""
    opened: AbstractContextManager[BinaryIO] = late_module("batcher.aws.s3_download").s3_object(
        url, profile, region
    )
    return opened
