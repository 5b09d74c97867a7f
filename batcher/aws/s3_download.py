"""An object of Amazon S3 as input, as a stream of its bytes. Errors of botocore stop here."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO, cast

import botocore.exceptions as sdk
from botocore.config import Config
from botocore.session import Session

from batcher.aws.answers import refuse_redirects
from batcher.aws.credentials import NO_CREDENTIALS_ERRORS, region_of
from batcher.aws.mfa import ask_for_mfa_once
from batcher.aws.sdk_errors import error_text
from batcher.errors import AwsError, CredentialsError, InputError, RedirectError


@contextmanager
def s3_object(url: str, profile: str | None, region: str | None) -> Iterator[BinaryIO]:
    """The content of ``s3://BUCKET/KEY``, to be read once. The role needs s3:GetObject there.

    ``region``: by default that of the environment, or of the profile.

    Bytes fewer than announced, or others than the object's checksum says, are an error too. Raises
    InputError, CredentialsError, and AwsError where S3 can't be reached; also while the stream is
    read.
    """
    bucket, key = s3_place(url) or ("", "")
    if not key or key.endswith("/"):
        raise InputError(f"{url}: not an object in S3. Give s3://BUCKET/KEY.")
    try:
        session = Session(profile=profile)
        ask_for_mfa_once(session)
        client: Any = session.create_client(
            "s3",
            region_name=region_of(session, region),
            config=Config(connect_timeout=5, read_timeout=60, retries={"mode": "standard"}),
        )
        refuse_redirects(client)
        try:
            found = client.get_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            yield cast(BinaryIO, found["Body"])
        finally:
            client.close()
    except sdk.ClientError as error:
        raise InputError(f"{url}: {error_text(error)}") from error
    except (*NO_CREDENTIALS_ERRORS, sdk.ProfileNotFound) as error:
        raise CredentialsError(
            f"{url}: {error_text(error)}. Give a --profile that may read it."
        ) from error
    except (sdk.BotoCoreError, RedirectError, ValueError) as error:
        raise AwsError(
            f"{url}: can't be fetched: {error_text(error)}. Run the same command again when it can"
            " be."
        ) from error


SCHEME = "s3://"
_URL = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:/(.*))?")


def s3_place(url: str) -> tuple[str, str] | None:
    """Bucket and key, without the slash between them; None when it is no place in S3."""
    match = _URL.fullmatch(url)
    return None if match is None else (match[1], match[2] or "")
